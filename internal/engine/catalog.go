package engine

import (
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
	database string
	name     string
	conn     *connector.Connector
	options  connector.Options

	columns types.Schema // as declared; empty if none were
	writer  string       // the flow planned last to write it; only Engine.Add touches it

	mu      sync.Mutex
	learned types.Schema // without declared ones: from the flow that writes it, or the connector
}

var _ plan.Table = (*Table)(nil)

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
	tables map[string]*Table
	views  map[string]*analyze.View
}

func newCatalog() *catalog { return &catalog{databases: map[string]*database{}} }

func (c *catalog) database(name string) *database {
	key := strings.ToLower(name)
	d := c.databases[key]
	if d == nil {
		d = &database{map[string]*Table{}, map[string]*analyze.View{}}
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

func (c *catalog) addView(db, name string, v *analyze.View, replace bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.database(db)
	key := strings.ToLower(name)
	if d.tables[key] != nil || d.views[key] != nil && !replace {
		return errs.New("TABLE_OR_VIEW_ALREADY_EXISTS", "%s.%s exists already", db, name).State("42P07").
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

// places lists the databases to look in: the one named, or current first and then all.
func (c *catalog) places(parts []string, current string) (dbs []string, name string) {
	name = strings.ToLower(parts[len(parts)-1])
	if len(parts) > 1 {
		return []string{strings.ToLower(parts[len(parts)-2])}, name
	}
	return c.order, name
}

// table finds a table. A bare name is looked for in the current database, then in all; in
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

func (c *catalog) view(parts []string, current string) (*analyze.View, bool) {
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

// list is all tables, by database and name.
func (c *catalog) list() []*Table {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []*Table
	for _, db := range c.order {
		for _, t := range c.databases[db].tables {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b *Table) int { return strings.Compare(a.Name(), b.Name()) })
	return out
}
