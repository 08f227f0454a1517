package cli

import (
	"crypto/tls"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/errs"
)

// listenerOptions are the flags about who may reach the broker, and how.
type listenerOptions struct {
	kafka      string // the first listener, PLAINTEXT
	kafkaGiven bool
	more       []string // PROTOCOL://HOST:PORT
	advertised []string // HOST:PORT, or NAME=HOST:PORT
	cert, key  string
	insecure   bool
}

// onlyHere is the one listener of a broker that a command starts for itself.
func onlyHere() listenerOptions { return listenerOptions{kafka: "127.0.0.1:0", kafkaGiven: true} }

func (o *listenerOptions) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.kafka, "kafka", "localhost:9092", "`HOST:PORT` of the broker; port 0 takes a free one")
	f.StringArrayVar(&o.more, "listener", nil, "one more listener, `PROTOCOL://HOST:PORT`: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
	f.StringArrayVar(&o.advertised, "advertised", nil, "`HOST:PORT` told to clients of the first listener, or PROTOCOL=HOST:PORT for another")
	f.StringVar(&o.cert, "tls-cert", "", "`FILE` with the certificate (PEM) of SSL and SASL_SSL listeners")
	f.StringVar(&o.key, "tls-key", "", "`FILE` with its key (PEM)")
	f.BoolVar(&o.insecure, "insecure", false, "let other machines reach the console, and listeners without TLS and login")
}

// usersVariable names the users of SASL/PLAIN with their passwords: secrets come from the
// environment, not from the command line, which others can see.
const usersVariable = "AZUD_KAFKA_USERS"

// listeners are those of the flags, or without --kafka those of the KAFKA_* variables.
func (a *app) listeners(o listenerOptions, e broker.Env) ([]broker.Listener, error) {
	list := e.Listeners
	if len(list) == 0 || o.kafkaGiven {
		if _, _, err := net.SplitHostPort(o.kafka); err != nil {
			return nil, errs.New("ADDRESS_INVALID", "%q is no address for Kafka to listen on", o.kafka).
				WithHint("write HOST:PORT, for example localhost:9092; port 0 takes a free one")
		}
		list = []broker.Listener{{Name: "PLAINTEXT", Addr: o.kafka}}
	}
	for _, text := range o.more {
		l, err := a.listener(text, o)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	if err := advertise(list, o.advertised); err != nil {
		return nil, err
	}
	return list, broker.CheckExposure(list, o.insecure)
}

// listener reads one --listener.
func (a *app) listener(text string, o listenerOptions) (l broker.Listener, err error) {
	name, addr, ok := strings.Cut(text, "://")
	if _, _, bad := net.SplitHostPort(addr); !ok || bad != nil {
		return l, errs.New("INVALID_OPTION", "%q is no listener", text).WithHint("write PROTOCOL://HOST:PORT, for example SASL_SSL://0.0.0.0:9093")
	}
	l = broker.Listener{Name: strings.ToUpper(name), Addr: addr}
	switch l.Name {
	case "PLAINTEXT":
	case "SSL":
		l.Security = broker.SSL
	case "SASL_PLAINTEXT":
		l.Security = broker.SASLPlaintext
	case "SASL_SSL":
		l.Security = broker.SASLSSL
	default:
		return l, errs.New("INVALID_OPTION", "%q is no protocol of a listener", name).WithHint("choose PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL")
	}
	if l.Security == broker.SSL || l.Security == broker.SASLSSL {
		if l.TLS, err = a.certificate(o.cert, o.key); err != nil {
			return l, err
		}
	}
	if l.Security == broker.SASLPlaintext || l.Security == broker.SASLSSL {
		l.Mechanisms = []string{"SCRAM-SHA-512", "SCRAM-SHA-256"}
		if l.Users, err = a.users(); err != nil {
			return l, err
		}
		if len(l.Users) > 0 {
			l.Mechanisms = append(l.Mechanisms, "PLAIN")
		}
	}
	return l, nil
}

// certificate is a listener's certificate with its key.
func (a *app) certificate(cert, key string) (*tls.Config, error) {
	if cert == "" || key == "" {
		return nil, errs.New("MISSING_OPTION", "a listener with TLS needs a certificate and its key").WithHint("give --tls-cert FILE and --tls-key FILE")
	}
	chain, err := a.readFile(cert)
	if err != nil {
		return nil, errs.Wrap(reason(err), "TLS_CERTIFICATE_INVALID", "cannot read %s", cert)
	}
	secret, err := a.readFile(key)
	if err != nil {
		return nil, errs.Wrap(reason(err), "TLS_CERTIFICATE_INVALID", "cannot read %s", key)
	}
	return broker.ServerTLS(broker.TLSFiles{Chain: []byte(chain), Key: []byte(secret)})
}

// users are the passwords of SASL/PLAIN: user:password,user:password.
func (a *app) users() (map[string]string, error) {
	text, _ := a.sys.Env(usersVariable)
	out := map[string]string{}
	for i, entry := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		user, password, ok := strings.Cut(strings.TrimSpace(entry), ":")
		if !ok || user == "" || password == "" {
			// The entry itself is a secret.
			return nil, errs.New("INVALID_OPTION", "entry %d of %s is no user with a password", i+1, usersVariable).
				WithHint("write %s=user:password,other:password", usersVariable)
		}
		out[user] = password
	}
	return out, nil
}

// advertise gives listeners the addresses that clients are told. A protocol
// means the last listener that speaks it: --listener adds to the first one.
func advertise(list []broker.Listener, addrs []string) error {
	for _, text := range addrs {
		name, addr, named := strings.Cut(text, "=")
		if !named {
			addr = text
		}
		host, port, err := net.SplitHostPort(addr)
		if n, bad := strconv.Atoi(port); err != nil || bad != nil || n < 1 || n > 65535 || host == "" || strings.ContainsAny(host, " \t\"'/") {
			return errs.New("INVALID_OPTION", "%q is no address to tell clients", text).WithHint("write HOST:PORT, or PROTOCOL=HOST:PORT")
		}
		at := 0
		if named {
			at = len(list) - 1
			for at >= 0 && list[at].Name != strings.ToUpper(name) {
				at--
			}
			if at < 0 {
				return errs.New("INVALID_OPTION", "there is no listener %s to advertise", name).WithHint("add --listener %s://HOST:PORT", name)
			}
		}
		list[at].Advertised = addr
	}
	return nil
}

// consoleExposed refuses a console that other machines reach, unless insecure says that this
// is meant: it asks for no login.
func consoleExposed(addr string, insecure bool) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || insecure || host == "localhost" { // a bad address is the console's to refuse
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Unmap().IsLoopback() {
		return nil
	}
	return errs.New("CONSOLE_EXPOSED", "anybody who reaches %s could query all topics and change schemas: the console asks for no login", addr).
		WithHint("listen on localhost:PORT, or say --insecure if the network is trusted")
}
