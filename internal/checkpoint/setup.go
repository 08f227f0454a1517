package checkpoint

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// Setup is what a query's checkpoint was made for. It is stored once, before the first
// epoch, and again when a delay changes.
type Setup struct {
	Operators []Fingerprint      `json:"operators"` // the stateful operators, by number
	Delays    []int64            `json:"delays"`    // of each watermark node, microseconds
	Sources   []connector.Offset `json:"sources"`   // where each source began
}

// Fingerprint is what an operator's state depends on, as JSON.
type Fingerprint struct {
	Number int             `json:"number"`
	Of     json.RawMessage `json:"of"`
}

// Setup reads the stored setup, nil if there is none.
func (s *Store) Setup() (*Setup, error) {
	data, err := s.get([]byte{tagSetup})
	if data == nil || err != nil {
		return nil, err
	}
	var q Setup
	if err := json.Unmarshal(data, &q); err != nil {
		return nil, errs.Wrap(err, "CHECKPOINT_CORRUPT", "the setup of the checkpoint in %s cannot be read", s.dir)
	}
	return &q, nil
}

// PutSetup stores a setup; it is on disk on return.
func (s *Store) PutSetup(q *Setup) error {
	data, err := json.Marshal(q)
	if err != nil {
		return err
	}
	return s.write(pebble.Sync, func(b *pebble.Batch) error { return b.Set([]byte{tagSetup}, data, nil) })
}

// Check compares the stored setup with a query's present one (whose Sources count only).
// State that no longer fits is refused with the difference; warnings are for people.
func (q *Setup) Check(now *Setup, query, dir string) (warnings []string, err error) {
	var diff []string
	if len(q.Sources) != len(now.Sources) {
		diff = append(diff, fmt.Sprintf("it reads %d streams and read %d", len(now.Sources), len(q.Sources)))
	}
	old := map[int]json.RawMessage{}
	for _, f := range q.Operators {
		old[f.Number] = f.Of
	}
	for _, f := range now.Operators {
		before, ok := old[f.Number]
		delete(old, f.Number)
		if !ok {
			diff = append(diff, fmt.Sprintf("stateful operator %d is new", f.Number))
			continue
		}
		for _, d := range difference(before, f.Of) {
			diff = append(diff, fmt.Sprintf("stateful operator %d: %s", f.Number, d))
		}
	}
	for n := range old {
		diff = append(diff, fmt.Sprintf("stateful operator %d is gone", n))
	}
	slices.Sort(diff)
	if len(diff) > 0 {
		return nil, errs.New("CHECKPOINT_INCOMPATIBLE", "%s has changed so that the state in %s no longer fits: %s",
			query, dir, strings.Join(diff, "; ")).
			WithHint("undo the change, or give the flow another name or checkpoint location to start with empty state")
	}
	return delayWarnings(q.Delays, now.Delays), nil
}

func delayWarnings(old, now []int64) (out []string) {
	for i := range max(len(old), len(now)) {
		switch {
		case i >= len(old):
			out = append(out, fmt.Sprintf("watermark %d is new; its rows start without one", i))
		case i >= len(now):
			out = append(out, fmt.Sprintf("watermark %d is gone", i))
		case old[i] != now[i]:
			out = append(out, fmt.Sprintf("the delay of watermark %d was %d ms and is %d ms; the watermark does not go back", i, old[i]/1000, now[i]/1000))
		}
	}
	return out
}

// difference names what differs between two JSON values, one level deep if both are objects.
func difference(a, b json.RawMessage) []string {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		if string(a) == string(b) {
			return nil
		}
		return []string{fmt.Sprintf("was %s, is %s", a, b)}
	}
	if reflect.DeepEqual(x, y) {
		return nil
	}
	m, ok1 := x.(map[string]any)
	n, ok2 := y.(map[string]any)
	if !ok1 || !ok2 {
		return []string{fmt.Sprintf("was %s, is %s", a, b)}
	}
	names := map[string]bool{}
	for k := range m {
		names[k] = true
	}
	for k := range n {
		names[k] = true
	}
	var out []string
	for k := range names {
		if !reflect.DeepEqual(m[k], n[k]) {
			out = append(out, fmt.Sprintf("%s was %s, is %s", k, show(m[k]), show(n[k])))
		}
	}
	slices.Sort(out)
	return out
}

func show(v any) string {
	if v == nil {
		return "absent"
	}
	data, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(data)
}
