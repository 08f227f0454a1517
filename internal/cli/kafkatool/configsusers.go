package kafkatool

import (
	"context"
	"crypto/pbkdf2"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	clientQuotas = []string{"consumer_byte_rate", "controller_mutation_rate", "producer_byte_rate", "request_percentage"}
	ipQuotas     = []string{"connection_creation_rate"}
	scramCodes   = map[string]int8{"SCRAM-SHA-256": 1, "SCRAM-SHA-512": 2}
	quotaTypes   = map[string]string{userType: "user", clientType: "client-id", ipType: "ip"}
)

const (
	defaultIterations = 4096
	minIterations     = 4096
)

// sorted are the keys of what is to be set and deleted, by kind.
type userChange struct {
	quotaAdd, scramAdd, otherAdd []string
	quotaDel, scramDel, otherDel []string
}

func sortChange(add Properties, remove []string) (u userChange) {
	put := func(key string, quota, scram, other *[]string) {
		switch {
		case contains(clientQuotas, key):
			*quota = append(*quota, key)
		case scramCodes[key] != 0:
			*scram = append(*scram, key)
		default:
			*other = append(*other, key)
		}
	}
	for _, key := range sortedKeys(add) {
		put(key, &u.quotaAdd, &u.scramAdd, &u.otherAdd)
	}
	for _, key := range remove {
		put(key, &u.quotaDel, &u.scramDel, &u.otherDel)
	}
	return u
}

// scalaNames prints names as the collections of Kafka's tool print themselves.
func scalaNames(kind string, lists ...[]string) string {
	var all []string
	for _, l := range lists {
		all = append(all, l...)
	}
	return kind + "(" + strings.Join(all, ", ") + ")"
}

func (c *configTool) alterUsers(ctx context.Context, add Properties, remove []string) error {
	u := sortChange(add, remove)
	quotas := len(u.quotaAdd)+len(u.quotaDel) > 0
	scrams := len(u.scramAdd)+len(u.scramDel) > 0
	if c.types[0] == clientType || len(c.types) == 2 {
		if len(u.otherAdd)+len(u.scramAdd) > 0 {
			return illegalArgument("Only quota configs can be added for 'clients' using --bootstrap-server. Unexpected config names: " + scalaNames("Set", u.otherAdd, u.scramAdd))
		}
		if len(u.otherDel)+len(u.scramDel) > 0 {
			return illegalArgument("Only quota configs can be deleted for 'clients' using --bootstrap-server. Unexpected config names: " + scalaNames("Buffer", u.otherDel, u.scramDel))
		}
	}
	switch {
	case len(u.otherAdd) > 0:
		return illegalArgument("Only quota and SCRAM credential configs can be added for 'users' using --bootstrap-server. Unexpected config names: " + scalaNames("Set", u.otherAdd))
	case len(u.otherDel) > 0:
		return illegalArgument("Only quota and SCRAM credential configs can be deleted for 'users' using --bootstrap-server. Unexpected config names: " + scalaNames("Buffer", u.otherDel))
	case scrams && contains(c.names, ""):
		return illegalArgument("The use of --entity-default or --user-defaults is not allowed with User SCRAM Credentials using --bootstrap-server.")
	case scrams && quotas:
		return illegalArgument("Cannot alter both quota and SCRAM credential configs simultaneously for 'users' using --bootstrap-server.")
	case quotas:
		return c.alterQuotas(ctx, add, remove)
	}
	return c.alterScram(ctx, add, u)
}

func (c *configTool) alterIPs(ctx context.Context, add Properties, remove []string) error {
	var bad []string
	for _, key := range append(sortedKeys(add), remove...) {
		if !contains(ipQuotas, key) {
			bad = append(bad, key)
		}
	}
	if len(bad) > 0 {
		return illegalArgument("Only connection quota configs can be added for 'ips' using --bootstrap-server. Unexpected config names: " + strings.Join(bad, ","))
	}
	return c.alterQuotas(ctx, add, remove)
}

func (c *configTool) alterQuotas(ctx context.Context, add Properties, remove []string) error {
	old, err := c.quotas(ctx)
	if err != nil {
		return err
	}
	set := map[string]bool{}
	if len(old) > 0 {
		for _, v := range old[0].Values {
			set[v.Key] = true
		}
	}
	var bad []string
	for _, key := range remove {
		if !set[key] {
			bad = append(bad, key)
		}
	}
	if len(bad) > 0 {
		return &javaError{class: errorPackage + "InvalidConfigurationException", text: "Invalid config(s): " + strings.Join(bad, ",")}
	}
	entry := kmsg.NewAlterClientQuotasRequestEntry()
	for i, t := range c.types {
		e := kmsg.NewAlterClientQuotasRequestEntryEntity()
		e.Type = quotaTypes[t]
		if c.names[i] != "" {
			e.Name = kmsg.StringPtr(c.names[i])
		}
		entry.Entity = append(entry.Entity, e)
	}
	for _, key := range sortedKeys(add) {
		op := kmsg.NewAlterClientQuotasRequestEntryOp()
		op.Key = key
		if op.Value, err = strconv.ParseFloat(add[key], 64); err != nil {
			return illegalArgument(fmt.Sprintf("Cannot parse quota configuration value for %s: %s", key, add[key]))
		}
		entry.Ops = append(entry.Ops, op)
	}
	for _, key := range remove {
		op := kmsg.NewAlterClientQuotasRequestEntryOp()
		op.Key, op.Remove = key, true
		entry.Ops = append(entry.Ops, op)
	}
	req := kmsg.NewPtrAlterClientQuotasRequest()
	req.Entries = append(req.Entries, entry)
	resp, err := ask[*kmsg.AlterClientQuotasResponse](ctx, c.cl, req)
	if err != nil {
		return err
	}
	for _, e := range resp.Entries {
		if err := apiError(e.ErrorCode, e.ErrorMessage); err != nil {
			return executionError(err)
		}
	}
	return nil
}

// quotas are those of exactly the entities that the options name; a type without a name is any.
func (c *configTool) quotas(ctx context.Context) ([]kmsg.DescribeClientQuotasResponseEntry, error) {
	req := kmsg.NewPtrDescribeClientQuotasRequest()
	req.Strict = true
	if len(c.names) > len(c.types) {
		return nil, illegalArgument("More entity names specified than entity types")
	}
	for i, t := range c.types {
		q := kmsg.NewDescribeClientQuotasRequestComponent()
		q.EntityType, q.MatchType = quotaTypes[t], kmsg.QuotasMatchTypeAny
		if i < len(c.names) {
			q.MatchType = kmsg.QuotasMatchTypeDefault
			if c.names[i] != "" {
				q.MatchType, q.Match = kmsg.QuotasMatchTypeExact, kmsg.StringPtr(c.names[i])
			}
		}
		req.Components = append(req.Components, q)
	}
	resp, err := ask[*kmsg.DescribeClientQuotasResponse](ctx, c.cl, req)
	if err != nil {
		return nil, err
	}
	if err := apiError(resp.ErrorCode, resp.ErrorMessage); err != nil {
		return nil, executionError(err)
	}
	return resp.Entries, nil
}

func (c *configTool) describeQuotas(ctx context.Context) error {
	entries, err := c.quotas(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		var who, what []string
		for _, t := range []struct{ typ, text string }{{"user", "user-principal"}, {"client-id", "client-id"}, {"ip", "ip"}} {
			for _, part := range e.Entity {
				switch {
				case part.Type != t.typ:
				case part.Name == nil:
					who = append(who, "the default "+t.text)
				default:
					who = append(who, fmt.Sprintf("%s '%s'", t.text, *part.Name))
				}
			}
		}
		values := hashOrder(e.Values, len(e.Values), func(v kmsg.DescribeClientQuotasResponseEntryValue) int32 { return stringHash(v.Key) })
		for _, v := range values {
			what = append(what, v.Key+"="+formatDouble(v.Value, 64))
		}
		c.printf("Quota configs for %s are %s\n", strings.Join(who, ", "), strings.Join(what, ", "))
	}
	return nil
}

var credentialForm = regexp.MustCompile(`^(?:iterations=(-?[0-9]*),)?password=(.*)$`)

// alterScram sets and deletes the SCRAM credentials of a user. The password stays here: the broker gets the
// salted one (RFC 5802: SaltedPassword).
func (c *configTool) alterScram(ctx context.Context, add Properties, u userChange) error {
	req := kmsg.NewPtrAlterUserSCRAMCredentialsRequest()
	for _, name := range u.scramDel {
		d := kmsg.NewAlterUserSCRAMCredentialsRequestDeletion()
		d.Name, d.Mechanism = c.names[0], scramCodes[name]
		req.Deletions = append(req.Deletions, d)
	}
	for _, name := range u.scramAdd {
		m := credentialForm.FindStringSubmatch(add[name])
		if m == nil {
			return illegalArgument(fmt.Sprintf("Invalid credential property %s=%s", strings.ReplaceAll(name, "-", "_"), add[name]))
		}
		iterations := defaultIterations
		if n, err := strconv.Atoi(m[1]); err == nil && n != -1 {
			iterations = n
		}
		if iterations < minIterations {
			return illegalArgument(fmt.Sprintf("Iterations %d is less than the minimum %d required for %s", iterations, minIterations, name))
		}
		s := kmsg.NewAlterUserSCRAMCredentialsRequestUpsertion()
		s.Name, s.Mechanism, s.Iterations, s.Salt = c.names[0], scramCodes[name], int32(iterations), c.salt()
		var err error
		if s.SaltedPassword, err = saltedPassword(name, m[2], s.Salt, iterations); err != nil {
			return err
		}
		req.Upsertions = append(req.Upsertions, s)
	}
	resp, err := ask[*kmsg.AlterUserSCRAMCredentialsResponse](ctx, c.cl, req)
	if err != nil {
		return err
	}
	for _, r := range resp.Results {
		if err := apiError(r.ErrorCode, r.ErrorMessage); err != nil {
			return executionError(err)
		}
	}
	return nil
}

func (c *configTool) salt() []byte {
	var b []byte
	for len(b) < 24 {
		b = binary.BigEndian.AppendUint64(b, c.env.Sys.Rand.Uint64())
	}
	return b
}

func saltedPassword(mechanism, password string, salt []byte, iterations int) ([]byte, error) {
	if mechanism == "SCRAM-SHA-256" {
		return pbkdf2.Key(sha256.New, password, salt, iterations, sha256.Size)
	}
	return pbkdf2.Key(sha512.New, password, salt, iterations, sha512.Size)
}

// describeScram shows which credentials users have, unless clients or defaults were asked about.
func (c *configTool) describeScram(ctx context.Context) error {
	if contains(c.types, clientType) || contains(c.names, "") {
		return nil
	}
	req := kmsg.NewPtrDescribeUserSCRAMCredentialsRequest()
	for _, name := range c.names {
		u := kmsg.NewDescribeUserSCRAMCredentialsRequestUser()
		u.Name = name
		req.Users = append(req.Users, u)
	}
	resp, err := ask[*kmsg.DescribeUserSCRAMCredentialsResponse](ctx, c.cl, req)
	if err == nil {
		err = apiError(resp.ErrorCode, resp.ErrorMessage)
	}
	if err != nil {
		return executionError(err)
	}
	for _, r := range resp.Results {
		if r.ErrorCode == 91 { // RESOURCE_NOT_FOUND: a user without credentials is not listed
			continue
		}
		if err := apiError(r.ErrorCode, r.ErrorMessage); err != nil {
			j := asJava(err)
			c.printf("Error retrieving SCRAM credential configs for user-principal '%s': %s: %s\n", r.User, j.class[strings.LastIndexByte(j.class, '.')+1:], j.text)
			continue
		}
		var what []string
		sort.Slice(r.CredentialInfos, func(i, j int) bool { return r.CredentialInfos[i].Mechanism < r.CredentialInfos[j].Mechanism })
		for _, i := range r.CredentialInfos {
			name := "UNKNOWN"
			for n, code := range scramCodes {
				if code == i.Mechanism {
					name = n
				}
			}
			what = append(what, fmt.Sprintf("%s=iterations=%d", name, i.Iterations))
		}
		c.printf("SCRAM credential configs for user-principal '%s' are %s\n", r.User, strings.Join(what, ", "))
	}
	return nil
}
