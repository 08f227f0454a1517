package kafkatool

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/azud/azud/internal/sys"
)

func TestParseProperties(t *testing.T) {
	text := "# comment\n! another\n\nplain=value\nspaced   =  the value \ncolon:x=y\nblank only\nempty=\n" +
		"long = one, \\\n    two\nkey\\ with\\:signs=v\nescaped=a\\tb\\n\\u00f1\\ud83d\\ude00\\\\\r\nplain = again\n"
	got, err := ParseProperties(strings.NewReader(text))
	want := Properties{"plain": "again", "spaced": "the value ", "colon": "x=y", "blank": "only", "empty": "", "long": "one, two",
		"key with:signs": "v", "escaped": "a\tb\nñ😀\\"}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%q, error %v\nwant %q", got, err, want)
	}
}

func TestUnknownProperties(t *testing.T) {
	p := Properties{"bootstrap.servers": "", "ssl.truststore.type": "", "compression.gzip.level": "", "securty.protocol": "", "acks": "", "foo": ""}
	if got := UnknownProperties(p); !reflect.DeepEqual(got, []string{"foo", "securty.protocol"}) {
		t.Error(got)
	}
}

func TestParseJAAS(t *testing.T) {
	for _, c := range []struct{ text, user, password, err string }{
		{`org.X required username="me" password="s e;c\"ret";`, "me", `s e;c"ret`, ""},
		{"org.X required\n  username=me\n  password='x' ;", "me", "x", ""},
		{"", "", "", "sasl.jaas.config is missing"},
		{`org.X required username="me"`, "", "", "must end in a semicolon"},
		{`org.X required password="x";`, "", "", "has no username"},
		{`org.X required username;`, "", "", "not of the form"},
	} {
		got, err := parseJAAS(c.text)
		if c.err != "" {
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s: error %v, want %s", c.text, err, c.err)
			}
		} else if err != nil || got["username"] != c.user || got["password"] != c.password {
			t.Errorf("%s: %v, error %v", c.text, got, err)
		}
	}
}

func TestClientOptionErrors(t *testing.T) {
	read := func(string) (string, error) { return "not PEM", nil }
	for want, p := range map[string]Properties{
		"Invalid value TLS for configuration security.protocol": {"security.protocol": "TLS"},
		"sasl.mechanism 'GSSAPI' is not supported":              {"security.protocol": "SASL_PLAINTEXT"},
		"sasl.jaas.config is missing":                           {"security.protocol": "sasl_plaintext", "sasl.mechanism": "PLAIN"},
		"JKS and PKCS12 stores are not supported":               {"security.protocol": "SSL", "ssl.truststore.location": "x.jks"},
		"Not a number of type LONG":                             {"request.timeout.ms": "soon"},
	} {
		if _, err := ClientOptions(p, sys.Real().Net, read); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: error %v, want %s", p, err, want)
		}
	}
}

// certificate makes a self-signed certificate for a host.
func certificate(t *testing.T, host string) (pemText string, cert tls.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// A broker with TLS and SASL is reached with a properties file, and with nothing less.
func TestSecureBroker(t *testing.T) {
	trusted, cert := certificate(t, "broker.invalid") // not the name of the host
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}),
		kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "ana", "secreto"), kfake.SeedTopics(1, "here"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	base := "security.protocol=SASL_SSL\nsasl.mechanism=SCRAM-SHA-256\nssl.truststore.type=PEM\nssl.truststore.location=ca.pem\n" +
		"sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required username=\"ana\" password=\"PASSWORD\";\n"
	write("ca.pem", trusted)
	good := strings.Replace(base, "PASSWORD", "secreto", 1) + "ssl.endpoint.identification.algorithm=\n"
	for _, x := range []struct {
		what, properties, out string
		code                  int
	}{
		{"all is right", good, "here\n", 0},
		{"the host is not the certificate's", strings.Replace(good, "ssl.endpoint.identification.algorithm=\n", "", 1), "cannot validate certificate", 1},
		{"the password is wrong", strings.Replace(good, "secreto", "otro", 1), "closes the connection; check security.protocol", 1}, // Kafka says why, the fake does not
		{"the certificate is not trusted", strings.Replace(good, "ssl.truststore.location=ca.pem\n", "", 1), "unknown authority", 1},
		{"no TLS", strings.Replace(good, "SASL_SSL", "SASL_PLAINTEXT", 1), "No Kafka answers at", 1},
	} {
		write("c.properties", x.properties)
		world := sys.Real()
		world.Dir = dir
		var out bytes.Buffer
		code := findTool(t, "kafka-topics").Run(t.Context(), Env{Sys: world, Out: &out, Err: &out},
			[]string{"--list", "--bootstrap-server", c.ListenAddrs()[0], "--command-config", "c.properties"})
		if code != x.code || !strings.Contains(out.String(), x.out) {
			t.Errorf("%s: code %d, %s", x.what, code, out.String())
		}
	}
}
