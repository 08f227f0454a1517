package sql

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// maxPipes bounds the pipe operators of a statement, each of which is a nested query.
const maxPipes = 1000

// pipeWords begin the operators of the pipe syntax.
var pipeWords = []string{"SELECT", "EXTEND", "SET", "DROP", "AS", "WHERE", "AGGREGATE", "ORDER", "LIMIT", "OFFSET", "JOIN",
	"UNION", "INTERSECT", "EXCEPT", "PIVOT", "UNPIVOT", "TABLESAMPLE", "SORT", "CLUSTER", "DISTRIBUTE"}

// isPipe reports |>, or a plain | that begins an operator and cannot stand between two values:
// in a | WHERE b the word after it is followed by another value.
func (p *parser) isPipe() bool {
	if p.isOp("|>") {
		return true
	}
	word := p.peek(1)
	if !p.isOp("|") || word.kind != tkWord {
		return false
	}
	next := p.peek(2)
	switch word.up {
	case "MINUS":
		return next.up == "SELECT" || next.up == "TABLE"
	case "LEFT", "RIGHT", "FULL", "INNER", "CROSS", "NATURAL", "SEMI", "ANTI":
		return next.kind == tkWord && slices.Contains([]string{"JOIN", "OUTER", "SEMI", "ANTI", "LEFT", "RIGHT", "FULL", "INNER"}, next.up)
	}
	if !slices.Contains(pipeWords, word.up) {
		return false
	}
	switch next.kind {
	case tkString, tkNumber, tkQuoted:
		return true
	case tkWord:
		return !aliasStops[next.up] || next.up == "NOT" || next.up == "SELECT" || next.up == "VALUES"
	case tkOp:
		return next.up == "(" && reserved[word.up] || next.up == "*" && word.up == "SELECT"
	}
	return false
}

// pipeInput is the query before a pipe operator, as a relation.
func pipeInput(left Body) *SubqueryRef {
	q, ok := left.(*Query)
	if !ok {
		q = &Query{At: At{left.Span()}, Body: left}
	}
	return &SubqueryRef{At: q.At, Query: q, Open: true}
}

// pipeOp reads one operator after left; see PipeOp for what becomes of it.
func (p *parser) pipeOp(left Body) Body {
	start := left.Span().Start
	if p.pipes++; p.pipes > maxPipes {
		panic(bail{errs.New(classTooDeep, "The statement has more than %d pipe operators", maxPipes).
			State("54001").At(p.src, p.tok().pos).WithHint("split it into several statements or views")})
	}
	p.i++
	in := pipeInput(left)
	s := &Select{From: []Relation{in}}
	var out Body = s
	switch t := p.tok(); {
	case p.isWord("SELECT"):
		p.pipeSelect(s)
	case p.acceptWord("EXTEND") != "":
		s.Pipe, s.Items = PipeExtend, append([]SelectItem{starItem(t)}, list(p, p.selectItem)...)
	case p.acceptWord("SET") != "":
		out = p.pipeSet(start, s)
	case p.acceptWord("DROP") != "":
		s.Pipe = PipeDrop
		star := &Star{Except: list(p, func() Name { return p.plainName("the column to drop") })}
		star.At = p.from(t.pos.Start)
		s.Items = []SelectItem{{At: star.At, X: star}}
	case p.acceptWord("AS") != "":
		id := p.dashed(p.anyIdent("a name after AS"))
		in.Open, in.Alias = false, &TableAlias{At: id.At, Name: id}
		s.Pipe, s.Items = PipeAs, []SelectItem{starItem(t)}
	case p.acceptWord("WHERE") != "":
		s.Pipe, s.Items, s.Where = PipeWhere, []SelectItem{starItem(t)}, p.expr()
		if p.isWord("WINDOW") && p.peek(2).up == "AS" {
			p.refuse("NOT_ALLOWED_IN_PIPE_OPERATOR_WHERE.WINDOW_CLAUSE", p.tok().pos, "put WINDOW behind |> SELECT", "|> WHERE takes no WINDOW clause")
		}
	case p.acceptWord("AGGREGATE") != "":
		p.pipeAggregate(s, t)
	case p.isWord("PIVOT", "UNPIVOT"):
		p.pipePivot(s, in, t)
	case p.isWord("TABLESAMPLE"):
		s.Pipe, s.Items = PipeSample, []SelectItem{starItem(t)}
		in.Sample = p.sample()
	default:
		out = p.pipeRest(start, left, s, in)
	}
	s.At = p.from(start)
	return out
}

// starItem is the * that an operator implies, at the place of its keyword.
func starItem(t *token) SelectItem {
	at := At{t.pos}
	return SelectItem{At: at, X: &Star{At: at}}
}

func (p *parser) pipeSelect(s *Select) {
	s.Pipe = PipeSelect
	p.selectList(s)
	if p.isWords("GROUP", "BY") {
		s.GroupBy = p.groupBy(false)
	}
	if p.isWord("WINDOW") && p.peek(2).up == "AS" {
		s.Windows = p.windows()
	}
	if p.isWord("FROM") {
		p.refuse(classSyntax, p.tok().pos, "the rows come from the query before |>", "|> SELECT takes no FROM")
	}
}

// pipeSet reads a = x, b = y: one Select for each, so that a later one sees the earlier values.
func (p *parser) pipeSet(start int, s *Select) Body {
	cur := s
	for first := true; first || p.acceptOp(","); first = false {
		at := p.start()
		id := p.dashed(p.anyIdent("the column to set"))
		if p.isOp(".") {
			p.refuse(classNotAllowed, p.tok().pos, "name a column of its own, or compute the struct anew", "|> SET takes no fields of columns")
		}
		if !p.acceptOp("=") {
			p.expectOp("==")
		}
		x := p.expr()
		star := &Star{At: p.from(at), Replace: &Replacement{p.from(at), id, x}}
		if !first {
			s.At = p.from(start)
			cur = &Select{From: []Relation{pipeInput(cur)}}
			p.link()
		}
		cur.Pipe, cur.Items, cur.At = PipeSet, []SelectItem{{At: star.At, X: star}}, p.from(start)
	}
	return cur
}

func (p *parser) pipeAggregate(s *Select, t *token) {
	s.Pipe = PipeAggregate
	if !p.isWords("GROUP", "BY") && !p.endsItem() {
		s.Items = list(p, p.selectItem)
	}
	if p.isWords("GROUP", "BY") {
		s.GroupBy = p.groupBy(true)
		p.pipeGroups(s.GroupBy)
	}
	if s.GroupBy == nil && len(s.Items) == 0 {
		p.refuse(classNotAllowed, t.pos, "write for example |> AGGREGATE count(*) GROUP BY a", "|> AGGREGATE needs aggregates, GROUP BY, or both")
	}
}

// pipeGroups refuses what Spark has not with |> AGGREGATE.
func (p *parser) pipeGroups(g *GroupBy) {
	what := ""
	if g.All {
		what = "ALL"
	}
	for _, it := range g.Items {
		if it.Kind != GroupExpr {
			what = map[GroupKind]string{Cube: "CUBE", Rollup: "ROLLUP", GroupSets: "GROUPING SETS"}[it.Kind]
		}
	}
	if what != "" {
		panic(bail{errs.New(classUnsupported+".PIPE_OPERATOR_AGGREGATE_UNSUPPORTED_CASE", "|> AGGREGATE has no GROUP BY %s", what).State("0A000").
			At(p.src, g.Pos).WithHint("write |> SELECT … GROUP BY %s", what)})
	}
}

func (p *parser) pipePivot(s *Select, in *SubqueryRef, t *token) {
	s.Items = []SelectItem{starItem(t)}
	if s.Pipe = PipePivot; p.isWord("UNPIVOT") {
		s.Pipe = PipeUnpivot
		s.From[0] = p.unpivot(in)
	} else {
		s.From[0] = p.pivot(in)
	}
	if p.isPivot() {
		p.refuse("NOT_ALLOWED_IN_FROM.UNPIVOT_WITH_PIVOT", p.tok().pos, "put |> before it", "One pipe operator takes one of PIVOT and UNPIVOT")
	}
}

// pipeRest reads joins, set operations, and what orders and limits.
func (p *parser) pipeRest(start int, left Body, s *Select, in *SubqueryRef) Body {
	t := p.tok()
	if op := p.setOp(); op != "" {
		if _, ok := left.(*SetOp); ok { // what was written before |> is finished
			left = &Query{At: At{left.Span()}, Body: left}
		}
		p.link()
		p.i++
		all := p.acceptWord("ALL", "DISTINCT") == "ALL"
		right := p.queryPrimary()
		return &SetOp{p.from(start), op, all, left, right}
	}
	if j, ok := p.join(in, start); ok {
		s.Pipe, s.Items, s.From[0] = PipeJoin, []SelectItem{starItem(t)}, j
		return s
	}
	q, here := &Query{Body: s}, p.i
	p.clauses(q)
	q.At = p.from(start)
	if p.i == here {
		p.fail("a pipe operator such as WHERE, SELECT, EXTEND or AGGREGATE", append(slices.Clone(pipeWords), "LEFT", "RIGHT", "FULL", "INNER", "CROSS")...)
	}
	p.onePipeClause(q, t)
	s.Pipe, s.Items, s.At = PipeOrganize, []SelectItem{starItem(t)}, q.At
	return q
}

// organized reports whether anything orders, spreads or limits the query.
func (q *Query) organized() bool {
	return len(q.Order)+len(q.Cluster)+len(q.Distribute)+len(q.Sort)+len(q.Windows) > 0 || q.OrderAll != nil || q.Limit != nil || q.Offset != nil
}

// onePipeClause refuses ORDER BY and LIMIT in one operator, as Spark does.
func (p *parser) onePipeClause(q *Query, t *token) {
	var have []string
	for _, c := range []struct {
		there bool
		name  string
	}{
		{len(q.Order) > 0 || q.OrderAll != nil, "ORDER BY"}, {len(q.Cluster) > 0, "CLUSTER BY"}, {len(q.Distribute) > 0, "DISTRIBUTE BY"},
		{len(q.Sort) > 0 && len(q.Distribute) == 0, "SORT BY"}, {q.Limit != nil, "LIMIT"}, {q.Offset != nil && q.Limit == nil, "OFFSET"},
	} {
		if c.there {
			have = append(have, c.name)
		}
	}
	if len(q.Windows) > 0 {
		p.refuse("UNSUPPORTED_FEATURE.CLAUSE_WITH_PIPE_OPERATORS", q.Windows[0].Pos, "put WINDOW behind |> SELECT", "This pipe operator takes no WINDOW clause")
	}
	if len(have) > 1 {
		panic(bail{errs.New("MULTIPLE_QUERY_RESULT_CLAUSES_WITH_PIPE_OPERATORS", "%s cannot stand in one pipe operator", strings.Join(have, " and ")).State("42000").
			At(p.src, t.pos).WithHint("put |> before each of them")})
	}
}
