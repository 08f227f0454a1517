package broker

import (
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// eachString calls f for every string of a request.
func eachString(v reflect.Value, f func(reflect.Value)) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			f(v)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			eachString(v.Elem(), f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachString(v.Field(i), f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i), f)
		}
	}
}

// TestTextIsLegible sends every API strings that are not UTF-8.
func TestTextIsLegible(t *testing.T) {
	b := startTest(t)
	r := rand.New(rand.NewPCG(3, 4))
	const bad, good = "M\xfcnchen\xe2\x82", "M\uFFFDnchen\uFFFD\uFFFD"
	for key, a := range b.apis {
		if key == keyProduce {
			continue // see below
		}
		for version := a.min; version <= a.max; version++ {
			for range 10 {
				q, got := kmsg.RequestForKey(key), kmsg.RequestForKey(key)
				q.SetVersion(version)
				got.SetVersion(version)
				fill(r, reflect.ValueOf(q).Elem())
				eachString(reflect.ValueOf(q), func(v reflect.Value) { v.SetString(bad) })
				c := &call{req: got, wire: wireCall{key: key}}
				if err := (&conn{b: b}).decode(c, q.AppendTo(nil)); err != nil {
					t.Fatalf("%s version %d: %v", nameOf(key), version, err)
				}
				eachString(reflect.ValueOf(got), func(v reflect.Value) {
					if s := v.String(); s != good && s != "" {
						t.Fatalf("%s version %d: %q", nameOf(key), version, s)
					}
				})
			}
		}
	}
	for s, want := range map[string]string{"": "", "plain": "plain", "日本": "日本", bad: good} {
		if got := legibleText(s); got != want {
			t.Errorf("%q: %q", s, got)
		}
	}
}

// TestTransactionalIDIsLegible: its requests are decoded in two ways, which must agree.
func TestTransactionalIDIsLegible(t *testing.T) {
	b := startTest(t)
	c := dialRaw(t, b.Addr())
	c.ask(metadataOf(9, "t"))
	id := "caf\xe9"
	init := kmsg.NewPtrInitProducerIDRequest()
	init.SetVersion(4)
	init.TransactionalID, init.TransactionTimeoutMillis = &id, 60_000
	i := c.ask(init).(*kmsg.InitProducerIDResponse)
	q := produceOf("t", 0, -1, txnBatch(i.ProducerID, i.ProducerEpoch, 0))
	q.SetVersion(12)
	q.TransactionID = &id
	if p := c.ask(q).(*kmsg.ProduceResponse).Topics[0].Partitions[0]; i.ErrorCode != 0 || p.ErrorCode != 0 {
		t.Fatalf("errors %d, %d", i.ErrorCode, p.ErrorCode)
	}
	if b.txns.byID["caf\uFFFD"] == nil {
		t.Fatal("no transactional id that is UTF-8")
	}
}
