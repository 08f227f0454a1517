package interim

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// recoverDir makes the directory what kfake loads right. After a clean stop that is one
// glance a partition; after a kill everything is read.
func recoverDir(cfg Config) error {
	fsys := cfg.Sys.FS
	raw, err := readFile(fsys, filepath.Join(cfg.Dir, "topics.json"))
	if err != nil || raw == nil {
		return err // nothing was ever stored
	}
	r := &recovery{cfg: cfg, fs: fsys, aborted: map[int64]int16{}}
	if err := r.list(raw); err != nil {
		return err
	}
	if _, err := fsys.Stat(filepath.Join(cfg.Dir, cleanFile)); err == nil {
		return r.each((*partition).keepEmpty)
	}
	began := cfg.Sys.Clock.Now()
	if err := r.run(); err != nil {
		return err
	}
	r.report(cfg.Sys.Clock.Now().Sub(began).Milliseconds())
	return nil
}

// recovery is the work after a kill. Each step may itself be killed and run again.
type recovery struct {
	cfg       Config
	fs        vfs.FS
	parts     []*partition
	ends      map[int64]end
	aborted   map[int64]int16 // producers whose transaction is aborted here, with its epoch
	producers producers
	finished  int // transactions, counted by partition
	torn      int64
}

func (r *recovery) path(name string) string { return filepath.Join(r.cfg.Dir, name) }

// list reads topics.json and the floors.
func (r *recovery) list(topicsJSON []byte) error {
	var topics struct {
		Topics []struct {
			Name       string `json:"name"`
			ID         string `json:"id"` // base64
			Partitions int32  `json:"partitions"`
		} `json:"topics"`
	}
	if err := json.Unmarshal(topicsJSON, &topics); err != nil {
		return fmt.Errorf("topics.json: %w", err)
	}
	floors := map[string]map[int32]floor{}
	raw, err := readFile(r.fs, r.path(floorsFile))
	if err != nil {
		return err
	}
	if raw != nil && json.Unmarshal(raw, &floors) != nil {
		floors = nil // written by rename, so this is a power loss: do without
	}
	for _, t := range topics.Topics {
		for p := range t.Partitions {
			dir := filepath.Join(r.cfg.Dir, "partitions", fmt.Sprintf("%s-%d", url.PathEscape(t.Name), p))
			r.parts = append(r.parts, &partition{
				r: r, topic: t.Name, number: p, dir: dir, floor: floors[t.ID][p],
			})
		}
	}
	return nil
}

func (r *recovery) each(fn func(*partition) error) error {
	for _, p := range r.parts {
		if err := fn(p); err != nil {
			return fmt.Errorf("%s-%d: %w", p.topic, p.number, err)
		}
	}
	return nil
}

// run does the steps in an order in which a kill loses no decision: the producers are
// fenced before the last trace of their open transactions goes.
func (r *recovery) run() error {
	raw, err := readFile(r.fs, r.path(endsFile))
	if err != nil {
		return err
	}
	r.ends = readEnds(raw)
	if err := r.each((*partition).scan); err != nil {
		return err
	}
	if err := r.settleProducers(); err != nil {
		return err
	}
	if err := r.each((*partition).repair); err != nil {
		return err
	}
	if err := r.writeWindows(); err != nil {
		return err
	}
	return r.tidyLogs()
}

func (r *recovery) settleProducers() error {
	raw, err := readFile(r.fs, r.path("pids.log"))
	if err != nil {
		return err
	}
	r.producers = readProducers(raw)
	r.producers.settle(r.ends, r.aborted)
	out, err := r.producers.bytes()
	if err != nil {
		return err
	}
	return replaceFile(r.fs, r.path("pids.log"), out, true)
}

// commitsOpen says whether the open transaction of a producer was decided to commit.
// From KIP-890 on an epoch is one transaction; before it, a began record tells a new
// transaction from the decided one.
func (r *recovery) commitsOpen(pid int64, epoch int16) bool {
	e, ok := r.ends[pid]
	return ok && e.kind == commits && e.epoch == epoch
}

// tidyLogs drops a torn tail of groups.log, behind which kfake would append, and the
// sessions of an earlier clean stop.
func (r *recovery) tidyLogs() error {
	raw, err := readFile(r.fs, r.path("groups.log"))
	if err != nil {
		return err
	}
	if _, sound := readFramed(raw); sound < len(raw) {
		r.torn += int64(len(raw) - sound)
		if err := replaceFile(r.fs, r.path("groups.log"), raw[:sound], true); err != nil {
			return err
		}
	}
	if err := r.fs.Remove(r.path("session_state.json")); err != nil && !missing(err) {
		return err
	}
	return nil
}

// writeWindows tells kfake the last batches of each producer, by which it knows one
// that is sent again.
func (r *recovery) writeWindows() error {
	type file struct {
		Version int      `json:"version"`
		Windows []window `json:"windows"`
	}
	out := file{Version: 1}
	for _, p := range r.parts {
		for _, pid := range slices.Sorted(maps.Keys(p.windows)) {
			if r.producers.byID[pid] == nil {
				continue
			}
			w := p.windows[pid]
			w.PID, w.Topic, w.Partition = pid, p.topic, p.number
			out.Windows = append(out.Windows, *w)
		}
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return err
	}
	return replaceFile(r.fs, r.path("seq_windows.json"), raw, false)
}

func (r *recovery) report(ms int64) {
	line := fmt.Sprintf("broker: recovered after an unclean stop in %d ms", ms)
	if n := len(r.aborted); n > 0 {
		line += fmt.Sprintf("; open transactions of %d producers aborted", n)
	}
	if r.finished > 0 {
		line += fmt.Sprintf("; decided transactions finished in %d partitions", r.finished)
	}
	if r.torn > 0 {
		line += fmt.Sprintf("; %d torn bytes dropped", r.torn)
	}
	r.cfg.Log(line)
}
