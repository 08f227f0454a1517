package engine

import (
	"encoding/json"
	"io"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sql"
)

// What sessions make with CREATE SCHEMA, TABLE and VIEW outlives the process: catalogFile, in the
// warehouse, holds the statements that make it again. It is replaced as a whole, by renaming.
const catalogFile = "catalog.json"

// definition is one entry of the file.
type definition struct {
	Schema  string `json:"schema"`
	Comment string `json:"comment,omitempty"` // of a schema
	DDL     string `json:"ddl,omitempty"`     // empty: the schema itself
}

// saveCatalog writes the file.
func (e *Engine) saveCatalog() error {
	if e.cfg.Warehouse == "" {
		return nil
	}
	e.saving.Lock()
	defer e.saving.Unlock()
	var all []definition
	for _, db := range e.catalog.names() {
		tables, views, made := e.catalog.contents(db)
		if made && db != defaultDatabase {
			all = append(all, definition{Schema: db, Comment: e.catalog.comment(db)})
		}
		for _, t := range tables {
			if t.stored != nil {
				all = append(all, definition{Schema: db, DDL: tableDDL(t)})
			}
		}
		for _, v := range views {
			if v.kept {
				all = append(all, definition{Schema: db, DDL: viewDDL(db, v)})
			}
		}
	}
	data, err := json.MarshalIndent(all, "", " ")
	if err == nil {
		err = e.replaceFile(data)
	}
	if err != nil {
		return errs.Wrap(err, "CATALOG_NOT_SAVED", "the catalog in %s cannot be written", e.cfg.Warehouse)
	}
	return nil
}

// replaceFile writes beside the file, syncs and renames.
func (e *Engine) replaceFile(data []byte) error {
	fs := e.sys.FS
	if err := fs.MkdirAll(e.cfg.Warehouse, 0o755); err != nil {
		return err
	}
	next := fs.PathJoin(e.cfg.Warehouse, catalogFile+".new")
	f, err := fs.Create(next, "catalog")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fs.Rename(next, fs.PathJoin(e.cfg.Warehouse, catalogFile))
	}
	if err != nil {
		return err
	}
	dir, err := fs.OpenDir(e.cfg.Warehouse)
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

// loadCatalog makes what the file holds. An entry that cannot be made again is logged and left out
// of the catalog; the file keeps it until the next definition.
func (e *Engine) loadCatalog() error {
	if e.cfg.Warehouse == "" {
		return nil
	}
	path := e.sys.FS.PathJoin(e.cfg.Warehouse, catalogFile)
	if _, err := e.sys.FS.Stat(path); err != nil {
		return nil // nothing has been made yet
	}
	f, err := e.sys.FS.Open(path)
	if err != nil {
		return errs.Wrap(err, "CATALOG_UNREADABLE", "%s", path)
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	var all []definition
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil {
		return errs.Wrap(err, "CATALOG_UNREADABLE", "%s does not hold a catalog", path).
			WithHint("move the file away to begin without tables; their files stay where they are")
	}
	for _, d := range all {
		if d.DDL == "" {
			e.catalog.makeDatabase(d.Schema, d.Comment)
			continue
		}
		if err := e.again(d); err != nil {
			e.log("a definition of the catalog cannot be used: " + errs.Render(err))
		}
	}
	return nil
}

// again makes one table or view.
func (e *Engine) again(d definition) error {
	src := &errs.Source{Name: catalogFile, Text: d.DDL}
	list, err := sql.Parse(src)
	if err != nil {
		return err
	}
	s, err := e.NewSession(SessionOptions{Database: d.Schema})
	if err != nil {
		return err
	}
	at := scope{src: src, database: d.Schema, session: s}
	for _, st := range list {
		switch st := st.(type) {
		case *sql.CreateTable:
			t, err := s.newStored(at, st)
			if err != nil {
				return err
			}
			e.catalog.put(t)
		case *sql.CreateView:
			v := newView(at, st)
			v.kept = true
			if err := e.catalog.addView(d.Schema, v, true, false); err != nil {
				return err
			}
		default:
			return errs.New("CATALOG_UNREADABLE", "an entry makes neither a table nor a view: %s", strings.TrimSpace(d.DDL))
		}
	}
	return nil
}
