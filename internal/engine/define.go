package engine

import (
	"context"
	"errors"
	"maps"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// stored is what a table has that a session's CREATE TABLE made.
type stored struct {
	partitions []string // columns, which are the last of the schema
	managed    bool     // its files belong to the table and go with it
	comment    string
	properties map[string]string
	comments   map[string]string // of columns, by the name in small letters
	defaults   map[string]string // of columns, as written
	lengths    map[string]length // of columns of CHAR and VARCHAR
}

// defaultFormat is the connector of tables that name none. Spark: spark.sql.sources.default.
const defaultFormat = "parquet"

// createTable makes a table, with AS of a query's rows.
func (s *Session) createTable(ctx context.Context, at scope, st *sql.CreateTable) error {
	if st.Temporary {
		return errs.New("UNSUPPORTED_FEATURE", "a temporary table is not supported").State("0A000").At(at.src, st.Span()).
			WithHint("write CREATE TEMPORARY VIEW … AS SELECT …")
	}
	t, err := s.newStored(at, st)
	if err != nil {
		return err
	}
	old, there := s.e.catalog.own(t.database, t.name)
	switch {
	case there && st.IfNotExists:
		return nil
	case there && !st.OrReplace:
		return s.exists(at, t, st.Name)
	case there && old == nil:
		return errs.New("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", "%s is a view, not a table", t.Name()).State("42809").At(at.src, st.Name.Span())
	}
	if st.Query != nil {
		return s.createAs(ctx, at, st, t, old)
	}
	if t.stored.managed && len(t.columns) == 0 {
		return errs.New("UNABLE_TO_INFER_SCHEMA", "the table %s has neither columns nor a query, and no files to learn them from", t.name).State("42KD9").
			At(at.src, st.Name.Span()).WithHint("write CREATE TABLE %s (name TYPE, …), or … AS SELECT …", t.name)
	}
	return at.at(s.makeEmpty(t, old), st.Name.Span())
}

// makeEmpty makes a table without rows. The files of one that it replaces are moved away first and
// removed last.
func (s *Session) makeEmpty(t, old *Table) error {
	fs, aside := s.e.sys.FS, ""
	if old != nil && old.stored != nil && old.stored.managed {
		aside = old.options["path"] + ".old"
		if err := fs.RemoveAll(aside); err != nil {
			return errs.Wrap(err, "TABLE_NOT_MADE", "what is left of an older %s cannot be removed", t.Name())
		}
		if err := fs.Rename(old.options["path"], aside); err != nil {
			return errs.Wrap(err, "TABLE_NOT_MADE", "the files of the old %s cannot be moved away", t.Name())
		}
	}
	if t.stored.managed {
		if err := s.freshFolder(t); err != nil {
			if aside != "" {
				err = errors.Join(err, fs.Rename(aside, old.options["path"]))
			}
			return err
		}
	}
	if err := s.keep(t); err != nil || aside == "" {
		return err
	}
	return fs.RemoveAll(aside)
}

// freshFolder makes the folder of a managed table; one with files is nobody's and not taken over.
// Spark: LOCATION_ALREADY_EXISTS.
func (s *Session) freshFolder(t *Table) error {
	path := t.options["path"]
	if list, err := s.e.sys.FS.List(path); err == nil && len(list) > 0 {
		return errs.New("LOCATION_ALREADY_EXISTS", "the folder of the table %s, %s, has files already", t.Name(), path).State("42710").
			WithHint("move them away, or give the table another name or a LOCATION")
	}
	if err := s.e.sys.FS.MkdirAll(path, 0o755); err != nil {
		return errs.Wrap(err, "TABLE_NOT_MADE", "the folder of %s cannot be made", t.Name())
	}
	return nil
}

func (s *Session) exists(at scope, t *Table, n sql.Name) error {
	return errs.New("TABLE_OR_VIEW_ALREADY_EXISTS", "%s exists already", t.Name()).State("42P07").At(at.src, n.Span()).
		WithHint("give it another name, or write CREATE TABLE IF NOT EXISTS, CREATE OR REPLACE TABLE or DROP TABLE first")
}

// newStored makes a table of its declaration; it is in no catalog yet.
func (s *Session) newStored(at scope, st *sql.CreateTable) (*Table, error) {
	if err := checkName(at, st.Name); err != nil {
		return nil, err
	}
	using := defaultFormat
	if len(st.Using.Parts) > 0 {
		using = st.Using.String()
	}
	t, err := s.e.newTable(at, st, using)
	if err != nil {
		return nil, err
	}
	if !s.e.catalog.hasDatabase(t.database) {
		return nil, s.noSchema(at, t.database, st.Name)
	}
	t.stored = &stored{comment: st.Comment, properties: map[string]string{}, comments: map[string]string{},
		defaults: map[string]string{}, lengths: map[string]length{}}
	for _, o := range st.Properties {
		t.stored.properties[o.Key] = o.Value
	}
	for _, c := range st.Columns {
		t.stored.describe(c)
	}
	if hasOption(t.conn, "path") && t.conn.Save != nil {
		if _, ok := t.options.Lookup("path"); !ok {
			if s.e.cfg.Warehouse == "" {
				return nil, errs.New("NO_WAREHOUSE", "there is no folder for tables of their own").At(at.src, st.Name.Span()).
					WithHint("add LOCATION 'folder'")
			}
			t.stored.managed = true
			t.options["path"] = s.e.place(t.database, t.name)
		}
	}
	return t, s.partitioned(at, st, t)
}

// describe keeps what a column's declaration says beyond its type.
func (d *stored) describe(c sql.ColumnDef) {
	key := strings.ToLower(c.Name.Name)
	if c.Comment != "" {
		d.comments[key] = c.Comment
	}
	if c.DefaultText != "" {
		d.defaults[key] = c.DefaultText
	}
	if c.Length > 0 {
		d.lengths[key] = length{c.Length, c.Char}
	}
}

// undescribe puts what is kept of a column into another declaration.
func (d *stored) undescribe(c *sql.ColumnDef) {
	key := strings.ToLower(c.Name.Name)
	c.Comment, c.DefaultText = d.comments[key], d.defaults[key]
	c.Length, c.Char = d.lengths[key].n, d.lengths[key].char
}

// place is the folder of a managed table.
func (e *Engine) place(db, name string) string {
	return e.sys.FS.PathJoin(e.cfg.Warehouse, strings.ToLower(db)+".db", strings.ToLower(name))
}

// partitioned moves the columns of PARTITIONED BY to the end, as Spark does.
func (s *Session) partitioned(at scope, st *sql.CreateTable, t *Table) error {
	if len(st.PartitionBy) == 0 {
		return nil
	}
	if !hasOption(t.conn, "partitionBy") {
		return errs.New("UNSUPPORTED_FEATURE", "tables USING %s have no partition folders", t.conn.Name).State("0A000").
			At(at.src, st.PartitionBy[0].Span())
	}
	for _, p := range st.PartitionBy {
		t.stored.partitions = append(t.stored.partitions, p.Name)
	}
	t.options["partitionBy"] = strings.Join(t.stored.partitions, ",")
	if len(t.columns) == 0 {
		return nil // a query or the files give them
	}
	moved, err := partitionsLast(t.columns, t.stored.partitions)
	if err != nil {
		return at.at(err, st.PartitionBy[0].Span())
	}
	t.columns = moved
	return nil
}

func partitionsLast(columns types.Schema, partitions []string) (types.Schema, error) {
	var last, rest types.Schema
	for _, p := range partitions {
		i := columns.Index(p)
		if i < 0 {
			e := errs.New("COLUMN_NOT_DEFINED_IN_TABLE", "the table has no column %s to be partitioned by", p).State("42703")
			if near := errs.Near(p, columns.Names()); len(near) > 0 {
				e.WithHint("did you mean %s?", strings.Join(near, ", "))
			}
			return nil, e
		}
		last = append(last, columns[i])
	}
	for _, c := range columns {
		if last.Index(c.Name) < 0 {
			rest = append(rest, c)
		}
	}
	if len(rest) == 0 && len(last) > 0 {
		return nil, errs.New("ALL_PARTITION_COLUMNS_NOT_ALLOWED", "a table needs a column that it is not partitioned by").State("KD005")
	}
	return append(rest, last...), nil
}

// createAs makes a table of a query's rows. A failure leaves what was there.
func (s *Session) createAs(ctx context.Context, at scope, st *sql.CreateTable, t, old *Table) error {
	if len(st.Columns) > 0 {
		return errs.New("UNSUPPORTED_FEATURE", "CREATE TABLE … AS SELECT takes its columns from the query").State("0A000").At(at.src, st.Columns[0].Span()).
			WithHint("leave the columns out, and name them with AS in the query")
	}
	n, err := analyze.Query(ctx, st.Query, s.e.env(ctx, at, false))
	if err != nil {
		return err
	}
	t.columns = plan.SchemaOf(n)
	for i := range t.columns {
		t.columns[i].Nullable = true
	}
	if name := twice(t.columns.Names()); name != "" {
		return errs.New("COLUMN_ALREADY_EXISTS", "the query has the column %s twice", name).State("42711").At(at.src, st.Query.Span()).
			WithHint("give one of them another name with AS")
	}
	if t.columns, err = partitionsLast(t.columns, t.stored.partitions); err != nil {
		return at.at(err, st.Name.Span())
	}
	mode := connector.SaveNew
	if old != nil {
		mode = connector.SaveOverwrite
	}
	if n, err = analyze.Insert(analyze.Target{Name: t.Name(), Schema: t.columns, ByName: true, Source: at.src, At: st.Name.Span()}, n); err != nil {
		return err
	}
	if err := s.write(ctx, at, t, n, mode); err != nil {
		return at.at(err, st.Name.Span())
	}
	return at.at(s.keep(t), st.Name.Span())
}

// keep puts a table into the catalog, in place of one of its name, and remembers it.
func (s *Session) keep(t *Table) error {
	s.e.catalog.put(t)
	return s.e.saveCatalog()
}

// createLike makes an empty table with the columns of another.
func (s *Session) createLike(ctx context.Context, at scope, st *sql.CreateTableLike) error {
	from, err := s.e.env(ctx, at, false).Resolve(st.Source.Strings(), st.Source.Span())
	if err != nil {
		return at.at(err, st.Source.Span())
	}
	using := st.Using
	table, isTable := from.(*Table)
	if len(using.Parts) == 0 && isTable && table.conn.Save != nil {
		using = sql.Name{At: st.At, Parts: []sql.Ident{{At: st.At, Name: table.conn.Name}}}
	}
	create := &sql.CreateTable{At: st.At, IfNotExists: st.IfNotExists, Name: st.Name, Using: using, Location: st.Location, Properties: st.Properties}
	for _, f := range from.Schema() {
		c := sql.ColumnDef{At: st.At, Name: sql.Ident{At: st.At, Name: f.Name}, Type: f.Type, NotNull: !f.Nullable}
		if isTable && table.stored != nil {
			table.stored.undescribe(&c)
		}
		create.Columns = append(create.Columns, c)
	}
	if isTable && table.stored != nil {
		for _, p := range table.stored.partitions {
			create.PartitionBy = append(create.PartitionBy, sql.Ident{At: st.At, Name: p})
		}
	}
	return s.createTable(ctx, at, create)
}

// createView makes a view: of the session, or one that stays. Its query is analyzed at once, so that
// what is wrong with it is said now.
func (s *Session) createView(ctx context.Context, at scope, st *sql.CreateView) error {
	if st.Query == nil {
		return s.viewUsing(ctx, at, st)
	}
	v := newView(at, st)
	n, err := s.viewPlan(ctx, at, st)
	if err != nil {
		return err
	}
	if len(v.Columns) > 0 && len(v.Columns) != len(n.Output()) {
		return errs.New("CREATE_VIEW_COLUMN_ARITY_MISMATCH."+arity(len(v.Columns), len(n.Output())), "the view %s names %d columns, but its query has %d",
			v.name, len(v.Columns), len(n.Output())).State("21S01").At(at.src, st.Name.Span())
	}
	v.shown = v.Columns
	if v.shown == nil {
		v.shown = plan.SchemaOf(n).Names()
	}
	if name := twice(v.shown); name != "" {
		return errs.New("COLUMN_ALREADY_EXISTS", "the view %s has the column %s twice", v.name, name).State("42711").At(at.src, st.Query.Span()).
			WithHint("give one of them another name with AS")
	}
	if st.Temporary || st.Global {
		return s.putTemporary(at, st, v, nil)
	}
	if x := unnamed(st); x != nil {
		return errs.New("CREATE_PERMANENT_VIEW_WITHOUT_ALIAS", "a column of the view %s has no name of its own", v.name).State("0A000").At(at.src, x.Span()).
			WithHint("give it one with AS, or write CREATE VIEW %s (name, …)", v.name)
	}
	if err := checkName(at, st.Name); err != nil {
		return err
	}
	db := at.database
	if len(st.Name.Parts) > 1 {
		db = st.Name.Parts[len(st.Name.Parts)-2].Name
	}
	if !s.e.catalog.hasDatabase(db) {
		return s.noSchema(at, db, st.Name)
	}
	v.kept = true
	if err := s.e.catalog.addView(db, v, st.OrReplace, st.IfNotExists); err != nil {
		return at.at(err, st.Name.Span())
	}
	return at.at(s.e.saveCatalog(), st.Name.Span())
}

func arity(names, columns int) string {
	if columns < names {
		return "NOT_ENOUGH_DATA_COLUMNS"
	}
	return "TOO_MANY_DATA_COLUMNS"
}

// viewUsing is CREATE TEMPORARY VIEW … USING: a table of the session.
func (s *Session) viewUsing(ctx context.Context, at scope, st *sql.CreateView) error {
	create := &sql.CreateTable{At: st.At, Name: st.Name, Using: st.Using, Columns: st.Defs, Options: st.Options}
	t, err := s.e.newTable(at, create, st.Using.String())
	if err != nil {
		return err
	}
	if _, err := s.readable(ctx, t); err != nil {
		return at.at(err, st.Name.Span())
	}
	return s.putTemporary(at, st, nil, t)
}

func (s *Session) putTemporary(at scope, st *sql.CreateView, v *view, t *Table) error {
	if len(st.Name.Parts) > 1 && !st.Global {
		return errs.New("TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS", "a temporary view's name has one part, not %s", st.Name).State("428EK").At(at.src, st.Name.Span())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.ToLower(st.Name.Last().Name)
	if st.Global {
		key = globalPrefix + key
	}
	if s.views.has(key) && !st.OrReplace {
		if st.IfNotExists {
			return nil
		}
		return errs.New("TEMP_TABLE_OR_VIEW_ALREADY_EXISTS", "the temporary view %s exists already", st.Name.Last().Name).State("42P07").
			At(at.src, st.Name.Span()).WithHint("write CREATE OR REPLACE TEMPORARY VIEW")
	}
	delete(s.views.tables, key)
	delete(s.views.views, key)
	if v != nil {
		s.views.views[key] = v
	} else {
		s.views.tables[key] = t
	}
	return nil
}

// alterTable renames, or changes properties.
func (s *Session) alterTable(ctx context.Context, at scope, st *sql.AlterTable) error {
	t, v, err := s.find(ctx, at, st.Name)
	switch {
	case err != nil:
		return err
	case len(st.Rename.Parts) > 0:
		return s.rename(at, st, t, v)
	case len(st.Add) > 0 && t != nil && t.stored != nil:
		return s.addColumns(at, st, t)
	case st.PartitionOp == "DROP" && t != nil && t.stored != nil && len(t.stored.partitions) > 0:
		return s.dropPartitions(ctx, at, st, t)
	case v != nil || t.stored == nil || st.PartitionOp != "":
		return errs.New("UNSUPPORTED_FEATURE", "this change of %s is not supported", st.Name).State("0A000").At(at.src, st.Span()).
			WithHint("CREATE OR REPLACE it, or make a new one and DROP the old one")
	}
	next := maps.Clone(t.stored.properties)
	for _, o := range st.Set {
		next[o.Key] = o.Value
	}
	for _, k := range st.Unset {
		if _, ok := next[k]; !ok && !st.IfExists {
			return errs.New("UNSET_NONEXISTENT_PROPERTIES", "the table %s has no property %s", t.Name(), k).State("42K0J").At(at.src, st.Span())
		}
		delete(next, k)
	}
	t.stored.properties = next
	return at.at(s.e.saveCatalog(), st.Span())
}

// alterView gives a view another query.
func (s *Session) alterView(ctx context.Context, at scope, st *sql.AlterView) error {
	_, v, err := s.find(ctx, at, st.Name)
	if err != nil {
		return err
	}
	if v == nil {
		return errs.New("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", "%s is a table, not a view", st.Name).State("42809").At(at.src, st.Name.Span())
	}
	temp, _ := s.temporary(st.Name.Strings())
	return s.createView(ctx, at, &sql.CreateView{At: st.At, OrReplace: true, Temporary: temp != nil, Name: st.Name, Query: st.Query, Text: st.Text})
}
