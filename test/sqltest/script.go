package sqltest

import "fmt"

// File is a parsed script.
type File struct {
	Path       string
	Recorded   string // the version in the "# recorded: Spark" line, "" if there is none
	Statements []*Statement
	Scenarios  []*Scenario

	lines  []string
	tables []Table // of the file, in order of appearance; what is parsed next can read them
}

// Table is a declared input. In a batch statement it holds Rows; in a scenario it is a stream
// that the steps feed, and Rows is empty.
type Table struct {
	Name    string
	Columns string   // DDL: "id INT, ts TIMESTAMP"
	Rows    []string // one JSON object each, decoded as Spark's JSON source does
}

// Setup is what must exist before a query runs.
type Setup struct {
	Zone   string  // time zone of this statement, "" for the session's (UTC unless a statement set it)
	Args   string  // values of parameters: a JSON object for :name, a list for ?; "" if there are none
	Tables []Table // static tables
}

// Marks are the directives of a block.
type Marks struct {
	Ordered bool   // the order of rows counts
	Types   bool   // only the schema counts
	Azud    string // not "": only Azud has it, and why; expected rows were computed independently
	Differs string // not "": the reason why Azud answers otherwise than Spark
	Pending string // not "": Azud does not answer this yet, and why
	zone    string
	args    string
}

// Column is a column of a result: its name and Spark's simpleString of its type.
type Column struct{ Name, Type string }

// Failure is an expected error. Class "*" stands for any error.
type Failure struct{ Class, State string }

// Statement is one batch query and what it should answer.
type Statement struct {
	Line int // 1-based, of the SQL
	Marks
	Setup
	SQL  string
	Want Section
}

// Scenario is a flow, fed step by step.
type Scenario struct {
	Line int
	Marks
	Title string
	Stream
	Want      Section   // schema or error of the start
	StepWants []Section // for each of Stream.Steps: epochs, or the error that ends the flow

	stepOurs []bool // for each step: its expectation is Azud's own
}

// Stream is what a Runner needs to run a scenario.
type Stream struct {
	Setup          // static tables and the zone
	Inputs []Table // streams that the body may name
	Mode   string  // output mode: append, update, complete
	Body   string  // SELECT … FROM STREAM …
	Steps  []Step
}

// Step is new data: that of one epoch or, when there is a backlog, of several, all there before
// the first of them runs. A Table here has the new Rows and no Columns.
type Step struct{ Epochs [][]Table }

// Epoch is what one epoch wrote and left behind.
type Epoch struct {
	ID          int64
	WatermarkMs int64    // after the epoch, milliseconds since 1970; 0 is none
	Late        int64    // rows dropped because they came after the watermark
	State       []int64  // rows kept by each stateful operator after the epoch
	Rows        []string // one JSON list each
}

// Section is an expected result: the lines between two marks. One of Schema, Epochs and Err is set.
type Section struct {
	Schema []Column
	Rows   []string
	Epochs []Epoch
	Err    *Failure

	from, to int  // lines[from:to] of the file; where the section would begin when it is absent
	absent   bool // the script has no such section yet
}

// errorAt is a format error at a 1-based line.
func (f *File) errorAt(line int, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", f.Path, line, fmt.Sprintf(format, args...))
}
