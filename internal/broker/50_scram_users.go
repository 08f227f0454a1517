package broker

import (
	"bytes"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// scramMechanism is a mechanism by Kafka's number; "" if there is none.
func scramMechanism(n int8) string {
	switch n {
	case 1:
		return mechanismScram256
	case 2:
		return mechanismScram512
	}
	return ""
}

// describeScram lists who has SCRAM credentials, never what they are.
func (b *Broker) describeScram(c *call, req *kmsg.DescribeUserSCRAMCredentialsRequest) kmsg.Response {
	resp := kmsg.NewPtrDescribeUserSCRAMCredentialsResponse()
	have := map[string][]kmsg.DescribeUserSCRAMCredentialsResponseResultCredentialInfo{}
	for key, v := range b.store.All(log.TableUsers) {
		mechanism, user, ok := strings.Cut(key, "/")
		s, whole := decodeScram(v)
		if !ok || !whole {
			continue
		}
		info := kmsg.NewDescribeUserSCRAMCredentialsResponseResultCredentialInfo()
		info.Iterations = int32(s.iterations)
		info.Mechanism = 1
		if mechanism == mechanismScram512 {
			info.Mechanism = 2
		}
		have[user] = append(have[user], info)
	}
	asked := map[string]int{}
	var names []string
	if len(req.Users) == 0 {
		for user := range have {
			names = append(names, user)
		}
		slices.Sort(names)
	}
	for _, u := range req.Users {
		if asked[u.Name]++; asked[u.Name] == 1 {
			names = append(names, u.Name)
		}
	}
	for _, name := range names {
		r := kmsg.NewDescribeUserSCRAMCredentialsResponseResult()
		r.User = name
		switch infos := have[name]; {
		case asked[name] > 1:
			r.ErrorCode = kerr.DuplicateResource.Code
			r.ErrorMessage = kmsg.StringPtr("Cannot describe SCRAM credentials for the same user twice in a single request: " + name)
		case infos == nil:
			r.ErrorCode = kerr.ResourceNotFound.Code
			r.ErrorMessage = kmsg.StringPtr("Attempt to describe a user credential that does not exist: " + name)
		default:
			r.CredentialInfos = infos
		}
		resp.Results = append(resp.Results, r)
	}
	return resp
}

// alterScram sets and deletes SCRAM credentials. A user that appears in a change that is
// refused keeps what it has.
func (b *Broker) alterScram(c *call, req *kmsg.AlterUserSCRAMCredentialsRequest) {
	resp := kmsg.NewPtrAlterUserSCRAMCredentialsResponse()
	var (
		order []string
		puts  = map[string]log.Put{}
		fails = map[string]error{}
	)
	add := func(user string, put log.Put, err error) {
		_, again := puts[user] // be it with another mechanism
		switch {
		case again:
			fails[user] = coded{kerr.DuplicateResource, "A user credential cannot be altered twice in the same request"}
		case err != nil:
			fails[user] = err
		}
		if !again {
			order, puts[user] = append(order, user), put
		}
	}
	for _, d := range req.Deletions {
		put, err := b.scramDeletion(d)
		add(d.Name, put, err)
	}
	for _, u := range req.Upsertions {
		put, err := scramUpsertion(u)
		add(u.Name, put, err)
	}
	var all []log.Put
	for _, user := range order {
		r := kmsg.NewAlterUserSCRAMCredentialsResponseResult()
		r.User = user
		if err := fails[user]; err != nil {
			r.ErrorCode, r.ErrorMessage = code(err), kmsg.StringPtr(err.Error())
		} else {
			all = append(all, puts[user])
		}
		resp.Results = append(resp.Results, r)
	}
	b.writeThen(all, func(err error) {
		for i := range resp.Results {
			if r := &resp.Results[i]; err != nil && r.ErrorCode == 0 {
				r.ErrorCode, r.ErrorMessage = code(err), kmsg.StringPtr(err.Error())
			}
		}
		c.answer(resp)
	})
}

// writeThen applies puts and calls done when they are durable.
func (b *Broker) writeThen(puts []log.Put, done func(error)) {
	if len(puts) == 0 {
		done(nil)
		return
	}
	if err := b.store.Write(log.Write{Puts: puts}); err != nil {
		done(err)
		return
	}
	b.store.Sync(done)
}

func (b *Broker) scramDeletion(d kmsg.AlterUserSCRAMCredentialsRequestDeletion) (log.Put, error) {
	mechanism := scramMechanism(d.Mechanism)
	put := log.Put{Table: log.TableUsers, Key: scramKey(mechanism, d.Name)}
	if mechanism == "" {
		return put, coded{kerr.UnsupportedSaslMechanism, "Unknown SCRAM mechanism"}
	}
	if d.Name == "" {
		return put, coded{kerr.UnacceptableCredential, "Username must not be empty"}
	}
	if _, ok := b.store.Get(log.TableUsers, put.Key); !ok {
		return put, coded{kerr.ResourceNotFound, "Attempt to delete a user credential that does not exist"}
	}
	return put, nil
}

func scramUpsertion(u kmsg.AlterUserSCRAMCredentialsRequestUpsertion) (log.Put, error) {
	mechanism := scramMechanism(u.Mechanism)
	put := log.Put{Table: log.TableUsers, Key: scramKey(mechanism, u.Name)}
	switch {
	case mechanism == "":
		return put, coded{kerr.UnsupportedSaslMechanism, "Unknown SCRAM mechanism"}
	case u.Name == "":
		return put, coded{kerr.UnacceptableCredential, "Username must not be empty"}
	case u.Iterations < minIterations:
		return put, coded{kerr.UnacceptableCredential, "Too few iterations"}
	case u.Iterations > maxIterations:
		return put, coded{kerr.UnacceptableCredential, "Too many iterations"}
	case len(u.Salt) == 0 || len(u.Salt) > 1024 || len(u.SaltedPassword) == 0:
		return put, coded{kerr.UnacceptableCredential, "The salt or the salted password is missing"}
	}
	put.Value = scramOf(mechanism, u.SaltedPassword, bytes.Clone(u.Salt), int(u.Iterations)).encode()
	return put, nil
}
