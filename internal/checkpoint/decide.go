package checkpoint

import (
	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// None is the epoch before the first.
const None int64 = -1

// Observed is what is known when a query starts: what its checkpoint holds and what its
// sink says that it holds.
type Observed struct {
	Query      string // for messages
	Checkpoint string // the checkpoint's id
	Dir        string // where the checkpoint is, for messages
	Planned    int64  // the newest stored plan, or None
	Committed  int64  // the newest committed epoch, or None
	Wrote      int64  // the newest committed epoch that gave the sink rows, or None
	Guarantee  connector.Guarantee
	Mark       connector.EpochMark
}

// Action is what to do at start.
type Action string

const (
	StartFresh Action = "start fresh" // epoch 0 is to be planned
	NextEpoch  Action = "next epoch"  // Epoch is to be planned
	Rerun      Action = "rerun"       // Epoch runs again from the plan that is stored
	Refuse     Action = "refuse"      // Err says why and what to do
)

// Decision is the answer of Decide.
type Decision struct {
	Action Action
	Epoch  int64
	// Plan is the plan of a rerun as the sink's mark has it; nil: it is in the checkpoint.
	Plan []byte
	// Suppress: the sink has the epoch's rows already; it runs only to rebuild the state.
	Suppress bool
	Err      *errs.Error
}

// Decide says how a query goes on. It is pure: the same answer for the same observation.
//
// A sink that holds a mark is believed: it is the only one that knows what it has. Only a
// sink that is at most one epoch ahead, of this very checkpoint, can be continued. A sink
// may spare itself the mark of an epoch without rows, so it is behind only if it lacks one
// that had some.
func Decide(o Observed) Decision {
	if o.Planned > o.Committed+1 {
		return refuse("CHECKPOINT_CORRUPT", "the checkpoint of %s in %s has a plan for epoch %d, but epoch %d was never committed",
			o.Query, o.Dir, o.Planned, o.Planned-1).
			hint("restore the checkpoint from a copy, or remove it to start the query anew")
	}
	if o.Mark.Checkpoint == "" {
		return decideWithoutMark(o)
	}
	return decideWithMark(o)
}

func decideWithoutMark(o Observed) Decision {
	if o.Guarantee == connector.ExactlyOnce && o.Wrote > None {
		return refuse("CHECKPOINT_SINK_BEHIND", "%s has written up to epoch %d, but its sink holds nothing of it: it was emptied or is another one",
			o.Query, o.Wrote).
			hint("point the flow at the sink that it wrote to, or remove the checkpoint in %s to write everything that the source still has again", o.Dir)
	}
	return o.proceed()
}

func decideWithMark(o Observed) Decision {
	m := o.Mark
	switch {
	case m.Checkpoint != o.Checkpoint:
		return refuse("CHECKPOINT_MISMATCH", "the sink of %s holds epoch %d of checkpoint %s, but this checkpoint is %s (in %s)",
			o.Query, m.Epoch, m.Checkpoint, o.Checkpoint, o.Dir).
			hint("restore the checkpoint that wrote to the sink to go on without a gap or a repetition; or give the flow another target, or remove what it wrote there, to start anew")
	case m.Epoch > o.Committed+1:
		return refuse("CHECKPOINT_BEHIND", "the sink of %s holds epoch %d, but the checkpoint in %s knows only up to epoch %d: it is an old copy",
			o.Query, m.Epoch, o.Dir, o.Committed).
			hint("restore a newer copy of the checkpoint; or give the flow another target, or remove what it wrote there together with the checkpoint, to start anew")
	case m.Epoch < o.Wrote:
		return refuse("CHECKPOINT_SINK_BEHIND", "%s has written up to epoch %d, but its sink holds only up to epoch %d: it was restored from an old copy",
			o.Query, o.Wrote, m.Epoch).
			hint("restore a newer copy of the sink; or remove what the flow wrote there together with the checkpoint in %s to write everything that the source still has again", o.Dir)
	case m.Epoch <= o.Committed:
		return o.proceed()
	case len(m.Plan) == 0 && o.Planned != m.Epoch:
		return refuse("CHECKPOINT_CORRUPT", "the sink of %s holds epoch %d without its plan, and the checkpoint does not have it either", o.Query, m.Epoch).
			hint("give the flow another target, or remove what it wrote there together with the checkpoint in %s, to start anew", o.Dir)
	}
	return Decision{Action: Rerun, Epoch: m.Epoch, Plan: m.Plan, Suppress: true}
}

// proceed goes on after the committed epoch: from a stored plan if there is one, because
// rows of it may have left already.
func (o Observed) proceed() Decision {
	next := o.Committed + 1
	switch {
	case o.Planned == next:
		return Decision{Action: Rerun, Epoch: next}
	case o.Committed == None:
		return Decision{Action: StartFresh}
	}
	return Decision{Action: NextEpoch, Epoch: next}
}

func refuse(class, format string, args ...any) Decision {
	return Decision{Action: Refuse, Err: errs.New(class, format, args...)}
}

func (d Decision) hint(format string, args ...any) Decision {
	d.Err.Hint = errs.New("", format, args...).Msg
	return d
}
