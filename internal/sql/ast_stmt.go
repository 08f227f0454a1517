package sql

import (
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// QueryStmt is a query as a statement.
type QueryStmt struct {
	At
	Query *Query
}

// Option is one pair of OPTIONS, TBLPROPERTIES or WITH: key 'value', key = value, a.b.c = 1.
// Numbers and booleans are kept as written.
type Option struct {
	At
	Key    string
	Value  string
	ValPos errs.Span
}

// ColumnDef is one column of CREATE TABLE. CHAR(n) and VARCHAR(n) have the type STRING and n as
// Length: longer texts must be refused when they are written (EXCEED_LIMIT_LENGTH), and shorter
// ones of CHAR are padded with spaces. DefaultText is DEFAULT as written.
type ColumnDef struct {
	At
	Name    Ident
	Type    types.Type
	NotNull bool
	Comment string
	Default Expr // DEFAULT x, or nil

	DefaultText string
	Length      int // of CHAR and VARCHAR, else 0
	Char        bool
}

// CreateTable is CREATE [OR REPLACE] [TEMPORARY] TABLE: a source, a sink or a stored table.
type CreateTable struct {
	At
	OrReplace   bool
	Temporary   bool
	IfNotExists bool
	Name        Name
	Columns     []ColumnDef
	Using       Name // the connector; empty if not written
	Options     []Option
	PartitionBy []Ident
	Location    string
	Comment     string
	Properties  []Option
	Query       *Query // AS query, or nil
}

// CreateDataset is CREATE STREAMING TABLE or, with Materialized, CREATE MATERIALIZED VIEW.
// Query is nil only for a streaming table that flows fill.
type CreateDataset struct {
	At
	Materialized bool
	IfNotExists  bool
	Name         Name
	Columns      []ColumnDef
	Using        Name
	PartitionBy  []Ident
	ClusterBy    []Name
	Comment      string
	Properties   []Option
	Query        *Query
}

// CreateFlow is CREATE FLOW Name AS INSERT INTO Target BY NAME Query.
type CreateFlow struct {
	At
	Name    Ident
	Comment string
	Target  Name
	Query   *Query
}

// CreateView is CREATE [OR REPLACE] [[GLOBAL] TEMPORARY] VIEW … AS query. With Using instead of
// Query it is a temporary view over a connector.
type CreateView struct {
	At
	OrReplace   bool
	Temporary   bool
	Global      bool
	IfNotExists bool
	Name        Name
	Columns     []ViewColumn
	Comment     string
	Properties  []Option
	Query       *Query
	Text        string      // the query as written
	Binding     string      // WITH SCHEMA …: "BINDING", "COMPENSATION", "EVOLUTION", "TYPE EVOLUTION" or ""
	Using       Name        // CREATE TEMPORARY VIEW … USING
	Defs        []ColumnDef // its typed columns
	Options     []Option
}

// ViewColumn is a column name of a view.
type ViewColumn struct {
	At
	Name    Ident
	Comment string
}

// Drop is DROP TABLE or, with View, DROP VIEW.
type Drop struct {
	At
	View     bool
	IfExists bool
	Purge    bool
	Name     Name
}

// Insert is INSERT INTO | OVERWRITE [TABLE] Table [PARTITION (…) [IF NOT EXISTS]] [(Columns)]
// [BY NAME] Query. The values of Partition come after the query's columns, the dynamic ones are
// the last columns of the query (or by name). ReplaceWhere, of INSERT INTO … REPLACE WHERE,
// deletes the rows that it is true for before it inserts.
type Insert struct {
	At
	Overwrite    bool
	Table        Name
	Options      []Option // WITH (…)
	Partition    []PartitionValue
	IfNotExists  bool // OVERWRITE only where the partition is not there yet
	Columns      []Ident
	ByName       bool
	ReplaceWhere Expr
	Query        *Query // its With holds a WITH written before INSERT
}

// InsertDir is INSERT OVERWRITE [LOCAL] DIRECTORY 'Path' USING Using [OPTIONS] Query. Path may
// be empty when an option "path" has it.
type InsertDir struct {
	At
	Local   bool
	Path    string
	Using   Name
	Options []Option
	Query   *Query
}

// Show is SHOW What. What is "TABLES", "TABLE EXTENDED", "SCHEMAS" (DATABASES is SCHEMAS), "FUNCTIONS",
// "COLUMNS", "CREATE TABLE", "VIEWS", "TBLPROPERTIES", "CATALOGS", "PARTITIONS", "CURRENT SCHEMA" or
// "COLLATIONS". Name is what follows IN or FROM, or the table. Pattern is the LIKE text, "" without.
type Show struct {
	At
	What    string
	Name    Name
	Pattern string
	Like    bool   // a pattern was written
	Scope   string // SHOW FUNCTIONS: "ALL", "SYSTEM", "USER" or ""
	Key     string // SHOW TBLPROPERTIES t ('key')

	Partition []PartitionValue // SHOW PARTITIONS, SHOW TABLE EXTENDED
}

// Describe is DESCRIBE [TABLE] [EXTENDED] Name [Column], DESCRIBE [QUERY] Query, DESCRIBE FUNCTION
// or DESCRIBE SCHEMA. What is "TABLE", "QUERY", "FUNCTION" or "SCHEMA".
type Describe struct {
	At
	What     string
	Extended bool
	Name     Name
	Column   Name
	Query    *Query

	Partition []PartitionValue
	JSON      bool // AS JSON
}

// Explain is EXPLAIN [Mode] Stmt. Mode is "", "EXTENDED", "FORMATTED", "CODEGEN", "COST" or
// Azud's own "ANALYZE".
type Explain struct {
	At
	Mode string
	Stmt Statement
}

// Set is SET Key = Value; without HasValue it asks for one setting, with Key "" for all.
type Set struct {
	At
	Key      string
	Value    string
	HasValue bool
	Verbose  bool // SET -v
}

// Reset is RESET [Key].
type Reset struct {
	At
	Key string
}

// Use is USE [SCHEMA | CATALOG] Name.
type Use struct {
	At
	Catalog bool
	Name    Name
}

func (*QueryStmt) stmt()     {}
func (*CreateTable) stmt()   {}
func (*CreateDataset) stmt() {}
func (*CreateFlow) stmt()    {}
func (*CreateView) stmt()    {}
func (*Drop) stmt()          {}
func (*Insert) stmt()        {}
func (*InsertDir) stmt()     {}
func (*Show) stmt()          {}
func (*Describe) stmt()      {}
func (*Explain) stmt()       {}
func (*Set) stmt()           {}
func (*Reset) stmt()         {}
func (*Use) stmt()           {}
