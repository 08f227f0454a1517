package sql

import (
	"github.com/azud/azud/internal/types"
)

// PartitionValue is one part of PARTITION (…): name = X, or with X nil a dynamic partition.
type PartitionValue struct {
	At
	Name Ident
	X    Expr
}

// CreateTableLike is CREATE TABLE Name LIKE Source: the columns of Source, not its rows.
type CreateTableLike struct {
	At
	IfNotExists bool
	Name        Name
	Source      Name
	Using       Name
	Location    string
	Properties  []Option
}

// CreateSchema is CREATE SCHEMA (DATABASE, NAMESPACE).
type CreateSchema struct {
	At
	IfNotExists bool
	Name        Name
	Comment     string
	Location    string
	Properties  []Option
}

// DropSchema is DROP SCHEMA [IF EXISTS] Name [RESTRICT | CASCADE]. Without Cascade a schema that
// has tables is refused.
type DropSchema struct {
	At
	IfExists bool
	Cascade  bool
	Name     Name
}

// AlterTable is ALTER TABLE | VIEW Name with one of: RENAME TO Rename, SET TBLPROPERTIES (Set),
// UNSET TBLPROPERTIES [IF EXISTS] (Unset), ADD COLUMNS (Add; they come last, and old rows have
// NULL or the default there), ADD [IF NOT EXISTS] PARTITION …, DROP [IF EXISTS] PARTITION … (with
// the word in PartitionOp, "ADD" or "DROP").
type AlterTable struct {
	At
	View     bool
	Name     Name
	Rename   Name // no parts: not a RENAME
	Set      []Option
	Unset    []string
	IfExists bool
	Add      []ColumnDef

	PartitionOp string
	Partitions  []AlterPartition
	IfNotExists bool
	Purge       bool
}

// AlterPartition is PARTITION (…) [LOCATION 'path'] of ALTER TABLE.
type AlterPartition struct {
	At
	Values   []PartitionValue
	Location string
}

// CommentOn is COMMENT ON TABLE Name, or with Schema ON SCHEMA Name, IS 'Text' or NULL, which
// takes the comment away (Text is empty then).
type CommentOn struct {
	At
	Schema bool
	Name   Name
	Text   string
}

// AlterView is ALTER VIEW Name AS Query. Text is the query as written.
type AlterView struct {
	At
	Name  Name
	Query *Query
	Text  string
}

// Truncate is TRUNCATE TABLE Name [PARTITION (…)].
type Truncate struct {
	At
	Name      Name
	Partition []PartitionValue
}

// Cache is CACHE [LAZY] TABLE Name [OPTIONS (…)] [AS Query]. With Query it also makes a temporary
// view of that name; without one an engine that keeps no cache only checks that the table is there.
type Cache struct {
	At
	Lazy    bool
	Name    Name
	Options []Option
	Query   *Query
	Text    string // the query as written
}

// Uncache is UNCACHE TABLE [IF EXISTS] Name.
type Uncache struct {
	At
	IfExists bool
	Name     Name
}

// Maintain is a statement about caches, statistics and file lists, which need no care here: the
// engine checks that Name, if it has parts, exists and does nothing more. What is "CLEAR CACHE",
// "REFRESH TABLE", "REFRESH FUNCTION", "REFRESH" (of a path), "ANALYZE TABLE", "ANALYZE TABLES"
// (Name is a schema) or "REPAIR TABLE". Rest is what was written behind the name.
type Maintain struct {
	At
	What string
	Name Name
	Rest string
}

// Declare is DECLARE [OR REPLACE] [VARIABLE] Names [Type] [DEFAULT Default]. Type is nil when it
// is that of Default; Default is nil for NULL. At least one of the two is set.
type Declare struct {
	At
	OrReplace   bool
	Names       []Name
	Type        *types.Type
	Default     Expr
	DefaultText string // the default as written
}

// DropVariable is DROP TEMPORARY VARIABLE [IF EXISTS] Name.
type DropVariable struct {
	At
	IfExists bool
	Name     Name
}

// SetVariable is SET VAR a = 1, b = 2, or with Query SET VAR (a, b) = (query), which gives one
// row with as many columns as there are Targets. A Value *Column named DEFAULT resets a
// variable to its default.
type SetVariable struct {
	At
	Targets []Name
	Values  []Expr // as many as Targets, unless Query is set
	Query   *Query
}

// ExecuteImmediate is EXECUTE IMMEDIATE Text [INTO variables] [USING arguments]. Text is a
// constant expression; its statement is parsed with ParseOptions and the values of Using:
// those with an Alias by name, the others by position.
type ExecuteImmediate struct {
	At
	Text  Expr
	Into  []Name
	Using []SelectItem
}

func (*CreateTableLike) stmt()  {}
func (*CreateSchema) stmt()     {}
func (*DropSchema) stmt()       {}
func (*AlterTable) stmt()       {}
func (*CommentOn) stmt()        {}
func (*AlterView) stmt()        {}
func (*Truncate) stmt()         {}
func (*Cache) stmt()            {}
func (*Uncache) stmt()          {}
func (*Maintain) stmt()         {}
func (*Declare) stmt()          {}
func (*DropVariable) stmt()     {}
func (*SetVariable) stmt()      {}
func (*ExecuteImmediate) stmt() {}
