package cli

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/azud/azud/internal/broker"
)

// certificates writes a certificate of localhost, which is its own authority, and its key.
func certificates(t *testing.T, dir string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "azud test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	text := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return write(t, text("CERTIFICATE", der), dir, "cert.pem"), write(t, text("PRIVATE KEY", secret), dir, "key.pem")
}

// freePort is a port that nobody has at the moment.
func freePort(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	_, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// clientFile writes client properties for a listener.
func clientFile(t *testing.T, dir, name, cert, mechanism, user, password string) string {
	t.Helper()
	module := map[bool]string{true: "plain.PlainLoginModule", false: "scram.ScramLoginModule"}[mechanism == "PLAIN"]
	return write(t, fmt.Sprintf("security.protocol=SASL_SSL\nsasl.mechanism=%s\n"+
		"sasl.jaas.config=org.apache.kafka.common.security.%s required username=\"%s\" password=\"%s\";\n"+
		"ssl.truststore.type=PEM\nssl.truststore.location=%s\n", mechanism, module, user, password, cert), dir, name)
}

// A listener with TLS and logins serves who has a password and nobody else, by franz-go and by
// azud's own commands; users with SCRAM are added by Kafka's tool.
func TestSASLListener(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificates(t, dir)
	port := freePort(t)
	p := up(t, dir, []string{"AZUD_KAFKA_USERS=ana:se:creta,\nluis:otra"}, "--no-pipelines", "--listener", "SASL_SSL://127.0.0.1:"+port, "--tls-cert", cert, "--tls-key", key)
	addr := "localhost:" + port
	roots := x509.NewCertPool()
	pemText, err := os.ReadFile(cert)
	if err != nil || !roots.AppendCertsFromPEM(pemText) {
		t.Fatal(err)
	}
	ping := func(opts ...kgo.Opt) error {
		ctx, cancel := context.WithTimeout(t.Context(), testPatience)
		defer cancel()
		cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(addr), kgo.DefaultProduceTopic("x"), kgo.AllowAutoTopicCreation())...)
		if err != nil {
			t.Fatal(err)
		}
		defer cl.Close()
		if err := cl.Ping(ctx); err != nil {
			return err
		}
		return cl.ProduceSync(ctx, kgo.StringRecord("hola")).FirstErr()
	}
	secure := kgo.DialTLSConfig(&tls.Config{RootCAs: roots})
	r := azud(t, p.data, "", "kafka-configs", "--alter", "--entity-type", "users", "--entity-name", "eva", "--add-config", "SCRAM-SHA-512=[password=clave]")
	if r.status != 0 {
		t.Fatal(r)
	}
	for name, opts := range map[string][]kgo.Opt{
		"PLAIN":           {secure, kgo.SASL(plain.Auth{User: "ana", Pass: "se:creta"}.AsMechanism())},
		"SCRAM of a user": {secure, kgo.SASL(scram.Auth{User: "eva", Pass: "clave"}.AsSha512Mechanism())},
	} {
		if err := ping(opts...); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, opts := range map[string][]kgo.Opt{
		"a wrong password": {secure, kgo.SASL(plain.Auth{User: "ana", Pass: "no"}.AsMechanism())},
		"no login":         {secure},
		"no TLS":           {kgo.SASL(plain.Auth{User: "ana", Pass: "se:creta"}.AsMechanism())},
	} {
		if err := ping(opts...); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	good := clientFile(t, dir, "ana.properties", cert, "PLAIN", "ana", "se:creta")
	for _, c := range []struct {
		config string
		status int
		say    []string
	}{
		{good, 0, []string{"x "}},
		{clientFile(t, dir, "eva.properties", cert, "SCRAM-SHA-512", "eva", "clave"), 0, []string{"x "}},
		{clientFile(t, dir, "mal.properties", cert, "PLAIN", "ana", "mala"), 1, []string{"refuses the login", "sasl.jaas.config"}},
		{write(t, "security.protocol=SSL\n", dir, "sinraiz.properties"), 1, []string{"certificate", "ssl.truststore.location=FILE"}},
		{write(t, "security.protocol=TLS\n", dir, "clase.properties"), 1, []string{"clase.properties cannot be used", "SASL_SSL"}},
		{"", 1, []string{"no Kafka answers at " + addr, "--command-config FILE"}},
		{write(t, "bootstrap.server=x\nsecurity.protocol=SSL\n", dir, "errata.properties"), 1, []string{"no Kafka client has a property bootstrap.server"}},
		{dir, 1, []string{"[COMMAND_CONFIG] cannot read " + dir}},
	} {
		args := []string{"topic", "list", "--bootstrap-server", addr}
		if c.config != "" {
			args = append(args, "--command-config", c.config)
		}
		r := azud(t, p.data, "", args...)
		for _, say := range c.say {
			if r.status != c.status || !strings.Contains(r.out+r.err, say) {
				t.Errorf("%s does not say %q: status %d\n%s%s", c.config, say, r.status, r.out, r.err)
			}
		}
		if strings.Contains(r.err, "se:creta") {
			t.Error("the password is shown:", r.err)
		}
	}
	// Everything by way of the file alone, which names the servers too.
	full := write(t, "bootstrap.servers="+addr+"\n"+readAll(t, good), dir, "todo.properties")
	for _, c := range []struct{ in, args, want string }{
		{"adios\n", "produce x --command-config " + full, ""},
		{"", "consume x --from-beginning --exit --filter value='adios' --command-config " + full, "adios\n"},
		{"", "group list --command-config " + full, ""},
	} {
		if r := azud(t, dir, c.in, strings.Fields(c.args)...); r.status != 0 || r.out != c.want {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
	p.interrupt()
}

func readAll(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Nobody else reaches what has no login, unless it is said.
func TestExposedListenersAreRefused(t *testing.T) {
	dir := t.TempDir()
	cert, key := certificates(t, dir)
	broken := write(t, "no pem", dir, "roto.pem")
	base := []string{"up", "--ephemeral", "--no-pipelines", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"}
	for _, c := range []struct {
		args string
		say  []string
	}{
		{"--kafka 0.0.0.0:0", []string{"[LISTENER_EXPOSED]", "0.0.0.0:0", "--insecure"}},
		{"--kafka :0", []string{"[LISTENER_EXPOSED]"}},
		{"--listener plaintext://0.0.0.0:0", []string{"[LISTENER_EXPOSED]"}},
		{"--http 0.0.0.0:0", []string{"[CONSOLE_EXPOSED]", "0.0.0.0:0", "--insecure"}},
		{"--http [::]:0", []string{"[CONSOLE_EXPOSED]"}},
		{"--http :0", []string{"[CONSOLE_EXPOSED]"}},
		{"--http mi-maquina:0", []string{"[CONSOLE_EXPOSED]", "mi-maquina:0"}},
		{"--listener SSL://127.0.0.1:0", []string{"needs a certificate and its key", "--tls-cert FILE and --tls-key FILE"}},
		{"--listener SSL://127.0.0.1:0 --tls-cert " + cert, []string{"needs a certificate and its key"}},
		{"--listener SSL://127.0.0.1:0 --tls-cert /nada --tls-key " + key, []string{"cannot read /nada: "}},
		{"--listener SSL://127.0.0.1:0 --tls-cert " + broken + " --tls-key " + key, []string{"TLS_CERTIFICATE_INVALID", "PEM"}},
		{"--listener TLS://127.0.0.1:0", []string{`"TLS" is no protocol of a listener`, "choose PLAINTEXT, SSL"}},
		{"--listener 127.0.0.1:0", []string{`"127.0.0.1:0" is no listener`, "PROTOCOL://HOST:PORT"}},
		{"--listener SSL://127.0.0.1", []string{"is no listener"}},
		{"--advertised kafka", []string{`"kafka" is no address to tell clients`}},
		{"--advertised foo:x", []string{`"foo:x" is no address to tell clients`}},
		{"--advertised SSL=kafka:9093", []string{"there is no listener SSL to advertise", "--listener SSL://HOST:PORT"}},
	} {
		r := azud(t, filepath.Join(dir, "datos"), "", append(base, strings.Fields(c.args)...)...)
		for _, say := range c.say {
			if r.status != 1 || !strings.Contains(r.err, say) {
				t.Errorf("azud up %s does not say %q: status %d\n%s%s", c.args, say, r.status, r.out, r.err)
			}
		}
	}
	for _, at := range []string{"localhost:0", "127.0.0.2:0", "[::1]:0", "9092", ""} {
		if err := consoleExposed(at, false); err != nil {
			t.Error(at, err)
		}
	}
	if err := consoleExposed("0.0.0.0:0", true); err != nil {
		t.Error(err)
	}
}

func TestUsersOfTheEnvironment(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "map[]",
		"ana:uno":               "map[ana:uno]",
		" ana:u:n o, luis:dos,": "map[ana:u:n o luis:dos]",
		"ana:uno\nluis:dos\n":   "map[ana:uno luis:dos]",
		"ana":                   "entry 1 of AZUD_KAFKA_USERS is no user with a password",
		"ana:uno,:secreto":      "entry 2 of AZUD_KAFKA_USERS is no user with a password",
		"ana:":                  "entry 1",
	} {
		app := newTestApp("", "")
		app.a.sys.Env = func(name string) (string, bool) { return text, name == usersVariable }
		users, err := app.a.users()
		got := fmt.Sprint(users)
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || strings.Contains(got, "secreto") {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestAdvertise(t *testing.T) {
	list := []broker.Listener{{Name: "PLAINTEXT", Addr: "localhost:9092"}, {Name: "SSL", Addr: "0.0.0.0:9093"}, {Name: "PLAINTEXT", Addr: "10.0.0.1:9094"}}
	if err := advertise(list, []string{"yo:1", "ssl=kafka:2", "PLAINTEXT=[::1]:3"}); err != nil {
		t.Fatal(err)
	}
	if list[0].Advertised != "yo:1" || list[1].Advertised != "kafka:2" || list[2].Advertised != "[::1]:3" {
		t.Errorf("%+v", list)
	}
}

// The variables of Kafka's image: listeners, what is advertised, the folder, settings.
func TestKafkaVariables(t *testing.T) {
	dir := t.TempDir()
	port := freePort(t)
	cmd := func(env []string, args ...string) *process {
		p := start(t, dir, append([]string{"AZUD_DATA=", "KAFKA_LOG_DIRS=" + filepath.Join(dir, "logs") + ",/otra"}, env...), append([]string{"up", "--http", "127.0.0.1:0", "--no-pipelines"}, args...)...)
		p.until("it is ready or ends", func() bool {
			return strings.Contains(p.stdout(), "azud ready") || strings.Contains(p.stderr(), "azud: [")
		})
		return p
	}
	p := cmd([]string{"KAFKA_LISTENERS=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://:9093", "KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://localhost:" + port,
		"KAFKA_PROCESS_ROLES=broker,controller", "KAFKA_NUM_PARTITIONS=5", "KAFKA_AUTO_CREATE_TOPICS_ENABLE=false", "KAFKA_SUPER_USERS=User:a"})
	for _, say := range []string{"kafka=127.0.0.1:" + port, "data=" + filepath.Join(dir, "logs")} {
		if !strings.Contains(p.stdout(), say) {
			t.Errorf("it does not say %q: %s%s", say, p.stdout(), p.stderr())
		}
	}
	for _, say := range []string{"only " + filepath.Join(dir, "logs") + " is used", "KAFKA_SUPER_USERS has no effect"} {
		if !strings.Contains(p.stderr(), say) {
			t.Errorf("it does not say %q: %s", say, p.stderr())
		}
	}
	server := []string{"--bootstrap-server", "127.0.0.1:" + port}
	if r := azud(t, dir, "", append([]string{"topic", "create", "a"}, server...)...); !strings.Contains(r.out, "5 partitions") {
		t.Error(r)
	}
	r := azud(t, dir, "x\n", append([]string{"produce", "b"}, server...)...)
	if r.status != 1 || !strings.Contains(r.err, "topic b is not there, and the broker creates none by itself") || !strings.Contains(r.err, "azud topic create b") {
		t.Error(r)
	}
	p.interrupt()
	// Flags come first.
	p = cmd([]string{"KAFKA_LISTENERS=PLAINTEXT://0.0.0.0:" + port}, "--kafka", "127.0.0.1:0", "--data", filepath.Join(dir, "datos"))
	if strings.Contains(p.stdout(), "kafka=0.0.0.0") || !strings.Contains(p.stdout(), "data="+filepath.Join(dir, "datos")) {
		t.Error(p.stdout(), p.stderr())
	}
	p.interrupt()
	for env, say := range map[string]string{
		"KAFKA_LISTENERS=PLAINTEXT://:" + port: "[LISTENER_EXPOSED]",
		"KAFKA_LISTENERS=SSL://127.0.0.1:0":    "has no certificate",
		"KAFKA_NUM_PARTITIONS=muchas":          `[KAFKA_VARIABLE_INVALID] KAFKA_NUM_PARTITIONS is "muchas"`,
	} {
		if r := cmd([]string{env}).wait(); r.status != 1 || !strings.Contains(r.err, say) {
			t.Errorf("%s: %+v", env, r)
		}
	}
}
