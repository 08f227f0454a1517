package exec

import (
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// compileIn uses a set of keys when the list is constant.
func (c *compiler) compileIn(e *plan.In) (evaluator, error) {
	x, err := c.compile(e.X)
	if err != nil {
		return nil, err
	}
	set := &inSet{x: x, keys: map[string]struct{}{}}
	for _, item := range e.List {
		lit, ok := item.(*plan.Lit)
		if !ok {
			list, err := c.compileAll(e.List)
			return &inList{x: x, list: list}, err
		}
		if lit.Value.IsNull(0) {
			set.null = true
		} else {
			set.keys[string(vec.AppendKey(nil, []vec.Col{lit.Value}, 0))] = struct{}{}
		}
	}
	return set, nil
}

// inSet is X IN (constants). null says that the list holds a NULL: then nothing is FALSE.
type inSet struct {
	x    evaluator
	keys map[string]struct{}
	null bool
	buf  []byte
}

func (e *inSet) eval(f *frame, sel []uint32) (vec.Col, error) {
	x, err := e.x.eval(f, sel)
	if err != nil {
		return vec.Col{}, err
	}
	if x.Enc == vec.Dict && x.Dict.Len > 0 && x.Dict.Len <= f.b.N { // each distinct value once
		found := e.look(x.Dict, x.Dict.Len, nil)
		return vec.Col{Type: found.Type, Enc: vec.Flat, Len: x.Len, Data: vec.Take(&found, x.Ids).Data,
			Valid: e.dictValid(&x, &found)}, nil
	}
	return e.look(&x, f.b.N, sel), nil
}

// dictValid is the validity of the result by row: of x, and of what was found.
func (e *inSet) dictValid(x, found *vec.Col) []byte {
	valid := x.Valid
	if found.Valid != nil {
		valid = append([]byte(nil), valid...)
		if valid == nil {
			valid = vec.AllValid(x.Len)
		}
		for i, id := range x.Ids {
			if found.IsNull(int(id)) {
				vec.SetNull(valid, x.Len, i)
			}
		}
	}
	return valid
}

func (e *inSet) look(x *vec.Col, n int, sel []uint32) vec.Col {
	out := make([]bool, n)
	var valid []byte
	one := []vec.Col{*x}
	for i := range vec.Each(n, sel) {
		if x.IsNull(i) {
			valid = vec.SetNull(valid, n, i)
			continue
		}
		e.buf = vec.AppendKey(e.buf[:0], one, i)
		if _, out[i] = e.keys[string(e.buf)]; !out[i] && e.null {
			valid = vec.SetNull(valid, n, i)
		}
	}
	return vec.FlatOf(types.BooleanType, out, valid)
}

// inList is X IN (expressions): an item is evaluated only on the rows where X is not NULL
// and no item before it was equal.
type inList struct {
	x    evaluator
	list []evaluator
}

func (e *inList) eval(f *frame, sel []uint32) (vec.Col, error) {
	n := f.b.N
	x, err := e.x.eval(f, sel)
	if err != nil {
		return vec.Col{}, err
	}
	out := make([]bool, n)
	valid := make([]byte, (n+7)/8) // undecided rows end as FALSE, or as NULL if an item was NULL
	rest := []uint32{}
	for i := range vec.Each(n, sel) {
		if !x.IsNull(i) {
			rest = append(rest, uint32(i))
			valid[i>>3] |= 1 << (i & 7)
		}
	}
	for _, item := range e.list {
		if len(rest) == 0 {
			break
		}
		y, err := item.eval(f, rest)
		if err != nil {
			return vec.Col{}, err
		}
		open := rest[:0:0]
		for _, r := range rest {
			i := int(r)
			switch {
			case y.IsNull(i):
				vec.SetNull(valid, n, i)
				open = append(open, r)
			case vec.Equal(&x, i, &y, i):
				out[i] = true
				valid[i>>3] |= 1 << (i & 7)
			default:
				open = append(open, r)
			}
		}
		rest = open
	}
	return vec.FlatOf(types.BooleanType, out, valid), nil
}
