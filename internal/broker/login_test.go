package broker

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/pbkdf2"
	crand "crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// testCert makes a certificate for localhost, signed by itself.
func testCert(t testing.TB) (chain, key []byte, pool *x509.CertPool) {
	t.Helper()
	priv, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(crand.Reader, tmpl, tmpl, &priv.PublicKey, priv)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(priv)
	if err != nil {
		t.Fatal(err)
	}
	chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	pool = x509.NewCertPool()
	pool.AppendCertsFromPEM(chain)
	return chain, key, pool
}

// withListeners replaces the listeners.
func withListeners(all ...Listener) func(*testSetup) {
	return with(func(c *Config) { c.Listeners = all })
}

// roundTrip writes and reads a record.
func roundTrip(t testing.TB, b *Broker, opts ...kgo.Opt) error {
	t.Helper()
	ctx := testCtx(t)
	p := client(t, b, append(opts, kgo.DisableIdempotentWrite(), kgo.RecordRetries(3), kgo.RequestRetries(2))...)
	if err := p.ProduceSync(ctx, &kgo.Record{Topic: "t", Value: []byte("v")}).FirstErr(); err != nil {
		return err
	}
	c := client(t, b, append(opts, kgo.ConsumeTopics("t"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))...)
	f := c.PollFetches(ctx)
	if f.NumRecords() == 0 {
		t.Errorf("no record came: %v", f.Err())
	}
	return f.Err()
}

func TestTLS(t *testing.T) {
	chain, key, pool := testCert(t)
	cfg, err := ServerTLS(TLSFiles{Chain: chain, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	var lines logBuffer
	b := startTest(t, withListeners(Listener{Addr: "localhost:0", Security: SSL, TLS: cfg}), logTo(&lines))
	if err := roundTrip(t, b, kgo.DialTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost"})); err != nil {
		t.Fatal(err)
	}
	c := dialRaw(t, b.Addr())
	c.write(c.frame(metadataOf(9)))
	c.nc.(*net.TCPConn).CloseWrite()
	eventually(t, "a line about the missing TLS", func() bool {
		return strings.Contains(lines.String(), "client without TLS came to a listener that speaks it")
	})
	h := dialRaw(t, b.Addr())
	h.write([]byte("GET / HTTP/1.1\r\n\r\n"))
	eventually(t, "a line about HTTP", func() bool {
		return strings.Contains(lines.String(), "HTTP request came to a Kafka listener that speaks TLS")
	})
}

func TestPlainLogin(t *testing.T) {
	var lines logBuffer
	b := startTest(t, withListeners(Listener{Addr: "localhost:0", Security: SASLPlaintext, Mechanisms: []string{"PLAIN"}, Users: map[string]string{"ana": "s3cret"}}), logTo(&lines))
	if err := roundTrip(t, b, kgo.SASL(plain.Auth{User: "ana", Pass: "s3cret"}.AsMechanism())); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []plain.Auth{{User: "ana", Pass: "wrongpass"}, {User: "eva", Pass: "s3cret"}, {User: "ana", Pass: "s3cret", Zid: "eva"}} {
		cl := client(t, b, kgo.SASL(bad.AsMechanism()), kgo.RequestRetries(0))
		if err := cl.Ping(testCtx(t)); err == nil || !strings.Contains(err.Error(), "Invalid username or password") && !strings.Contains(err.Error(), "SASL") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if b.count.LoginFailed.Load() < 3 {
		t.Errorf("%d failures counted", b.count.LoginFailed.Load())
	}
	if text := lines.String(); strings.Contains(text, "s3cret") || strings.Contains(text, "wrongpass") || !strings.Contains(text, "login failed") {
		t.Errorf("the log: %s", text)
	}
}

func TestNothingBeforeTheLogin(t *testing.T) {
	var lines logBuffer
	b := startTest(t, withListeners(Listener{Addr: "localhost:0", Security: SASLPlaintext, Mechanisms: []string{"PLAIN"}, Users: map[string]string{"ana": "s3cret"}}), logTo(&lines))
	c := dialRaw(t, b.Addr())
	c.ask(kmsg.NewPtrApiVersionsRequest())
	c.write(c.frame(metadataOf(9)))
	c.closed()
	eventually(t, "a line", func() bool { return strings.Contains(lines.String(), "Metadata request came before the login") })
	d := dialRaw(t, b.Addr())
	d.write(head8(1<<20, 18, 3)) // more than a stranger may send
	d.closed()
	e := dialRaw(t, b.Addr())
	h := kmsg.NewPtrSASLHandshakeRequest()
	h.SetVersion(1)
	h.Mechanism = "GSSAPI"
	if r := e.ask(h).(*kmsg.SASLHandshakeResponse); r.ErrorCode != kerr.UnsupportedSaslMechanism.Code || len(r.SupportedMechanisms) != 1 {
		t.Fatalf("%+v", r)
	}
}

// TestOldLogin is the handshake of version 0: tokens without request headers, as
// kafka-python 2.0.2 sends them.
func TestOldLogin(t *testing.T) {
	b := startTest(t, withListeners(Listener{Addr: "localhost:0", Security: SASLPlaintext, Mechanisms: []string{"PLAIN"}, Users: map[string]string{"ana": "s3cret"}}))
	c := dialRaw(t, b.Addr())
	h := kmsg.NewPtrSASLHandshakeRequest()
	h.Mechanism = "PLAIN"
	c.ask(h)
	token := []byte("\x00ana\x00s3cret")
	c.write(append(binary.BigEndian.AppendUint32(nil, uint32(len(token))), token...))
	if reply, err := c.read(); err != nil || len(reply) != 0 {
		t.Fatalf("%x, %v", reply, err)
	}
	c.ask(metadataOf(9, "t"))
	d := dialRaw(t, b.Addr())
	d.ask(h)
	d.write(append(binary.BigEndian.AppendUint32(nil, 3), "\x00a\x00"...))
	d.closed()
	e := dialRaw(t, b.Addr())
	e.ask(h)
	e.write(append(binary.BigEndian.AppendUint32(nil, 300<<10), make([]byte, 300<<10)...))
	e.closed()
	eventually(t, "the token's bytes are given back", func() bool {
		b.budget.mu.Lock()
		defer b.budget.mu.Unlock()
		return b.budget.used == 0 && b.count.Connections.Load() == 1
	})
}

func TestScramLogin(t *testing.T) {
	chain, key, pool := testCert(t)
	cfg, err := ServerTLS(TLSFiles{Chain: chain, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	both := []string{mechanismScram256, mechanismScram512}
	b := startTest(t, withListeners(
		Listener{Addr: "localhost:0", Security: SASLSSL, TLS: cfg, Mechanisms: both, Users: map[string]string{"ana": "configured"}},
		Listener{Addr: "localhost:0"}))
	salt := []byte("a salt of some bytes")
	salted, err := pbkdf2.Key(sha256.New, "stored,=x", salt, 5000, 32)
	if err != nil {
		t.Fatal(err)
	}
	q := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	q.Upsertions = []kmsg.AlterUserSCRAMCredentialsRequestUpsertion{{Name: "e,v=a", Mechanism: 1, Iterations: 5000, Salt: salt, SaltedPassword: salted}}
	r, err := b.Request(testCtx(t), q)
	if err != nil || r.(*kmsg.AlterUserSCRAMCredentialsResponse).Results[0].ErrorCode != 0 {
		t.Fatalf("%+v, %v", r, err)
	}
	dial := kgo.DialTLSConfig(&tls.Config{RootCAs: pool, ServerName: "localhost"})
	ana, eva := scram.Auth{User: "ana", Pass: "configured"}, scram.Auth{User: "e,v=a", Pass: "stored,=x"}
	for _, m := range []kgo.Opt{kgo.SASL(ana.AsSha256Mechanism()), kgo.SASL(ana.AsSha512Mechanism()), kgo.SASL(eva.AsSha256Mechanism())} {
		if err := roundTrip(t, b, dial, m); err != nil {
			t.Fatal(err)
		}
	}
	ana.Pass, eva.Pass = "stored,=x", "configured"
	nobody := scram.Auth{User: "nobody", Pass: ""}
	for _, m := range []kgo.Opt{kgo.SASL(ana.AsSha256Mechanism()), kgo.SASL(eva.AsSha512Mechanism()), kgo.SASL(nobody.AsSha512Mechanism())} {
		if err := client(t, b, dial, m, kgo.RequestRetries(0)).Ping(testCtx(t)); err == nil {
			t.Error("a wrong password was taken")
		}
	}
}

// TestScramTellsNothing: salts are what a stranger sees of a user; those of users that exist
// and of those that do not stay the same over restarts, and nothing is hashed for either.
func TestScramTellsNothing(t *testing.T) {
	disk := onDisk(t)
	seen := map[string][]byte{}
	for range 2 {
		t.Run("", func(t *testing.T) {
			b := startTest(t, disk, withListeners(Listener{Addr: "localhost:0", Security: SASLPlaintext,
				Mechanisms: []string{mechanismPlain, mechanismScram256, mechanismScram512}, Users: map[string]string{"ana": "secret"}}))
			ln := b.listeners[0]
			if len(ln.scram) != 2 {
				t.Errorf("%d credentials are ready", len(ln.scram))
			}
			ln.Users = nil // not looked at any more
			for _, m := range []string{mechanismScram256, mechanismScram512} {
				for user, exists := range map[string]bool{"ana": true, "nobody": false} {
					s, known := b.scramOfUser(ln, m, user)
					if known != exists || s.iterations != minIterations || len(s.salt) != 16 {
						t.Errorf("%s of %s: %v, %d iterations, a salt of %d bytes", m, user, known, s.iterations, len(s.salt))
					}
					if old := seen[m+user]; old != nil && !bytes.Equal(old, s.salt) {
						t.Errorf("%s of %s has another salt after a restart", m, user)
					}
					seen[m+user] = s.salt
				}
			}
		})
	}
	if len(seen) != 4 {
		t.Errorf("%d salts", len(seen))
	}
}

func TestScramUsers(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	q := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	up := func(name string, mechanism int8, iterations int32) kmsg.AlterUserSCRAMCredentialsRequestUpsertion {
		return kmsg.AlterUserSCRAMCredentialsRequestUpsertion{Name: name, Mechanism: mechanism, Iterations: iterations, Salt: []byte("salt"), SaltedPassword: []byte("salted")}
	}
	q.Upsertions = []kmsg.AlterUserSCRAMCredentialsRequestUpsertion{
		up("good", 1, 8192), up("few", 1, 1), up("many", 1, 1<<20), up("twice", 1, 4096), up("twice", 1, 4096), up("both", 1, 4096), up("both", 2, 4096), up("odd", 9, 4096), up("", 1, 4096)}
	q.Deletions = []kmsg.AlterUserSCRAMCredentialsRequestDeletion{{Name: "gone", Mechanism: 1}}
	got := map[string]int16{}
	for _, r := range c.ask(q).(*kmsg.AlterUserSCRAMCredentialsResponse).Results {
		got[r.User] = r.ErrorCode
	}
	want := map[string]int16{"good": 0, "few": 93, "many": 93, "twice": 92, "both": 92, "odd": 33, "": 93, "gone": 91}
	for user, code := range want {
		if got[user] != code {
			t.Errorf("%q: error %d, expected %d", user, got[user], code)
		}
	}
	q.Upsertions, q.Deletions = []kmsg.AlterUserSCRAMCredentialsRequestUpsertion{up("good", 2, 4096)}, nil
	if r := c.ask(q).(*kmsg.AlterUserSCRAMCredentialsResponse); r.Results[0].ErrorCode != 0 {
		t.Fatalf("%+v", r)
	}
	d := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	r := c.ask(d).(*kmsg.DescribeUserSCRAMCredentialsResponse)
	if len(r.Results) != 1 || r.Results[0].User != "good" || len(r.Results[0].CredentialInfos) != 2 || r.Results[0].CredentialInfos[0].Iterations != 8192 {
		t.Fatalf("%+v", r)
	}
	d.Users = []kmsg.DescribeUserSCRAMCredentialsRequestUser{{Name: "few"}}
	if r := c.ask(d).(*kmsg.DescribeUserSCRAMCredentialsResponse); r.Results[0].ErrorCode != kerr.ResourceNotFound.Code {
		t.Fatalf("%+v", r)
	}
}
