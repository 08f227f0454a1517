package exec

import (
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// caseEval evaluates each condition and branch only on the rows that reach it.
type caseEval struct {
	typ        types.Type
	when, then []evaluator
	otherwise  evaluator // nil: NULL
}

func (c *compiler) compileCase(e *plan.Case) (evaluator, error) {
	out := &caseEval{typ: e.Type()}
	var err error
	if out.when, err = c.compileAll(e.When); err != nil {
		return nil, err
	}
	if out.then, err = c.compileAll(e.Then); err != nil {
		return nil, err
	}
	if e.Else != nil {
		out.otherwise, err = c.compile(e.Else)
	}
	return out, err
}

func (e *caseEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	m := merger{typ: e.typ, n: f.b.N, sel: sel}
	rest := sel
	for i := range e.when {
		cond, err := e.when[i].eval(f, rest)
		if err != nil {
			return vec.Col{}, err
		}
		hit := fn.IsTrue(&cond, f.b.N, rest, []uint32{})
		if len(hit) == 0 {
			continue
		}
		rest = without(f.b.N, rest, hit)
		if err := m.add(e.then[i], f, hit); err != nil {
			return vec.Col{}, err
		}
		if len(rest) == 0 {
			return m.merge(), nil
		}
	}
	if e.otherwise == nil {
		return m.merge(), nil
	}
	err := m.add(e.otherwise, f, rest)
	return m.merge(), err
}

// coalesceEval evaluates each argument only on the rows where all before it are NULL.
type coalesceEval struct {
	typ  types.Type
	args []evaluator
}

func (e *coalesceEval) eval(f *frame, sel []uint32) (vec.Col, error) {
	m := merger{typ: e.typ, n: f.b.N, sel: sel}
	rest := sel
	for _, a := range e.args {
		col, err := a.eval(f, rest)
		if err != nil {
			return vec.Col{}, err
		}
		if len(m.pieces) == 0 && !col.MayNull() {
			return col, nil
		}
		hit, miss := []uint32{}, []uint32{}
		for i := range vec.Each(f.b.N, rest) {
			if col.IsNull(i) {
				miss = append(miss, uint32(i))
			} else {
				hit = append(hit, uint32(i))
			}
		}
		m.pieces = append(m.pieces, piece{col, hit})
		if rest = miss; len(rest) == 0 {
			break
		}
	}
	return m.merge(), nil
}

// without returns the rows of sel (nil: all n) that are not in hit, which is part of it.
func without(n int, sel, hit []uint32) []uint32 {
	out := []uint32{}
	for i := range vec.Each(n, sel) {
		if len(hit) > 0 && hit[0] == uint32(i) {
			hit = hit[1:]
		} else {
			out = append(out, uint32(i))
		}
	}
	return out
}
