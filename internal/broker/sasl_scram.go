package broker

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/azud/azud/internal/log"
)

// Iterations of SCRAM that are taken (Kafka: ScramMechanism, ScramControlManager).
const (
	minIterations = 4096
	maxIterations = 16384
)

// scramCredential is what is kept of a password (RFC 5802).
type scramCredential struct {
	iterations        int
	salt              []byte
	stored, serverKey []byte
}

func scramHash(mechanism string) func() hash.Hash {
	if mechanism == mechanismScram512 {
		return sha512.New
	}
	return sha256.New
}

func mac(h func() hash.Hash, key []byte, text string) []byte {
	m := hmac.New(h, key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// scramOf makes the credential of a password that was salted and hashed.
func scramOf(mechanism string, salted, salt []byte, iterations int) scramCredential {
	h := scramHash(mechanism)
	sum := h()
	sum.Write(mac(h, salted, "Client Key"))
	return scramCredential{iterations, salt, sum.Sum(nil), mac(h, salted, "Server Key")}
}

// scramOfPassword makes the credential of a password.
func scramOfPassword(mechanism, password string, salt []byte) (scramCredential, error) {
	h := scramHash(mechanism)
	salted, err := pbkdf2.Key(h, password, salt, minIterations, h().Size())
	if err != nil {
		return scramCredential{}, err
	}
	return scramOf(mechanism, salted, salt, minIterations), nil
}

// scramKey is where TableUsers keeps a credential.
func scramKey(mechanism, user string) string { return mechanism + "/" + user }

// encode is the form in TableUsers: version, iterations, and three byte strings with lengths.
func (s scramCredential) encode() []byte {
	out := binary.BigEndian.AppendUint32([]byte{1}, uint32(s.iterations))
	for _, b := range [][]byte{s.salt, s.stored, s.serverKey} {
		out = append(binary.BigEndian.AppendUint16(out, uint16(len(b))), b...)
	}
	return out
}

func decodeScram(v []byte) (s scramCredential, ok bool) {
	if len(v) < 5 || v[0] != 1 {
		return s, false
	}
	s.iterations = int(binary.BigEndian.Uint32(v[1:]))
	v = v[5:]
	for _, to := range []*[]byte{&s.salt, &s.stored, &s.serverKey} {
		if len(v) < 2 || len(v)-2 < int(binary.BigEndian.Uint16(v)) {
			return s, false
		}
		n := int(binary.BigEndian.Uint16(v))
		*to, v = v[2:2+n], v[2+n:]
	}
	return s, true
}

// salt is the salt of a user without stored credentials, always the same.
func (b *Broker) salt(mechanism, user string) []byte {
	const size = 16
	return mac(scramHash(mechanism), b.saltKey, user)[:size]
}

// scramOfListener makes the credentials of a listener's passwords, by scramKey.
func (b *Broker) scramOfListener(l *Listener) (map[string]scramCredential, error) {
	all := map[string]scramCredential{}
	for _, m := range l.Mechanisms {
		if m == mechanismPlain || l.Security != SASLPlaintext && l.Security != SASLSSL {
			continue
		}
		for user, password := range l.Users {
			s, err := scramOfPassword(m, password, b.salt(m, user))
			if err != nil {
				return nil, err
			}
			all[scramKey(m, user)] = s
		}
	}
	return all, nil
}

// scramOfUser finds a user's credential: in the store, or among those of the listener. For a
// user that does not exist it makes one that no password fits, in no more time and with a salt
// as the listener's users have, so that a stranger cannot find out who of them exists.
func (b *Broker) scramOfUser(ln *listener, mechanism, user string) (s scramCredential, known bool) {
	key, nothing := scramKey(mechanism, user), make([]byte, scramHash(mechanism)().Size())
	none := scramCredential{minIterations, b.salt(mechanism, user), nothing, nothing}
	if v, ok := b.store.Get(log.TableUsers, key); ok {
		if s, ok := decodeScram(v); ok {
			return s, true
		}
	}
	if s, ok := ln.scram[key]; ok {
		return s, true
	}
	return none, false
}

// scramServer is the server's side of one login.
type scramServer struct {
	b         *Broker
	ln        *listener
	mechanism string
	user      string
	done      bool

	started     bool
	credential  scramCredential
	known       bool
	gs2         string // the client's channel binding header
	firstBare   string // the client's first message without it
	serverFirst string
	nonce       string
}

//lint:ignore ST1005 Kafka's words
var errScram = errors.New("Authentication failed: Invalid SASL/SCRAM message")

func (s *scramServer) step(token []byte) ([]byte, error) {
	if !s.started {
		s.started = true
		return s.first(string(token))
	}
	return s.final(string(token))
}

// first takes "n,,n=user,r=nonce" and answers with salt and iterations.
func (s *scramServer) first(msg string) ([]byte, error) {
	flag, rest, _ := strings.Cut(msg, ",")
	authzid, bare, ok := strings.Cut(rest, ",")
	if !ok || (flag != "n" && flag != "y") || (authzid != "" && !strings.HasPrefix(authzid, "a=")) {
		return nil, errScram
	}
	fields := strings.Split(bare, ",")
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "n=") || !strings.HasPrefix(fields[1], "r=") || len(fields[1]) == len("r=") {
		return nil, errScram
	}
	name := strings.NewReplacer("=2C", ",", "=3D", "=")
	s.user = name.Replace(fields[0][2:])
	if authzid != "" && name.Replace(authzid[2:]) != s.user {
		return nil, errScram
	}
	s.gs2, s.firstBare = flag+","+authzid+",", bare
	s.nonce = fields[1][2:] + s.b.nonce()
	s.credential, s.known = s.b.scramOfUser(s.ln, s.mechanism, s.user)
	s.serverFirst = fmt.Sprintf("r=%s,s=%s,i=%d", s.nonce, base64.StdEncoding.EncodeToString(s.credential.salt), s.credential.iterations)
	return []byte(s.serverFirst), nil
}

// final takes "c=…,r=nonce,p=proof" and answers with the server's signature.
func (s *scramServer) final(msg string) ([]byte, error) {
	at := strings.LastIndex(msg, ",p=")
	if at < 0 {
		return nil, errScram
	}
	without := msg[:at]
	proof, err := base64.StdEncoding.DecodeString(msg[at+3:])
	fields := strings.Split(without, ",")
	if err != nil || len(fields) < 2 || fields[0] != "c="+base64.StdEncoding.EncodeToString([]byte(s.gs2)) || fields[1] != "r="+s.nonce {
		return nil, errScram
	}
	h := scramHash(s.mechanism)
	message := s.firstBare + "," + s.serverFirst + "," + without
	clientKey := mac(h, s.credential.stored, message) // the signature, as yet
	if len(proof) != len(clientKey) {
		return nil, errLogin
	}
	subtle.XORBytes(clientKey, clientKey, proof)
	sum := h()
	sum.Write(clientKey)
	if subtle.ConstantTimeCompare(sum.Sum(nil), s.credential.stored) != 1 || !s.known {
		return nil, errLogin
	}
	s.done = true
	return []byte("v=" + base64.StdEncoding.EncodeToString(mac(h, s.credential.serverKey, message))), nil
}

// nonce is the server's part: printable, without commas.
func (b *Broker) nonce() string {
	var raw [24]byte
	for i := 0; i < len(raw); i += 8 {
		binary.BigEndian.PutUint64(raw[i:], b.cfg.Sys.Rand.Uint64())
	}
	return base64.RawURLEncoding.EncodeToString(raw[:])
}
