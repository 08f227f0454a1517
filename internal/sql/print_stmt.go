package sql

import (
	"fmt"
	"strings"
)

func (w *printer) statement(s Statement) {
	switch s := s.(type) {
	case *QueryStmt:
		w.query(s.Query)
	case *CreateTable:
		w.createTable(s)
	case *CreateDataset:
		w.createDataset(s)
	case *CreateFlow:
		w.put("CREATE FLOW ")
		w.ident(s.Name)
		w.comment(s.Comment)
		w.put(" AS INSERT INTO ")
		w.name(s.Target)
		w.put(" BY NAME ")
		w.query(s.Query)
	case *CreateView:
		w.createView(s)
	case *Drop:
		w.put("DROP ", map[bool]string{true: "VIEW ", false: "TABLE "}[s.View], when(s.IfExists, "IF EXISTS "))
		w.name(s.Name)
		w.put(when(s.Purge, " PURGE"))
	case *Insert:
		w.put("INSERT ", map[bool]string{true: "OVERWRITE ", false: "INTO "}[s.Overwrite])
		w.name(s.Table)
		w.optionsClause("WITH", s.Options)
		w.partitionSpec(s.Partition)
		w.put(when(s.IfNotExists, " IF NOT EXISTS"), when(s.ByName, " BY NAME"))
		if len(s.Columns) > 0 {
			w.put(" ")
			w.columnList(s.Columns)
		}
		w.clause(" REPLACE WHERE ", s.ReplaceWhere)
		w.put(" ")
		w.query(s.Query)
	case *InsertDir:
		w.insertDir(s)
	case *Explain:
		w.put("EXPLAIN ")
		if s.Mode != "" {
			w.put(s.Mode, " ")
		}
		w.statement(s.Stmt)
	default:
		w.command(s)
	}
}

// when is the word if it is set.
func when(set bool, word string) string {
	if set {
		return word
	}
	return ""
}

// command prints the statements that ask or set.
func (w *printer) command(s Statement) {
	switch s := s.(type) {
	case *Show:
		w.show(s)
	case *Describe:
		w.put("DESCRIBE ", s.What, " ", when(s.Extended, "EXTENDED "))
		if s.Query != nil {
			w.query(s.Query)
			return
		}
		w.name(s.Name)
		w.partitionSpec(s.Partition)
		if len(s.Column.Parts) > 0 {
			w.put(" ")
			w.name(s.Column)
		}
		w.put(when(s.JSON, " AS JSON"))
	case *Set:
		w.set(s)
	case *Reset:
		w.put("RESET")
		if s.Key != "" {
			w.put(" ", quoteKey(s.Key))
		}
	case *Use:
		w.put(map[bool]string{true: "SET CATALOG ", false: "USE "}[s.Catalog])
		w.name(s.Name)
	default:
		w.ddl(s)
	}
}

// setWords begin statements of their own after SET.
var setWords = set("PATH TIME CATALOG VARIABLE VAR ROLE")

// quoteKey puts backquotes around a setting's name unless it is dotted words.
func quoteKey(key string) string {
	if setWords[upper(key)] {
		return quoteIdent(key)
	}
	for _, part := range strings.Split(key, ".") {
		if !isPlainIdent(part) {
			return quoteIdent(key)
		}
	}
	return key
}

func (w *printer) set(s *Set) {
	w.put("SET")
	if s.Verbose {
		w.put(" -v")
		return
	}
	if s.Key == "" {
		return
	}
	w.put(" ", quoteKey(s.Key))
	if s.HasValue {
		w.put(" = ")
		if s.Value != "" {
			w.put(quoteIdent(s.Value))
		}
	}
}

func (w *printer) show(s *Show) {
	w.put("SHOW ")
	if s.Scope != "" {
		w.put(s.Scope, " ")
	}
	w.put(s.What)
	if len(s.Name.Parts) > 0 || s.Name.Expr != nil {
		w.put(map[bool]string{true: " ", false: " IN "}[s.What == "CREATE TABLE" || s.What == "TBLPROPERTIES" || s.What == "PARTITIONS"])
		w.name(s.Name)
	}
	if s.Like {
		w.put(" LIKE ")
		w.str(s.Pattern)
	}
	if s.Key != "" {
		w.put(" (")
		w.str(s.Key)
		w.put(")")
	}
	w.partitionSpec(s.Partition)
}

func (w *printer) comment(c string) {
	if c != "" {
		w.put(" COMMENT ")
		w.str(c)
	}
}

func (w *printer) options(os []Option) {
	w.put("(")
	each(w, os, ", ", func(o Option) {
		w.str(o.Key)
		w.put(" = ")
		w.str(o.Value)
	})
	w.put(")")
}

func (w *printer) optionsClause(word string, os []Option) {
	if len(os) > 0 {
		w.put(" ", word, " ")
		w.options(os)
	}
}

func (w *printer) columnDefs(cs []ColumnDef) {
	if len(cs) == 0 {
		return
	}
	w.put(" (")
	each(w, cs, ", ", func(c ColumnDef) {
		w.ident(c.Name)
		w.put(" ", c.typeText(), when(c.NotNull, " NOT NULL"))
		if c.Default != nil {
			w.put(" DEFAULT ")
			w.expr(c.Default, 0)
		}
		w.comment(c.Comment)
	})
	w.put(")")
}

// typeText is the type as SQL text, with the bound of CHAR and VARCHAR.
func (c *ColumnDef) typeText() string {
	switch {
	case c.Length > 0 && c.Char:
		return fmt.Sprintf("CHAR(%d)", c.Length)
	case c.Length > 0:
		return fmt.Sprintf("VARCHAR(%d)", c.Length)
	}
	return TypeText(c.Type)
}

func (w *printer) using(n Name) {
	if len(n.Parts) > 0 {
		w.put(" USING ")
		w.name(n)
	}
}

func (w *printer) partition(ids []Ident) {
	if len(ids) > 0 {
		w.put(" PARTITIONED BY ")
		w.columnList(ids)
	}
}

func (w *printer) as(q *Query) {
	if q != nil {
		w.put(" AS ")
		w.query(q)
	}
}

func (w *printer) createTable(c *CreateTable) {
	w.put("CREATE ", when(c.OrReplace, "OR REPLACE "), when(c.Temporary, "TEMPORARY "), "TABLE ", when(c.IfNotExists, "IF NOT EXISTS "))
	w.name(c.Name)
	w.columnDefs(c.Columns)
	w.using(c.Using)
	w.optionsClause("OPTIONS", c.Options)
	w.partition(c.PartitionBy)
	if c.Location != "" {
		w.put(" LOCATION ")
		w.str(c.Location)
	}
	w.comment(c.Comment)
	w.optionsClause("TBLPROPERTIES", c.Properties)
	w.as(c.Query)
}

func (w *printer) createDataset(c *CreateDataset) {
	w.put("CREATE ", map[bool]string{true: "MATERIALIZED VIEW ", false: "STREAMING TABLE "}[c.Materialized], when(c.IfNotExists, "IF NOT EXISTS "))
	w.name(c.Name)
	w.columnDefs(c.Columns)
	w.using(c.Using)
	w.partition(c.PartitionBy)
	if len(c.ClusterBy) > 0 {
		w.put(" CLUSTER BY (")
		w.names(c.ClusterBy)
		w.put(")")
	}
	w.comment(c.Comment)
	w.optionsClause("TBLPROPERTIES", c.Properties)
	w.as(c.Query)
}

func (w *printer) createView(v *CreateView) {
	w.put("CREATE ", when(v.OrReplace, "OR REPLACE "), when(v.Global, "GLOBAL "), when(v.Temporary, "TEMPORARY "), "VIEW ", when(v.IfNotExists, "IF NOT EXISTS "))
	w.name(v.Name)
	w.columnDefs(v.Defs)
	if len(v.Columns) > 0 {
		w.put(" (")
		each(w, v.Columns, ", ", func(c ViewColumn) {
			w.ident(c.Name)
			w.comment(c.Comment)
		})
		w.put(")")
	}
	w.using(v.Using)
	w.optionsClause("OPTIONS", v.Options)
	w.comment(v.Comment)
	if v.Binding != "" {
		w.put(" WITH SCHEMA ", v.Binding)
	}
	w.optionsClause("TBLPROPERTIES", v.Properties)
	w.as(v.Query)
}

func (w *printer) insertDir(d *InsertDir) {
	w.put("INSERT OVERWRITE ", when(d.Local, "LOCAL "), "DIRECTORY")
	if d.Path != "" {
		w.put(" ")
		w.str(d.Path)
	}
	w.using(d.Using)
	w.optionsClause("OPTIONS", d.Options)
	w.put(" ")
	w.query(d.Query)
}
