package exec

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// allTypes are one of each kind of column.
func allTypes() []types.Type {
	return append(slices.Clone(joinKeyTypes), types.NullType, types.MapOf(types.StringType, types.LongType, true), types.ArrayOf(types.StringType, true))
}

func schemaOfTypes(typs []types.Type) types.Schema {
	var s types.Schema
	for _, t := range typs {
		s = append(s, types.Field{Type: t, Nullable: true})
	}
	return s
}

// randomBatch has columns of some types, with a selection at times.
func randomBatch(r *rand.Rand, typs []types.Type, n int) *vec.Batch {
	b := &vec.Batch{N: n, Sel: randomSel(r, n)}
	for _, t := range typs {
		c := vec.NewColBuilder(t)
		for range n {
			switch t.Kind {
			case types.Null:
				c.AppendNull()
			case types.Map:
				for range r.IntN(3) {
					c.Child(0).AppendString("k")
					putRandom(r, c.Child(1))
				}
				c.EndList()
			default:
				putRandom(r, c)
			}
		}
		b.Cols = append(b.Cols, c.Finish())
	}
	return b
}

// options makes BuildOptions with what Build adds.
func options(o BuildOptions) *BuildOptions {
	o.share()
	return &o
}

func TestSpoolGivesBackWhatItWasGiven(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	for _, typs := range [][]types.Type{allTypes(), nil} {
		for _, limit := range []int64{0, 1, 1 << 40} {
			fs := vfs.NewMem()
			o := options(BuildOptions{Memory: limit, Spill: &Spill{FS: fs, Dir: "/tmp/q1"}})
			o.q.mem.share = 1
			s := newSpool(o, schemaOfTypes(typs))
			var want []string
			for range 40 {
				b := randomBatch(r, typs, r.IntN(300))
				if err := s.append(b); err != nil {
					t.Fatal(err)
				}
				for i := range b.Each() {
					want = append(want, rowText(b, i))
				}
			}
			for range 2 {
				var got []string
				for b, err := range s.read(context.Background()) {
					if err != nil {
						t.Fatal(err)
					}
					for i := range b.Each() {
						got = append(got, rowText(b, i))
					}
				}
				if !slices.Equal(got, want) {
					t.Fatalf("limit %d: %d rows came back of %d", limit, len(got), len(want))
				}
			}
			if s.rows() != int64(len(want)) || s.spilled() != (limit == 1 && typs != nil) {
				t.Errorf("limit %d: rows %d, spilled %v", limit, s.rows(), s.spilled())
			}
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
			if left, _ := fs.List("/tmp/q1"); len(left) > 0 || o.q.mem.used.Load() != 0 {
				t.Errorf("limit %d: left behind %v and %d bytes", limit, left, o.q.mem.used.Load())
			}
		}
	}
}

// TestDamagedBlocksAreRefused cuts and flips a block everywhere: nothing may panic or pass.
func TestDamagedBlocksAreRefused(t *testing.T) {
	r := rand.New(rand.NewPCG(53, 54))
	typs := allTypes()
	block, _ := encodeBlock(nil, nil, randomBatch(r, typs, 9).Compact())
	head, body := block[:blockHeader], block[blockHeader:]
	sum, size := uint32(head[4])|uint32(head[5])<<8|uint32(head[6])<<16|uint32(head[7])<<24, uint32(head[8])|uint32(head[9])<<8|uint32(head[10])<<16
	if _, err := decodeBlock(body, sum, size, typs); err != nil {
		t.Fatal(err)
	}
	for i := range body {
		bad := slices.Clone(body)
		bad[i] ^= 1 << r.IntN(8)
		if _, err := decodeBlock(bad, sum, size, typs); !errors.Is(err, errBlock) {
			t.Fatalf("byte %d: %v", i, err)
		}
		if _, err := decodeBlock(body[:i], sum, size, typs); !errors.Is(err, errBlock) {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := decodeBlock(body, sum, size, append(typs, types.LongType)); !errors.Is(err, errBlock) {
		t.Errorf("a column too many: %v", err)
	}
}
