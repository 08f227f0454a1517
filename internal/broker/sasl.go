package broker

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// SASL mechanisms that are known.
const (
	mechanismPlain    = "PLAIN"
	mechanismScram256 = "SCRAM-SHA-256"
	mechanismScram512 = "SCRAM-SHA-512"
)

// loginDelay is how long a refusal is held back (Kafka: connection.failed.authentication.delay.ms).
const loginDelay = 100 * time.Millisecond

func knownMechanism(m string) bool {
	return m == mechanismPlain || m == mechanismScram256 || m == mechanismScram512
}

// saslState is how far a connection's login is. It belongs to the connection's reader.
type saslState struct {
	mechanism string // agreed on; "" before
	raw       bool   // tokens come without request headers (SaslHandshake version 0)
	done      bool
	scram     *scramServer
}

// errLogin is told to clients for all that is wrong with a name or a password.
//
//lint:ignore ST1005 Kafka's words
var errLogin = errors.New("Authentication failed: Invalid username or password")

// permit refuses what may not come before the login.
func (s *saslState) permit(key int16) error {
	switch key {
	case keyAPIVersions, int16(kmsg.SASLHandshake), int16(kmsg.SASLAuthenticate):
		return nil
	}
	if s.done {
		return nil
	}
	return refuse(refusedLogin, "a %s request came before the login (security.protocol should be SASL_PLAINTEXT or SASL_SSL)", nameOf(key))
}

// saslHandshake agrees on a mechanism.
func (b *Broker) saslHandshake(c *call, req *kmsg.SASLHandshakeRequest) kmsg.Response {
	resp := kmsg.NewPtrSASLHandshakeResponse()
	if c.conn == nil || c.conn.sasl == nil || c.conn.sasl.done || c.conn.sasl.mechanism != "" {
		resp.ErrorCode = kerr.IllegalSaslState.Code
		return resp
	}
	resp.SupportedMechanisms = c.listener.Mechanisms
	if !slices.Contains(c.listener.Mechanisms, req.Mechanism) {
		resp.ErrorCode = kerr.UnsupportedSaslMechanism.Code
		b.say(refusedLogin, fmt.Sprintf("%s asked for the SASL mechanism %.40q; %s has %s", c.host, req.Mechanism, c.listener.Name, strings.Join(c.listener.Mechanisms, ", ")))
		return resp
	}
	c.conn.sasl.mechanism = req.Mechanism
	c.conn.sasl.raw = req.Version == 0
	return resp
}

// saslAuthenticate takes one token of the login.
func (b *Broker) saslAuthenticate(c *call, req *kmsg.SASLAuthenticateRequest) kmsg.Response {
	resp := kmsg.NewPtrSASLAuthenticateResponse()
	resp.SASLAuthBytes = []byte{}
	if c.conn == nil || c.conn.sasl == nil || c.conn.sasl.done || c.conn.sasl.mechanism == "" {
		resp.ErrorCode = kerr.IllegalSaslState.Code
		resp.ErrorMessage = kmsg.StringPtr("SaslAuthenticate must follow one SaslHandshake on a SASL listener")
		return resp
	}
	reply, err := c.conn.sasl.step(c.conn, req.SASLAuthBytes)
	if err != nil {
		resp.ErrorCode = kerr.SaslAuthenticationFailed.Code
		resp.ErrorMessage = kmsg.StringPtr(err.Error())
		c.conn.sasl.mechanism = "" // the client has to begin again, on another connection
		c.conn.last = true
		return resp
	}
	resp.SASLAuthBytes = reply
	return resp
}

// step takes a token and returns the answer to it. After an error the connection ends; the
// error is for the client and holds nothing that was sent.
func (s *saslState) step(c *conn, token []byte) (reply []byte, err error) {
	var user string
	if s.mechanism == mechanismPlain {
		user, err = plainLogin(c.ln.Users, token)
		s.done = err == nil
	} else {
		if s.scram == nil {
			s.scram = &scramServer{b: c.b, ln: c.ln, mechanism: s.mechanism}
		}
		reply, err = s.scram.step(token)
		user, s.done = s.scram.user, s.scram.done
	}
	if err != nil {
		c.b.count.LoginFailed.Add(1)
		c.b.say(refusedLogin, fmt.Sprintf("%s: login failed", c.host), "listener", c.ln.Name, "mechanism", s.mechanism, "user", fmt.Sprintf("%.64s", user))
		c.b.cfg.Sys.Clock.Sleep(c.life, loginDelay) //nolint:errcheck // the connection ends anyway
		return nil, err
	}
	if s.done {
		s.raw, s.scram = false, nil
		c.user = user
	}
	if reply == nil {
		reply = []byte{}
	}
	return reply, nil
}

// plainLogin checks a token of PLAIN (RFC 4616): authorization id, NUL, user, NUL, password.
func plainLogin(users map[string]string, token []byte) (user string, err error) {
	parts := strings.Split(string(token), "\x00")
	if len(parts) != 3 {
		//lint:ignore ST1005 Kafka's words
		return "", errors.New("Authentication failed: Invalid SASL/PLAIN response: expected 3 tokens")
	}
	user = parts[1]
	want, known := users[user]
	same := sameSecret(want, parts[2])
	if !known || !same || user == "" || (parts[0] != "" && parts[0] != user) {
		return user, errLogin
	}
	return user, nil
}

// sameSecret compares without telling by its time where two secrets differ.
func sameSecret(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
