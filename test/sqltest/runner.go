package sqltest

import "context"

// Runner answers scripts. Rows are JSON lists by the value rules of README.md. Errors are
// *errs.Error somewhere in their chain, so that their class can be compared. A Runner is safe for
// concurrent use: scripts run side by side.
type Runner interface {
	// Open begins the session in which the statements of a script run, all of them, in their
	// order. dir is an empty folder of the script's, which ${DIR} in a statement stands for.
	Open(ctx context.Context, f *File, dir string) (Session, error)

	// Stream starts a flow over empty inputs. For each step it makes all data of the step available,
	// runs one epoch for each element of Step.Epochs and then those that are left to do (the empty
	// one that a moved watermark asks for; data goes before it). It returns what it has even when it returns an error: a refusal before
	// the start leaves Schema nil, a failure during a step ends Steps before that step.
	Stream(ctx context.Context, s Stream, m Mode) (StreamResult, error)
}

// Session runs the statements of a script in their order; what one changes (views, tables,
// settings, variables) the next ones find. Only one goroutine uses it.
type Session interface {
	// Batch runs one statement, which can read the tables of setup beside those of the session.
	Batch(ctx context.Context, setup Setup, sql string) (Result, error)
	Close() error
}

// Result is the answer to a batch statement.
type Result struct {
	Schema []Column
	Rows   []string
}

// StreamResult is what a flow did: the epochs that each step set off.
type StreamResult struct {
	Schema []Column
	Steps  [][]Epoch
}

// Mode is one of the three ways to run a scenario. All must give the same epochs.
type Mode struct {
	Name string
	// RestartBefore stops the flow and starts it again from its checkpoint before this step
	// (counted from 0; len(Steps) is after the last one). Negative: never.
	RestartBefore int
	// BatchRows bounds the rows of each batch between operators; 0 is the engine's own choice.
	BatchRows int
}

// Modes are the ways to run a scenario of so many steps.
func Modes(steps int) []Mode {
	return []Mode{
		{Name: "straight", RestartBefore: -1},
		{Name: "restart", RestartBefore: (steps + 1) / 2},
		{Name: "tiny", RestartBefore: -1, BatchRows: 1},
	}
}
