package engine

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
	"github.com/azud/azud/internal/plan/analyze"
	"github.com/azud/azud/internal/types"
)

// Table is a declared table. It implements plan.Table.
type Table struct {
	e        *Engine
	database string
	name     string
	conn     *connector.Connector
	options  connector.Options

	columns types.Schema // as declared; empty if none were
	writer  string       // the flow planned last to write it; only Engine.Add touches it
	stored  *stored      // of a table made by a session's CREATE TABLE, else nil

	mu      sync.Mutex
	learned types.Schema // without declared ones: from the flow that writes it, or the connector
}

var _ plan.Sized = (*Table)(nil)

// Name is database.table.
func (t *Table) Name() string { return t.database + "." + t.name }

// Connector is the name of the table's connector.
func (t *Table) Connector() string { return t.conn.Name }

// Schema is the columns; empty for a sink that nobody has written to.
func (t *Table) Schema() types.Schema {
	if len(t.columns) > 0 {
		return t.columns
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.learned
}

// Stats is how much the table holds, as far as its connector can tell without reading it.
func (t *Table) Stats(ctx context.Context) plan.TableStats {
	unknown := plan.TableStats{Rows: -1, Bytes: -1}
	if t.conn.Batch == nil {
		return unknown
	}
	quiet := &reporter{flow: t.Name(), clock: t.e.sys.Clock, log: func(string) {}}
	src, err := t.conn.Batch(ctx, t.e.connectorEnv(quiet, nil), t.declared(false))
	if err != nil {
		return unknown // the query's own reading will say so
	}
	defer src.Close()
	s, err := src.Stats(ctx)
	if err != nil {
		return unknown
	}
	return plan.TableStats{Rows: s.Rows, Bytes: s.Bytes, Distinct: s.Distinct}
}

func (t *Table) learn(s types.Schema) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.learned = s
}

// declared is the table as its connector sees it.
func (t *Table) declared(stream bool) connector.Table {
	return connector.Table{Name: t.Name(), Columns: t.columns, Options: t.options, Stream: stream}
}

// catalog holds tables and views by database. Safe for concurrent use.
type catalog struct {
	mu        sync.Mutex
	databases map[string]*database
	order     []string // databases as they came
}

type database struct {
	tables  map[string]*Table
	views   map[string]*view
	comment string
	made    bool // by CREATE SCHEMA, not by a pipeline
}

// view is a query with a name.
type view struct {
	analyze.View
	name     string
	comment  string
	text     string            // the query as written
	shown    []string          // the names of its columns
	kept     bool              // made by a session: it outlives the process
	comments map[string]string // of columns
}

func newDatabase() *database {
	return &database{tables: map[string]*Table{}, views: map[string]*view{}}
}

// has reports whether a table or view of the name is there.
func (d *database) has(name string) bool {
	key := strings.ToLower(name)
	return d.tables[key] != nil || d.views[key] != nil
}

// newCatalog holds the schema default, empty.
func newCatalog() *catalog {
	c := &catalog{databases: map[string]*database{}}
	c.database(defaultDatabase).made = true
	return c
}

func (c *catalog) database(name string) *database {
	key := strings.ToLower(name)
	d := c.databases[key]
	if d == nil {
		d = newDatabase()
		c.databases[key] = d
		c.order = append(c.order, key)
	}
	return d
}

func (c *catalog) addTable(t *Table, ifNotExists bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.database(t.database)
	key := strings.ToLower(t.name)
	if d.tables[key] != nil || d.views[key] != nil {
		if ifNotExists {
			return nil
		}
		return errs.New("TABLE_OR_VIEW_ALREADY_EXISTS", "%s exists already", t.Name()).State("42P07").
			WithHint("give it another name, or write CREATE TABLE IF NOT EXISTS")
	}
	d.tables[key] = t
	return nil
}

func (c *catalog) addView(db string, v *view, replace, ifNotExists bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.database(db)
	key := strings.ToLower(v.name)
	switch {
	case ifNotExists && d.has(key):
		return nil
	case d.tables[key] != nil && replace:
		return errs.New("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", "%s.%s is a table, not a view", db, v.name).State("42809").
			WithHint("give the view another name")
	case d.has(key) && !replace:
		return errs.New("TABLE_OR_VIEW_ALREADY_EXISTS", "%s.%s exists already", db, v.name).State("42P07").
			WithHint("give it another name, or write CREATE OR REPLACE VIEW")
	}
	d.views[key] = v
	return nil
}

// remove forgets a database, when its pipeline could not be started.
func (c *catalog) remove(db string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := strings.ToLower(db)
	delete(c.databases, key)
	c.order = slices.DeleteFunc(c.order, func(s string) bool { return s == key })
}

// places lists the databases to look in: the one named, or the current one and those of pipelines.
func (c *catalog) places(parts []string, current string) (dbs []string, name string) {
	name = strings.ToLower(parts[len(parts)-1])
	if len(parts) > 1 {
		return []string{strings.ToLower(parts[len(parts)-2])}, name
	}
	for _, db := range c.order {
		if db == strings.ToLower(current) || !c.databases[db].made {
			dbs = append(dbs, db)
		}
	}
	return dbs, name
}

// table finds a table. A bare name is looked for in the current database, then in those of pipelines; in
// several of them it is ambiguous.
func (c *catalog) table(parts []string, current string) (*Table, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.databases[strings.ToLower(current)]; d != nil && len(parts) == 1 {
		if t := d.tables[strings.ToLower(parts[0])]; t != nil {
			return t, nil
		}
	}
	dbs, name := c.places(parts, current)
	var found []*Table
	for _, db := range dbs {
		if d := c.databases[db]; d != nil && d.tables[name] != nil {
			found = append(found, d.tables[name])
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, errs.New("AMBIGUOUS_REFERENCE", "several pipelines have a table %s", name).State("42704").
			WithHint("write %s or %s", found[0].Name(), found[1].Name())
	}
	return nil, c.notFound(parts)
}

func (c *catalog) view(parts []string, current string) (*view, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.databases[strings.ToLower(current)]; d != nil && len(parts) == 1 {
		if v := d.views[strings.ToLower(parts[0])]; v != nil {
			return v, true
		}
	}
	dbs, name := c.places(parts, current)
	for _, db := range dbs {
		if d := c.databases[db]; d != nil && d.views[name] != nil {
			return d.views[name], true
		}
	}
	return nil, false
}

func (c *catalog) notFound(parts []string) error {
	var names []string // as people would write them here: bare, or with the database if they did
	for _, db := range c.order {
		prefix := ""
		if len(parts) > 1 {
			prefix = db + "."
		}
		for name := range c.databases[db].tables {
			names = append(names, prefix+name)
		}
		for name := range c.databases[db].views {
			names = append(names, prefix+name)
		}
	}
	slices.Sort(names)
	asked := strings.Join(parts, ".")
	e := errs.New("TABLE_OR_VIEW_NOT_FOUND", "the table or view %s cannot be found", asked).State("42P01")
	if near := errs.Near(asked, names); len(near) > 0 {
		return e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	if len(names) == 0 {
		return e.WithHint("no pipeline is running, so there are no tables")
	}
	return e.WithHint("SHOW TABLES lists what there is")
}

// own finds what a schema itself holds under a name; the table is nil if it is a view.
func (c *catalog) own(db, name string) (*Table, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.databases[strings.ToLower(db)]
	if d == nil {
		return nil, false
	}
	return d.tables[strings.ToLower(name)], d.has(name)
}

// put enters a table, in place of one of its name.
func (c *catalog) put(t *Table) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.database(t.database).tables[strings.ToLower(t.name)] = t
}

// drop forgets the table or view that a name means.
func (c *catalog) drop(parts []string, current string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	dbs, name := c.places(parts, current)
	if d := c.databases[strings.ToLower(current)]; d != nil && len(parts) == 1 && d.has(name) {
		dbs = []string{strings.ToLower(current)}
	}
	for _, db := range dbs {
		if d := c.databases[db]; d != nil && d.has(name) {
			delete(d.tables, name)
			delete(d.views, name)
			return
		}
	}
}

func (c *catalog) hasDatabase(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.databases[strings.ToLower(name)] != nil
}

// makeDatabase makes a schema that stays.
func (c *catalog) makeDatabase(name, comment string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.database(name)
	d.made, d.comment = true, comment
}

// contents is what a schema holds, and whether CREATE SCHEMA made it.
func (c *catalog) contents(name string) (tables []*Table, views []*view, made bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.databases[strings.ToLower(name)]
	if d == nil {
		return nil, nil, false
	}
	for _, k := range slices.Sorted(maps.Keys(d.tables)) {
		tables = append(tables, d.tables[k])
	}
	for _, k := range slices.Sorted(maps.Keys(d.views)) {
		views = append(views, d.views[k])
	}
	return tables, views, d.made
}

// names lists the schemas.
func (c *catalog) names() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Sorted(slices.Values(c.order))
}

// comment is a schema's.
func (c *catalog) comment(name string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := c.databases[strings.ToLower(name)]; d != nil {
		return d.comment
	}
	return ""
}

// renameTable and renameView change a name within a schema.
func (c *catalog) renameTable(t *Table, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.database(t.database)
	delete(d.tables, strings.ToLower(t.name))
	t.name = name
	d.tables[strings.ToLower(name)] = t
}

func (c *catalog) renameView(db string, v *view, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.database(db)
	delete(d.views, strings.ToLower(v.name))
	next := *v
	next.name = name
	d.views[strings.ToLower(name)] = &next
}

// setColumns changes a table's columns.
func (c *catalog) setColumns(t *Table, s types.Schema) {
	c.mu.Lock()
	defer c.mu.Unlock()
	t.columns = s
}

// reachable are the schemas whose tables bare names mean, sorted.
func (c *catalog) reachable(current string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	dbs, _ := c.places([]string{""}, current)
	return slices.Sorted(slices.Values(dbs))
}

// setComment changes the comment of a schema.
func (c *catalog) setComment(db, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.database(db).comment = text
}
