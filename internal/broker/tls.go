package broker

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// TLSFiles are what a TLS listener needs, as PEM.
type TLSFiles struct {
	Chain, Key []byte // the server's certificates, its own first, and its private key
	CA         []byte // of client certificates; nil: the system's, where clients show any
	// ClientAuth is Kafka's ssl.client.auth: none (or ""), requested, required.
	ClientAuth string
}

// ServerTLS makes a listener's TLS configuration: TLS 1.2 and 1.3, as in Kafka.
func ServerTLS(f TLSFiles) (*tls.Config, error) {
	if bytesHold(f.Key, "ENCRYPTED PRIVATE KEY") {
		return nil, errs.New("TLS_CERTIFICATE_INVALID", "the private key is encrypted, which is not supported").
			WithHint("decrypt it: openssl pkcs8 -in key.pem -out plain.pem")
	}
	pair, err := tls.X509KeyPair(f.Chain, f.Key)
	if err != nil {
		return nil, errs.Wrap(err, "TLS_CERTIFICATE_INVALID", "the certificate or its key cannot be used").
			WithHint("both must be PEM: the server's certificate first, then those that signed it; the key in PKCS#8")
	}
	cfg := &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	switch strings.ToLower(f.ClientAuth) {
	case "", "none":
	case "requested":
		cfg.ClientAuth = tls.VerifyClientCertIfGiven
	case "required":
		cfg.ClientAuth = tls.RequireAndVerifyClientCert
	default:
		return nil, errs.New("TLS_CERTIFICATE_INVALID", "ssl.client.auth is %q", f.ClientAuth).WithHint("use none, requested or required")
	}
	if len(f.CA) > 0 {
		cfg.ClientCAs = x509.NewCertPool()
		if !cfg.ClientCAs.AppendCertsFromPEM(f.CA) {
			return nil, errs.New("TLS_CERTIFICATE_INVALID", "the trusted certificates are no PEM certificates")
		}
	}
	return cfg, nil
}

func bytesHold(pemText []byte, kind string) bool {
	block, _ := pem.Decode(pemText)
	return block != nil && block.Type == kind
}

// tlsRefusal says why a handshake failed, as the person who runs the broker can use it.
func tlsRefusal(err error) error {
	var head tls.RecordHeaderError
	if errors.As(err, &head) {
		h := append(head.RecordHeader[:], 0, 0, 0)
		if isHTTP(h) {
			return refuse(refusedHTTP, "an HTTP request came to a Kafka listener that speaks TLS")
		}
		return refuse(refusedPlain, "a client without TLS came to a listener that speaks it; security.protocol should be SSL or SASL_SSL")
	}
	if strings.Contains(err.Error(), "tls:") {
		return refuse(refusedTLS, "the TLS handshake failed: %v", err)
	}
	return err
}
