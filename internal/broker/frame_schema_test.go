package broker

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// fill gives every field of a kmsg struct a random value.
func fill(r *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if tags, ok := v.Addr().Interface().(*kmsg.Tags); ok {
			if r.IntN(4) == 0 {
				tags.Set(uint32(100+r.IntN(3)), []byte("tag"))
			}
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "Version" {
				fill(r, v.Field(i))
			}
		}
	case reflect.Pointer:
		if r.IntN(3) > 0 {
			v.Set(reflect.New(v.Type().Elem()))
			if d, ok := v.Interface().(interface{ Default() }); ok {
				d.Default()
			}
			fill(r, v.Elem())
		}
	case reflect.Slice:
		n := r.IntN(3)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			if d, ok := v.Index(i).Addr().Interface().(interface{ Default() }); ok {
				d.Default()
			}
			fill(r, v.Index(i))
		}
	case reflect.Array:
		for i := range v.Len() {
			fill(r, v.Index(i))
		}
	case reflect.String:
		v.SetString(fmt.Sprint("s", r.IntN(1000)))
	case reflect.Bool:
		v.SetBool(r.IntN(2) == 0)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(int64(int8(r.Uint32())))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32:
		v.SetUint(uint64(uint8(r.Uint32())))
	case reflect.Float64:
		v.SetFloat(r.Float64())
	}
}

// TestSchemasAgreeWithKmsg encodes random requests of all that is served and compares what
// the walk says of them, whole and cut short, with kmsg.
func TestSchemasAgreeWithKmsg(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := schemas()
	for key, a := range apis() {
		if key == keyProduce {
			continue
		}
		s, ok := all[key]
		if !ok {
			t.Errorf("%s has no schema: run go generate", nameOf(key))
			continue
		}
		for version := a.min; version <= a.max; version++ {
			for range 30 {
				q := kmsg.RequestForKey(key)
				q.SetVersion(version)
				fill(r, reflect.ValueOf(q).Elem())
				body := q.AppendTo(nil)
				if _, _, err := s.walk(body, version); err != nil {
					t.Fatalf("%s version %d: %v: %+v", nameOf(key), version, err, q)
				}
				cut := body[:r.IntN(len(body)+1)]
				again := kmsg.RequestForKey(key)
				again.SetVersion(version)
				_, _, err := s.walk(cut, version)
				if kerr := again.ReadFrom(cut); kerr != nil && err == nil {
					t.Fatalf("%s version %d: %d of %d bytes are good, but kmsg says %v: %+v", nameOf(key), version, len(cut), len(body), kerr, q)
				}
			}
		}
	}
}

func TestProduceDecodesAsKmsg(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for version := int16(minProduce); version <= 13; version++ {
		for range 50 {
			q := kmsg.NewPtrProduceRequest()
			q.SetVersion(version)
			fill(r, reflect.ValueOf(q).Elem())
			body := q.AppendTo(nil)
			want, got := kmsg.NewPtrProduceRequest(), kmsg.NewPtrProduceRequest()
			want.SetVersion(version)
			got.SetVersion(version)
			if err := want.ReadFrom(body); err != nil {
				t.Fatal(err)
			}
			if err := readProduce(got, body); err != nil {
				t.Fatalf("version %d: %v", version, err)
			}
			got.UnknownTags, want.UnknownTags = kmsg.Tags{}, kmsg.Tags{}
			if x, y := got.AppendTo(nil), stripTags(want).AppendTo(nil); string(x) != string(y) {
				t.Fatalf("version %d:\n%x\n%x", version, x, y)
			}
		}
	}
}

func stripTags(q *kmsg.ProduceRequest) *kmsg.ProduceRequest {
	q.UnknownTags = kmsg.Tags{}
	for i := range q.Topics {
		q.Topics[i].UnknownTags = kmsg.Tags{}
		for j := range q.Topics[i].Partitions {
			q.Topics[i].Partitions[j].UnknownTags = kmsg.Tags{}
		}
	}
	return q
}

func TestFetchEncodesAsKmsg(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for version := int16(4); version <= 18; version++ {
		for i := range 50 {
			p := kmsg.NewPtrFetchResponse()
			p.SetVersion(version)
			fill(r, reflect.ValueOf(p).Elem())
			p.UnknownTags, p.Brokers = kmsg.Tags{}, nil
			for i := range p.Topics {
				p.Topics[i].UnknownTags = kmsg.Tags{}
				for j := range p.Topics[i].Partitions {
					q := &p.Topics[i].Partitions[j]
					d, records := q.DivergingEpoch, q.RecordBatches
					q.UnknownTags, q.CurrentLeader, q.SnapshotID, q.DivergingEpoch.UnknownTags = kmsg.Tags{}, kmsg.NewFetchResponseTopicPartitionCurrentLeader(), kmsg.NewFetchResponseTopicPartitionSnapshotID(), kmsg.Tags{}
					if d.EndOffset%2 == 0 {
						q.DivergingEpoch = kmsg.NewFetchResponseTopicPartitionDivergingEpoch()
					}
					if len(records) > 0 {
						q.RecordBatches = make([]byte, apart+j)
					}
					for k := range q.AbortedTransactions {
						q.AbortedTransactions[k].UnknownTags = kmsg.Tags{}
					}
				}
			}
			if i == 0 {
				p.Topics = nil
			}
			o := &outgoing{}
			(&fetchReply{FetchResponse: p}).appendTo(o)
			var got []byte
			for _, part := range o.buffers() {
				got = append(got, part...)
			}
			if want := p.AppendTo(nil); string(got) != string(want) {
				t.Fatalf("version %d:\n%x\n%x\n%+v", version, got, want, p)
			}
		}
	}
}

func TestProduceEncodesAsKmsg(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for version := int16(minProduce); version <= 13; version++ {
		for range 50 {
			p := kmsg.NewPtrProduceResponse()
			p.SetVersion(version)
			fill(r, reflect.ValueOf(p).Elem())
			p.UnknownTags, p.Brokers = kmsg.Tags{}, nil
			for i := range p.Topics {
				p.Topics[i].UnknownTags = kmsg.Tags{}
				for j := range p.Topics[i].Partitions {
					q := &p.Topics[i].Partitions[j]
					q.UnknownTags, q.CurrentLeader = kmsg.Tags{}, kmsg.NewProduceResponseTopicPartitionCurrentLeader()
					for k := range q.ErrorRecords {
						q.ErrorRecords[k].UnknownTags = kmsg.Tags{}
					}
				}
			}
			if got, want := appendProduce(nil, p), p.AppendTo(nil); string(got) != string(want) {
				t.Fatalf("version %d:\n%x\n%x\n%+v", version, got, want, p)
			}
		}
	}
}
