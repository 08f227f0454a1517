package engine

import (
	"context"
	"iter"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/sys"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Session is what one user's statements share: the current schema, settings, temporary views and
// variables. Its statements run one after the other.
type Session struct {
	e *Engine

	running  chan struct{} // holds a value while a statement runs
	sys      *sys.Sys      // the engine's, in the session's folder
	confined bool

	mu       sync.Mutex // of what follows
	current  string     // database of bare names
	settings settings
	zone     *time.Location
	views    *database // temporary views, and tables of CREATE TEMPORARY VIEW … USING
	vars     map[string]*variable
}

// SessionOptions says how a session begins.
type SessionOptions struct {
	Database string            // of bare names; "": default
	Settings map[string]string // as by SET
	// Dir is what relative paths begin at; "": the process's working directory.
	Dir string
	// Confined keeps the session from files and databases that its statements name: it is somebody's who
	// has not shown that the process's owner would let them. Tables that are there are open to it.
	Confined bool
}

// Args are what a script is run with: the values of its parameters, :name, or ? in the order of the text.
type Args struct {
	Named      map[string]vec.Col // of one row each; names without case
	Positional []vec.Col
	Expand     sql.Expander  // of ${name}; nil: it stays as it is
	Read       *atomic.Int64 // counts the rows that are read from tables; nil: nobody asks
}

// defaultDatabase is the schema that a session begins in and that always exists.
const defaultDatabase = "default"

// NewSession begins a session.
func (e *Engine) NewSession(o SessionOptions) (*Session, error) {
	world := *e.sys
	if o.Dir != "" {
		world.Dir = o.Dir
	}
	s := &Session{e: e, sys: &world, confined: o.Confined, running: make(chan struct{}, 1), current: o.Database, settings: settings{}, zone: e.zone, views: newDatabase(), vars: map[string]*variable{}}
	if s.current == "" {
		s.current = defaultDatabase
	}
	for k, v := range o.Settings {
		if _, err := s.set(k, v); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Query runs a script in a session of its own, for who keeps none.
func (e *Engine) Query(ctx context.Context, src *errs.Source, database string) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		s, err := e.NewSession(SessionOptions{Database: database})
		if err != nil {
			yield(Result{}, err)
			return
		}
		for r, err := range s.Run(ctx, src, Args{}) {
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Run runs a script and yields each statement's result or error. After an error it goes on with
// the next statement, if the caller does.
func (s *Session) Run(ctx context.Context, src *errs.Source, args Args) iter.Seq2[Result, error] {
	return func(yield func(Result, error) bool) {
		for at := 0; at >= 0; {
			at = s.runFrom(ctx, src, at, args, yield)
		}
	}
}

// runFrom runs the statements from an offset on. It returns where to go on after a SET, which may have
// given a value to a ${name} that follows; -1 at the end.
func (s *Session) runFrom(ctx context.Context, src *errs.Source, at int, args Args, yield func(Result, error) bool) int {
	expand, again := sql.Expander(args.Expand), false
	if expand == nil && strings.Contains(src.Text[at:], "${") {
		expand, again = s.substitute, true
	}
	for st, err := range sql.Statements(from(src, at), expand) {
		var r Result
		if err == nil {
			r, err = s.one(ctx, src, st, args)
		}
		if !yield(r, err) {
			return -1
		}
		if set, ok := st.(*sql.Set); ok && again && set.HasValue {
			return set.Span().End
		}
	}
	return -1
}

// from is a text without what stands before an offset, so that places stay what they are.
func from(src *errs.Source, at int) *errs.Source {
	if at == 0 {
		return src
	}
	head := []byte(src.Text[:at])
	for i, c := range head {
		if c != '\n' {
			head[i] = ' '
		}
	}
	return &errs.Source{Name: src.Name, Text: string(head) + src.Text[at:]}
}

// substitute puts settings in place of ${name}: nothing where there is none, as Spark does
// (spark.sql.variable.substitute).
func (s *Session) substitute(text string) (string, error) {
	return expand(text, func(name string) (string, bool, error) {
		v, ok := s.get(name)
		return v, ok || !strings.Contains(text, ":-"), nil
	})
}

func (s *Session) one(ctx context.Context, src *errs.Source, st sql.Statement, args Args) (r Result, err error) {
	select {
	case s.running <- struct{}{}:
		defer func() { <-s.running }()
	case <-ctx.Done():
		return Result{}, ctx.Err()
	}
	err = s.e.guarded(func() (err error) {
		r, err = s.statement(ctx, scope{src: src, database: s.database(), session: s, args: args}, st)
		return err
	})
	return r, err
}

func (s *Session) database() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

// fnContext is what the functions of one statement depend on.
func (s *Session) fnContext() fn.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fn.Context{Zone: s.zone, Now: s.e.sys.Clock.Now().UnixMicro(), Seed: int64(s.e.sys.Rand.Uint64() >> 1), User: s.user(), Database: s.current}
}

// done is the result of a statement that gives no rows.
func done() Result { return Result{} }

// rows makes a result of texts; a nil text is NULL.
func (s *Session) rows(columns types.Schema, rows [][]any) Result {
	b := vec.NewBuilder(columns)
	for _, r := range rows {
		for i, v := range r {
			switch v := v.(type) {
			case nil:
				b.Cols[i].AppendNull()
			case string:
				b.Cols[i].AppendString(v)
			case bool:
				vec.Append(b.Cols[i], v)
			}
		}
	}
	out := b.Finish()
	out.N = len(rows)
	return Result{columns, out, s.fnContext()}
}

// texts is a schema of STRING columns.
func texts(names ...string) types.Schema {
	var s types.Schema
	for _, n := range names {
		s = append(s, types.Field{Name: n, Type: types.StringType, Nullable: true})
	}
	return s
}

func (s *Session) zoneNow() *time.Location {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.zone
}
