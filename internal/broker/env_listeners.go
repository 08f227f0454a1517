package broker

import (
	"cmp"
	"crypto/tls"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// listeners reads the variables about listeners; those of controllers are left out.
func (e *Env) listeners(s *sys.Sys) error {
	advertised, err := e.addresses("advertised.listeners")
	if err != nil {
		return err
	}
	list, err := e.addresses("listeners")
	if err != nil {
		return err
	}
	protocols, err := e.protocols()
	if err != nil {
		return err
	}
	controllers := fields(e.Settings["controller.listener.names"])
	if len(list) == 0 { // only told what to advertise: the port is Kafka's own
		for _, a := range advertised {
			list = append(list, named{a.name, defaultListen})
			break
		}
	}
	for _, l := range list {
		if slices.Contains(controllers, l.name) || (len(controllers) == 0 && l.name == "CONTROLLER") {
			continue
		}
		security, ok := protocols[l.name]
		if !ok {
			return errs.New("KAFKA_VARIABLE_INVALID", "the listener %s has no security protocol", l.name).
				WithHint("name it in KAFKA_LISTENER_SECURITY_PROTOCOL_MAP, for example %s:PLAINTEXT", l.name)
		}
		out := Listener{Name: l.name, Addr: l.addr, Security: security}
		for _, a := range advertised {
			if a.name == l.name {
				out.Advertised = a.addr
			}
		}
		if err := e.secure(s, &out); err != nil {
			return err
		}
		e.Listeners = append(e.Listeners, out)
	}
	return nil
}

// named is an entry of a list of listeners.
type named struct{ name, addr string }

// fields are the entries of a list with commas.
func fields(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
}

// addresses reads NAME://host:port,…
func (e *Env) addresses(setting string) ([]named, error) {
	var out []named
	for _, entry := range fields(e.Settings[setting]) {
		name, addr, ok := strings.Cut(entry, "://")
		if _, _, err := net.SplitHostPort(addr); !ok || err != nil {
			return nil, invalidVariable(setting, entry, "NAME://HOST:PORT, for example PLAINTEXT://localhost:9092")
		}
		out = append(out, named{strings.ToUpper(name), addr})
	}
	return out, nil
}

// protocols are the securities by listener.
func (e *Env) protocols() (map[string]Security, error) {
	out := map[string]Security{}
	byName := map[string]Security{}
	for _, s := range []Security{Plaintext, SSL, SASLPlaintext, SASLSSL} {
		byName[s.String()], out[s.String()] = s, s
	}
	out["CONTROLLER"] = Plaintext
	for _, entry := range fields(e.Settings["listener.security.protocol.map"]) {
		name, protocol, _ := strings.Cut(entry, ":")
		s, ok := byName[strings.ToUpper(protocol)]
		if !ok {
			return nil, invalidVariable("listener.security.protocol.map", entry, "NAME:PROTOCOL with PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
		}
		out[strings.ToUpper(name)] = s
	}
	return out, nil
}

// of is a setting of one listener, or else of all.
func (e *Env) of(l *Listener, setting string) string {
	return cmp.Or(e.Settings["listener.name."+strings.ToLower(l.Name)+"."+setting], e.Settings[setting])
}

// secure gives a listener its certificate, mechanisms and users.
func (e *Env) secure(s *sys.Sys, l *Listener) (err error) {
	if l.Security == SSL || l.Security == SASLSSL {
		if l.TLS, err = e.tls(s, l); err != nil {
			return err
		}
	}
	if l.Security != SASLPlaintext && l.Security != SASLSSL {
		return nil
	}
	l.Mechanisms = fields(e.of(l, "sasl.enabled.mechanisms"))
	if len(l.Mechanisms) == 0 {
		return errs.New("KAFKA_VARIABLE_INVALID", "the listener %s asks for a login, but no mechanism is enabled", l.Name).
			WithHint("set KAFKA_SASL_ENABLED_MECHANISMS to PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512")
	}
	l.Users = map[string]string{}
	for _, m := range l.Mechanisms {
		for user, password := range jaasUsers(cmp.Or(e.of(l, strings.ToLower(m)+".sasl.jaas.config"), e.Settings["sasl.jaas.config"])) {
			l.Users[user] = password
		}
	}
	return nil
}

// jaasUser finds user_NAME="password" in a JAAS configuration.
var jaasUser = regexp.MustCompile(`(?:^|\s)user_([^=\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))`)

// jaasUsers are the users of a PlainLoginModule's configuration.
func jaasUsers(text string) map[string]string {
	out := map[string]string{}
	for _, m := range jaasUser.FindAllStringSubmatch(text, -1) {
		password := m[3]
		if m[3] == "" {
			password = regexp.MustCompile(`\\(.)`).ReplaceAllString(m[2], "$1")
		}
		out[m[1]] = password
	}
	return out
}

// tls makes a listener's configuration of PEM, from variables or files.
func (e *Env) tls(s *sys.Sys, l *Listener) (*tls.Config, error) {
	f := TLSFiles{
		Chain: []byte(e.of(l, "ssl.keystore.certificate.chain")), Key: []byte(e.of(l, "ssl.keystore.key")),
		CA: []byte(e.of(l, "ssl.truststore.certificates")), ClientAuth: e.of(l, "ssl.client.auth"),
	}
	store := e.of(l, "ssl.keystore.location")
	if name := e.of(l, "ssl.keystore.filename"); store == "" && name != "" {
		store = secrets + name
	}
	if len(f.Chain) == 0 && store != "" {
		text, err := readPEM(s, store)
		if err != nil {
			return nil, err
		}
		f.Chain, f.Key = text, text
	}
	trust := e.of(l, "ssl.truststore.location")
	if name := e.of(l, "ssl.truststore.filename"); trust == "" && name != "" {
		trust = secrets + name
	}
	if len(f.CA) == 0 && trust != "" {
		text, err := readPEM(s, trust)
		if err != nil {
			return nil, err
		}
		f.CA = text
	}
	if len(f.Chain) == 0 {
		return nil, errs.New("KAFKA_VARIABLE_INVALID", "the listener %s speaks TLS, but has no certificate", l.Name).
			WithHint("set KAFKA_SSL_KEYSTORE_CERTIFICATE_CHAIN and KAFKA_SSL_KEYSTORE_KEY to PEM, or KAFKA_SSL_KEYSTORE_LOCATION to a PEM file with both")
	}
	return ServerTLS(f)
}

// secrets is where the image looks for files that are given by name.
const secrets = "/etc/kafka/secrets/"

// readPEM reads a PEM file of at most 1 MiB.
func readPEM(s *sys.Sys, path string) ([]byte, error) {
	f, err := s.FS.Open(path)
	if err != nil {
		return nil, errs.Wrap(err, "KAFKA_VARIABLE_INVALID", "the certificate file %s cannot be read", path)
	}
	defer f.Close() //nolint:errcheck // only read
	text, err := io.ReadAll(io.LimitReader(f, 1<<20))
	if err != nil {
		return nil, errs.Wrap(err, "KAFKA_VARIABLE_INVALID", "the certificate file %s cannot be read", path)
	}
	if !strings.Contains(string(text), "-----BEGIN ") {
		return nil, errs.New("KAFKA_VARIABLE_INVALID", "%s is no PEM file", path).
			WithHint("only PEM is read, not JKS: keytool -importkeystore -srckeystore F -destkeystore F.p12 -deststoretype PKCS12, then openssl pkcs12 -in F.p12 -nodes -out F.pem")
	}
	return text, nil
}
