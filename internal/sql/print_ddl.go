package sql

// ddl prints the statements of ast_ddl.go.
func (w *printer) ddl(s Statement) {
	switch s := s.(type) {
	case *CreateTableLike:
		w.put("CREATE TABLE ", when(s.IfNotExists, "IF NOT EXISTS "))
		w.name(s.Name)
		w.put(" LIKE ")
		w.name(s.Source)
		w.using(s.Using)
		w.location(s.Location)
		w.optionsClause("TBLPROPERTIES", s.Properties)
	case *CreateSchema:
		w.put("CREATE SCHEMA ", when(s.IfNotExists, "IF NOT EXISTS "))
		w.name(s.Name)
		w.comment(s.Comment)
		w.location(s.Location)
		w.optionsClause("WITH DBPROPERTIES", s.Properties)
	case *DropSchema:
		w.put("DROP SCHEMA ", when(s.IfExists, "IF EXISTS "))
		w.name(s.Name)
		w.put(when(s.Cascade, " CASCADE"))
	case *AlterTable:
		w.alter(s)
	case *CommentOn:
		w.put("COMMENT ON ", map[bool]string{true: "SCHEMA ", false: "TABLE "}[s.Schema])
		w.name(s.Name)
		w.put(" IS ")
		w.str(s.Text)
	case *AlterView:
		w.put("ALTER VIEW ")
		w.name(s.Name)
		w.as(s.Query)
	case *Truncate:
		w.put("TRUNCATE TABLE ")
		w.name(s.Name)
		w.partitionSpec(s.Partition)
	case *Cache:
		w.put("CACHE ", when(s.Lazy, "LAZY "), "TABLE ")
		w.name(s.Name)
		w.optionsClause("OPTIONS", s.Options)
		w.as(s.Query)
	case *Uncache:
		w.put("UNCACHE TABLE ", when(s.IfExists, "IF EXISTS "))
		w.name(s.Name)
	case *Maintain:
		w.maintain(s)
	default:
		w.variables(s)
	}
}

func (w *printer) location(path string) {
	if path != "" {
		w.put(" LOCATION ")
		w.str(path)
	}
}

func (w *printer) alter(s *AlterTable) {
	w.put("ALTER ", map[bool]string{true: "VIEW ", false: "TABLE "}[s.View])
	w.name(s.Name)
	switch {
	case len(s.Set) > 0:
		w.optionsClause("SET TBLPROPERTIES", s.Set)
	case len(s.Unset) > 0:
		w.put(" UNSET TBLPROPERTIES ", when(s.IfExists, "IF EXISTS "), "(")
		each(w, s.Unset, ", ", w.str)
		w.put(")")
	case len(s.Add) > 0:
		w.put(" ADD COLUMNS")
		w.columnDefs(s.Add)
	case s.PartitionOp != "":
		w.put(" ", s.PartitionOp, when(s.IfNotExists, " IF NOT EXISTS"), when(s.IfExists, " IF EXISTS"))
		for i, v := range s.Partitions {
			w.put(when(i > 0 && s.PartitionOp == "DROP", ","))
			w.partitionSpec(v.Values)
			w.location(v.Location)
		}
		w.put(when(s.Purge, " PURGE"))
	default:
		w.put(" RENAME TO ")
		w.name(s.Rename)
	}
}

func (w *printer) maintain(s *Maintain) {
	w.put(s.What)
	if len(s.Name.Parts) > 0 || s.Name.Expr != nil {
		w.put(when(s.What == "ANALYZE TABLES", " IN"), " ")
		w.name(s.Name)
	}
	switch {
	case s.What == "REFRESH":
		w.put(" ")
		w.str(s.Rest)
	case s.Rest != "":
		w.put(" ", s.Rest)
	}
}

// variables prints the statements about variables.
func (w *printer) variables(s Statement) {
	switch s := s.(type) {
	case *Declare:
		w.put("DECLARE ", when(s.OrReplace, "OR REPLACE "), "VARIABLE ")
		w.names(s.Names)
		if s.Type != nil {
			w.put(" ", TypeText(*s.Type))
		}
		w.clause(" DEFAULT ", s.Default)
	case *DropVariable:
		w.put("DROP TEMPORARY VARIABLE ", when(s.IfExists, "IF EXISTS "))
		w.name(s.Name)
	case *SetVariable:
		w.setVariable(s)
	case *ExecuteImmediate:
		w.put("EXECUTE IMMEDIATE ")
		w.expr(s.Text, 0)
		if len(s.Into) > 0 {
			w.put(" INTO ")
			w.names(s.Into)
		}
		if len(s.Using) > 0 {
			w.put(" USING (")
			each(w, s.Using, ", ", w.selectItem)
			w.put(")")
		}
	}
}

func (w *printer) setVariable(s *SetVariable) {
	w.put("SET VARIABLE ")
	if s.Query != nil {
		w.put("(")
		w.names(s.Targets)
		w.put(") = (")
		w.query(s.Query)
		w.put(")")
		return
	}
	for i, n := range s.Targets {
		w.put(when(i > 0, ", "))
		w.name(n)
		w.put(" = ")
		w.expr(s.Values[i], 0)
	}
}

// partitionSpec prints a space and PARTITION (…), if there is one.
func (w *printer) partitionSpec(vs []PartitionValue) {
	if len(vs) == 0 {
		return
	}
	w.put(" PARTITION (")
	each(w, vs, ", ", func(v PartitionValue) {
		w.ident(v.Name)
		w.clause(" = ", v.X)
	})
	w.put(")")
}
