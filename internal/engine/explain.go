package engine

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/exec"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/plan/optimize"
	"github.com/azud/azud/internal/sql"
)

// explained is what EXPLAIN shows: a query, and what is done with its rows.
type explained struct {
	does      string // e.g. InsertInto default.t; "": the rows are the answer
	analyzed  plan.Node
	optimized plan.Node
}

// explain is EXPLAIN in its modes. Nothing is written: of an INSERT and the like only the query is
// planned, and run if ANALYZE asks for that.
func (s *Session) explain(ctx context.Context, at scope, st *sql.Explain) (Result, error) {
	if st.Mode == "CODEGEN" {
		return Result{}, errs.New("UNSUPPORTED_FEATURE", "there is no generated code to show").State("0A000").At(at.src, st.Span()).
			WithHint("EXPLAIN FORMATTED shows the operators, EXPLAIN ANALYZE what each of them did")
	}
	x, err := s.explained(ctx, at, st.Stmt)
	if err != nil {
		return Result{}, err
	}
	if x.analyzed == nil {
		return s.lines("plan", "Execute "+sql.Print(st.Stmt)+"\n"), nil
	}
	if x.optimized, err = s.optimized(ctx, x.analyzed); err != nil {
		return Result{}, err
	}
	switch st.Mode {
	case "EXTENDED":
		return s.lines("plan", "== Parsed ==\n"+sql.Print(st.Stmt)+"\n\n== Analyzed ==\n"+columnsLine(x.analyzed)+x.tree(x.analyzed, nil)+
			"\n== Optimized ==\n"+x.tree(x.optimized, nil)), nil
	case "FORMATTED":
		return s.lines("plan", x.formatted()), nil
	case "COST":
		rows := optimize.Estimate(ctx, x.optimized)
		return s.lines("plan", x.tree(x.optimized, func(n plan.Node) string { return fmt.Sprintf("  ~%s rows", shortNumber(rows(n))) })), nil
	case "ANALYZE":
		text, err := s.explainRun(ctx, at, x)
		return s.lines("plan", text), err
	}
	return s.lines("plan", x.tree(x.optimized, nil)), nil
}

// explained analyzes the query of a statement; a statement without one gives no plan.
func (s *Session) explained(ctx context.Context, at scope, st sql.Statement) (x explained, err error) {
	query := func(q *sql.Query) {
		x.analyzed, err = analyze.Query(ctx, q, s.e.env(ctx, at, false))
	}
	switch st := st.(type) {
	case *sql.QueryStmt:
		query(st.Query)
	case *sql.Insert:
		return s.explainedInsert(ctx, at, st)
	case *sql.InsertDir:
		x.does = fmt.Sprintf("InsertOverwriteDirectory '%s' USING %s", st.Path, cmp.Or(st.Using.String(), defaultFormat))
		query(st.Query)
	case *sql.CreateTable:
		if st.Query != nil {
			x.does = fmt.Sprintf("CreateTable %s USING %s", st.Name, cmp.Or(st.Using.String(), defaultFormat))
			query(st.Query)
		}
	case *sql.CreateView:
		if st.Query != nil {
			x.does = "CreateView " + st.Name.String()
			query(st.Query)
		}
	}
	return x, err
}

func (s *Session) explainedInsert(ctx context.Context, at scope, st *sql.Insert) (x explained, err error) {
	t, _, err := s.find(ctx, at, st.Table)
	if err != nil {
		return x, err
	}
	if t == nil {
		return x, errs.New("UNSUPPORTED_INSERT.RDD_BASED", "%s is a view, and rows go into tables", st.Table).State("42809").At(at.src, st.Table.Span())
	}
	x.does = "InsertInto " + t.Name()
	if st.Overwrite {
		x.does = "InsertOverwrite " + t.Name()
	}
	if len(st.Partition) > 0 {
		if st, err = s.withPartition(at, t, st); err != nil {
			return x, err
		}
	}
	n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
	if err != nil {
		return x, err
	}
	into := analyze.Target{Name: t.Name(), Schema: t.Schema(), ByName: st.ByName, Source: at.src, At: st.Table.Span()}
	for _, c := range st.Columns {
		into.Columns = append(into.Columns, c.Name)
	}
	x.analyzed, err = analyze.Insert(into, n)
	return x, err
}

// columnsLine is the names and types of a plan's columns, as Spark heads an analyzed plan.
func columnsLine(n plan.Node) string {
	var parts []string
	for _, f := range plan.SchemaOf(n) {
		parts = append(parts, f.Name+": "+f.Type.String())
	}
	return strings.Join(parts, ", ") + "\n"
}

// tree is a plan below what is done with its rows, with a note behind each node.
func (x explained) tree(n plan.Node, note func(plan.Node) string) string {
	var b strings.Builder
	depth := 0
	if x.does != "" {
		b.WriteString(x.does + "\n")
		depth = 1
	}
	var walk func(n plan.Node, depth int)
	walk = func(n plan.Node, depth int) {
		b.WriteString(strings.Repeat("  ", depth) + plan.Describe(n))
		if note != nil {
			b.WriteString(note(n))
		}
		b.WriteByte('\n')
		for _, c := range n.Children() {
			walk(c, depth+1)
		}
	}
	walk(n, depth)
	return b.String()
}

// formatted numbers the operators, inputs first, and tells about each below.
func (x explained) formatted() string {
	number := map[plan.Node]int{}
	var order []plan.Node
	var count func(n plan.Node)
	count = func(n plan.Node) {
		for _, c := range n.Children() {
			count(c)
		}
		if number[n] == 0 {
			order = append(order, n)
			number[n] = len(order)
		}
	}
	count(x.optimized)
	var b strings.Builder
	var draw func(n plan.Node, first, rest string)
	draw = func(n plan.Node, first, rest string) {
		fmt.Fprintf(&b, "%s%s (%d)\n", first, operatorName(n), number[n])
		kids := n.Children()
		for i, c := range kids {
			if i < len(kids)-1 {
				draw(c, rest+":- ", rest+":  ")
			} else {
				draw(c, rest+"+- ", rest+"   ")
			}
		}
	}
	if x.does != "" {
		b.WriteString(x.does + "\n")
		draw(x.optimized, "+- ", "   ")
	} else {
		draw(x.optimized, "", "")
	}
	for _, n := range order {
		fmt.Fprintf(&b, "\n(%d) %s\n", number[n], operatorName(n))
		for i, c := range n.Children() {
			if i == 0 {
				b.WriteString("Input:  ")
			} else {
				b.WriteString("        ")
			}
			fmt.Fprintf(&b, "(%d) %s\n", number[c], attributes(c))
		}
		fmt.Fprintf(&b, "Output: %s\n", attributes(n))
		if what := strings.TrimSpace(strings.TrimPrefix(plan.Describe(n), operatorName(n))); what != "" && what != attributes(n) {
			fmt.Fprintf(&b, "Does:   %s\n", what)
		}
	}
	return b.String()
}

// operatorName is the beginning of a node's description: Scan and its table, Inner join, Aggregate.
func operatorName(n plan.Node) string {
	words := strings.Fields(plan.Describe(n))
	switch n := n.(type) {
	case *plan.Scan:
		return "Scan " + n.Table.Name()
	case *plan.Join:
		for i, w := range words {
			if w == "join" {
				return strings.Join(words[:i+1], " ")
			}
		}
	}
	return words[0]
}

func attributes(n plan.Node) string {
	var parts []string
	for _, a := range n.Output() {
		parts = append(parts, fmt.Sprintf("%s#%d", a.Name, a.ID))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// explainRun runs a plan, drops its rows and tells what each operator did.
func (s *Session) explainRun(ctx context.Context, at scope, x explained) (string, error) {
	clock := s.e.sys.Clock
	start := clock.Now()
	r := &reading{e: s.e, sys: s.sys, zone: s.zoneNow(), read: at.args.Read}
	defer r.close()
	o := s.buildOptions(at)
	o.Stats = &exec.Profile{Now: func() time.Duration { return clock.Now().Sub(start) }}
	op, err := exec.Build(x.optimized, o)
	if err != nil {
		return "", err
	}
	defer op.Close()
	for _, err := range op.Run(ctx, s.task(r)) {
		if err != nil {
			return "", err
		}
	}
	took := clock.Now().Sub(start)
	text := x.tree(x.optimized, func(n plan.Node) string { return did(o.Stats.Of(n)) })
	if x.does != "" {
		text = strings.Replace(text, "\n", "  (not done: EXPLAIN writes nothing)\n", 1)
	}
	return text + "total time " + shortTime(took) + "\n", nil
}

// did is what an operator did; the operators of a lateral join's right side are made anew for each
// row and not counted.
func did(s *exec.NodeStats) string {
	if s == nil {
		return ""
	}
	out := fmt.Sprintf("  rows %d, batches %d, time %s", s.Rows.Load(), s.Batches.Load(), shortTime(time.Duration(s.Nanos.Load())))
	if m := s.Memory.Load(); m > 0 {
		out += ", memory " + shortBytes(m)
	}
	if n := s.Spilled.Load(); n > 0 {
		out += ", spilled " + shortBytes(n)
	}
	return out
}

func shortTime(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case d < time.Second:
		return fmt.Sprintf("%.3g ms", float64(d)/float64(time.Millisecond))
	}
	return fmt.Sprintf("%.3g s", d.Seconds())
}

func shortBytes(n int64) string {
	v, units := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	i := 0
	for ; v >= 1024 && i < len(units)-1; i++ {
		v /= 1024
	}
	return fmt.Sprintf("%.4g %s", v, units[i])
}

// shortNumber is a number of rows that was estimated: three digits of it mean something.
func shortNumber(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%.0f", v)
	}
	i, units := 0, []string{"", "k", "M", "G", "T", "P"}
	for ; v >= 1000 && i < len(units)-1; i++ {
		v /= 1000
	}
	return fmt.Sprintf("%.3g%s", v, units[i])
}
