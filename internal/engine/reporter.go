package engine

import (
	"sync"
	"time"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// maxSamples is how many rejected records a flow keeps to show.
const maxSamples = 20

// Trouble is an error as people see it.
type Trouble struct {
	Class    string    `json:"class"`
	Message  string    `json:"message"`
	At       time.Time `json:"at"`
	Retrying bool      `json:"retrying"` // it is being tried again; else the flow has stopped
}

// Sample is a rejected record.
type Sample struct {
	Origin string    `json:"origin"` // topic[partition]@offset, or a URL
	Reason string    `json:"reason"`
	Data   string    `json:"data"` // its first bytes
	At     time.Time `json:"at"`
}

// reporter collects what the connectors of one flow report. It implements
// connector.Reporter and is safe for concurrent use.
type reporter struct {
	flow  string
	clock sys.Clock
	log   func(string)

	mu       sync.Mutex
	rejected int64
	samples  []Sample // the newest last
	troubles int64    // passing failures so far
	trouble  *Trouble // the failure being retried now
}

var _ connector.Reporter = (*reporter)(nil)

func (r *reporter) Rejected(origin, reason string, sample []byte) {
	r.mu.Lock()
	r.rejected++
	first := r.rejected == 1
	r.samples = append(r.samples, Sample{origin, reason, string(sample), r.clock.Now().UTC()})
	if len(r.samples) > maxSamples {
		r.samples = r.samples[1:]
	}
	r.mu.Unlock()
	if first { // the count and the samples show the others
		r.Log("rejected " + origin + ": " + reason)
	}
}

// Trouble logs a failure when it begins or changes, and its end.
func (r *reporter) Trouble(err error) {
	r.mu.Lock()
	before := r.trouble
	if err == nil {
		r.trouble = nil
	} else {
		r.troubles++
		r.trouble = &Trouble{errs.ClassOf(err), err.Error(), r.clock.Now().UTC(), true}
	}
	now := r.trouble
	r.mu.Unlock()
	switch {
	case now != nil && (before == nil || before.Message != now.Message):
		r.Log("trouble, retrying: " + connector.Printable(errs.Render(err), true))
	case now == nil && before != nil:
		r.Log("recovered")
	}
}

func (r *reporter) Log(msg string) { r.log(r.flow + ": " + msg) }

func (r *reporter) state() (rejected, troubles int64, samples []Sample, now *Trouble) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rejected, r.troubles, append([]Sample(nil), r.samples...), r.trouble
}
