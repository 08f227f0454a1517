package exec

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/vec"
)

// A sort key is one byte string a row, ordered by bytes as the rows are ordered: vec.AppendKey of
// each column, of which DESC flips all bits, with the NULL mark where the order wants it.

// appendSortKey appends the sort key of row i.
func appendSortKey(dst []byte, keys []vec.Col, by []plan.Order, i int) []byte {
	for k := range keys {
		at := len(dst)
		dst = vec.AppendKey(dst, keys[k:k+1], i)
		null := dst[at] == 0
		if by[k].Desc {
			for j := at + 1; j < len(dst); j++ {
				dst[j] = ^dst[j]
			}
		}
		if null && !by[k].NullsFirst {
			dst[at] = 2
		}
	}
	return dst
}

// sortItem is a row of a run with the eight bytes that tell most rows apart.
type sortItem struct {
	prefix uint64
	row    uint32
}

// sortedOrder is the rows of a column of sort keys in their order; rows of equal keys keep theirs. A
// cancelled ctx ends it soon, with the order undefined.
func sortedOrder(ctx context.Context, keys *vec.Col) []uint32 {
	skip := commonPrefix(keys)
	items := make([]sortItem, keys.Len)
	exact := true // the prefixes say it all
	for i := range items {
		k := keys.Bytes(i)[skip:]
		items[i].row = uint32(i)
		if len(k) >= 8 {
			items[i].prefix = binary.BigEndian.Uint64(k)
			exact = exact && len(k) == 8
			continue
		}
		var b [8]byte
		copy(b[:], k)
		items[i].prefix = binary.BigEndian.Uint64(b[:])
	}
	calls, stopped := 0, false
	slices.SortFunc(items, func(a, b sortItem) int {
		if a.prefix != b.prefix {
			if a.prefix < b.prefix {
				return -1
			}
			return 1
		}
		if calls++; calls&0xffff == 0 && ctx.Err() != nil {
			stopped = true
		}
		if stopped {
			return 0
		}
		if !exact {
			if c := bytes.Compare(keys.Bytes(int(a.row))[skip:], keys.Bytes(int(b.row))[skip:]); c != 0 {
				return c
			}
		}
		return cmp.Compare(a.row, b.row)
	})
	order := make([]uint32, len(items))
	for i := range items {
		order[i] = items[i].row
	}
	return order
}

// commonPrefix is how many bytes all keys begin with alike.
func commonPrefix(keys *vec.Col) int {
	if keys.Len == 0 {
		return 0
	}
	first := keys.Bytes(0)
	n := len(first)
	for i := 1; i < keys.Len && n > 0; i++ {
		k := keys.Bytes(i)
		n = min(n, len(k))
		if bytes.Equal(k[:n], first[:n]) {
			continue
		}
		for j := range n {
			if k[j] != first[j] {
				n = j
				break
			}
		}
	}
	return n
}
