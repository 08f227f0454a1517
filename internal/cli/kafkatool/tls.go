package kafkatool

import (
	"crypto/tls"
	"crypto/x509"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// tlsConfig makes the configuration of a TLS client from ssl.* properties: certificates as PEM files
// (ssl.truststore.location, ssl.keystore.location) or as PEM text (ssl.truststore.certificates,
// ssl.keystore.certificate.chain, ssl.keystore.key). Without a trust store the system's roots count.
// An empty ssl.endpoint.identification.algorithm checks the chain but not the host's name.
func tlsConfig(p Properties, read ReadFile) (*tls.Config, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	trusted, err := pemOf(p, read, "ssl.truststore", "certificates")
	if err != nil {
		return nil, err
	}
	if trusted != "" {
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM([]byte(trusted)) {
			return nil, errs.New("INVALID_CONFIG", "ssl.truststore holds no certificate in PEM form")
		}
	}
	if err := clientCertificate(conf, p, read); err != nil {
		return nil, err
	}
	if name, ok := p["ssl.endpoint.identification.algorithm"]; ok && strings.TrimSpace(name) == "" {
		conf.InsecureSkipVerify = true // the name only: the chain is verified here
		conf.VerifyConnection = verifyChain(conf.RootCAs)
	}
	return conf, nil
}

func clientCertificate(conf *tls.Config, p Properties, read ReadFile) error {
	chain, err := pemOf(p, read, "ssl.keystore", "certificate.chain")
	if err != nil || chain == "" {
		return err
	}
	key := p.or("ssl.keystore.key", chain) // a PEM key store holds both
	if p["ssl.key.password"] != "" || strings.Contains(key, "ENCRYPTED PRIVATE KEY") {
		return errs.New("UNSUPPORTED_FEATURE", "an encrypted private key (ssl.key.password) is not supported").
			WithHint("decrypt it: openssl pkey -in KEY.pem -out PLAIN.pem")
	}
	cert, err := tls.X509KeyPair([]byte(chain), []byte(key))
	if err != nil {
		return errs.Wrap(err, "INVALID_CONFIG", "ssl.keystore cannot be read")
	}
	conf.Certificates = []tls.Certificate{cert}
	return nil
}

// pemOf is the PEM text that properties give directly or by the name of a file.
func pemOf(p Properties, read ReadFile, store, inline string) (string, error) {
	if text := p[store+"."+inline]; strings.TrimSpace(text) != "" {
		return text, nil
	}
	file := p.or(store+".location", "")
	if file == "" {
		return "", nil
	}
	text, err := read(file)
	if err != nil {
		return "", errs.Wrap(err, "INVALID_CONFIG", "%s.location '%s' cannot be read", store, file)
	}
	if !strings.Contains(text, "-----BEGIN ") {
		return "", errs.New("UNSUPPORTED_FEATURE", "%s.location '%s' is not a PEM file; JKS and PKCS12 stores are not supported", store, file).
			WithHint("convert it (keytool -importkeystore to PKCS12, openssl pkcs12 -nodes to PEM) and set %s.type=PEM", store)
	}
	return text, nil
}

func verifyChain(roots *x509.CertPool) func(tls.ConnectionState) error {
	return func(s tls.ConnectionState) error {
		o := x509.VerifyOptions{Roots: roots, Intermediates: x509.NewCertPool()}
		for _, c := range s.PeerCertificates[1:] {
			o.Intermediates.AddCert(c)
		}
		_, err := s.PeerCertificates[0].Verify(o)
		return err
	}
}
