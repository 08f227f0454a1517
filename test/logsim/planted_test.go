package logsim

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/azud/azud/internal/sys/fault"
)

// A disk that lies is a bug of the log's that has not been written: a sync that was forgotten.
func TestForgottenSyncsAreFound(t *testing.T) {
	for name, forgotten := range map[string]func(fault.Op) bool{
		"journal": func(o fault.Op) bool { return o.Kind == fault.Sync && strings.Contains(o.Path, "/journal/") },
		"segments": func(o fault.Op) bool {
			return o.Kind == fault.Sync && strings.HasSuffix(o.Path, ".log")
		},
		"snapshot":           func(o fault.Op) bool { return o.Kind == fault.Sync && strings.Contains(o.Path, "/snap-") },
		"compacted segments": func(o fault.Op) bool { return o.Kind == fault.Sync && strings.HasSuffix(o.Path, ".swap") },
		"name of the snapshot": func(o fault.Op) bool {
			return o.Kind == fault.SyncDir && o.Path == "/data"
		},
		"names of partitions": func(o fault.Op) bool { return o.Kind == fault.SyncDir && o.Path == "/data/topics" },
		"names of segments": func(o fault.Op) bool {
			return o.Kind == fault.SyncDir && strings.HasPrefix(o.Path, "/data/topics/")
		},
	} {
		found := false
		for seed := uint64(1); seed <= 1500 && !found; seed++ {
			_, err := try(t, options{seed: seed, steps: *flagSteps, plant: func(o fault.Op) fault.Answer {
				return fault.Answer{Lie: forgotten(o)}
			}})
			found = err != nil
			if found {
				t.Logf("no sync of %s: seed %d: %v", name, seed, err)
			}
		}
		if !found {
			t.Errorf("that %s are never synced is not found", name)
		}
	}
}

// bug is what a line of internal/log could have been. PLANTED stands for "this bug is awake".
type bug struct {
	name, file, good, bad string
	rare                  bool // takes thousands of seeds: only with -seeds of 5000 and more
}

var planted = []bug{
	{name: "the journal is not synced", file: "journal.go",
		good: "if j.cur != nil {\n\t\tif err := j.cur.f.SyncData()", bad: "if j.cur != nil && !(PLANTED) {\n\t\tif err := j.cur.f.SyncData()"},
	{name: "replay ignores the last record", file: "journal_read.go",
		good: "\t\trec, ok, err := f.record(r.at.pos)\n\t\tif err != nil {\n\t\t\treturn err",
		bad: "\t\tif rec, ok, _ := f.record(r.at.pos); ok && PLANTED {\n\t\t\tif _, more, _ := f.record(r.at.pos + rec.size); !more {\n\t\t\t\treturn nil\n\t\t\t}\n\t\t}\n" +
			"\t\trec, ok, err := f.record(r.at.pos)\n\t\tif err != nil {\n\t\t\treturn err"},
	{name: "the last stable offset moves before the marker is durable", file: "producer.go",
		good: "t.marker >= 0 && t.marker < high", bad: "t.marker >= 0 && (PLANTED || t.marker < high)"},
	{name: "sequences are not checked", file: "producer.go",
		good: "case s == nil: // unknown", bad: "case s == nil || PLANTED: // unknown"},
	{name: "producers are forgotten at a start", file: "recover_scan.go",
		good: "p.epochs, p.producers = st.epochs, st.producers", bad: "p.epochs, p.producers = st.epochs, st.producers\n\tif PLANTED {\n\t\tp.producers = map[int64]*producer{}\n\t}"},
	{name: "a marker counts without the journal", file: "recover_scan.go",
		good: "(!b.Control() || r.controls", bad: "(!b.Control() || PLANTED || r.controls"},
	{name: "a checkpoint does not sync segments", file: "checkpoint.go",
		good: "\t\tif err := d.seg.sync(d.size)", bad: "\t\tif PLANTED {\n\t\t\tcontinue\n\t\t}\n\t\tif err := d.seg.sync(d.size)"},
	{name: "the log start is not journaled", file: "retention.go",
		good: "if !l.cfg.Volatile {\n\t\tat := st.next.begin(entryStart)", bad: "if !l.cfg.Volatile && !(PLANTED) {\n\t\tat := st.next.begin(entryStart)"},
	{name: "files go before the snapshot", file: "retention.go",
		good: "\tif l.cfg.Volatile {\n\t\tremoveSegments(segs)", bad: "\tif l.cfg.Volatile || PLANTED {\n\t\tremoveSegments(segs)"},
	{name: "a compaction is not journaled", file: "replace.go",
		good: "\tif p.l.cfg.Volatile {\n\t\treturn nil\n\t}\n\tat :=", bad: "\tif p.l.cfg.Volatile || PLANTED {\n\t\treturn nil\n\t}\n\tat :="},
	{name: "compaction removes tombstones at once", file: "compact_filter.go",
		good: "(r.Value != nil || !f.expired(b))", bad: "(r.Value != nil || !f.expired(b) && !(PLANTED))"},
	{name: "compaction takes the records of open transactions", file: "compact.go",
		good: "next > min(p.stable.Load(), end)", bad: "next > min(p.stable.Load(), end) && !(PLANTED)"},
	{name: "compaction loses the last sequence", file: "compact_filter.go",
		good: "if !ok || b.Producer < 0 {", bad: "if !ok || b.Producer < 0 || PLANTED {", rare: true},
	{name: "a failed sync is forgotten at the next start", file: "recover.go",
		good: "\tif err := r.run(ctx); err != nil {", bad: "\tr.doubt = r.doubt && !(PLANTED)\n\tif err := r.run(ctx); err != nil {", rare: true},
	{name: "a failed partition is in a snapshot", file: "checkpoint.go",
		good: "if s.broken != nil {", bad: "if s.broken != nil && !(PLANTED) {", rare: true},
	{name: "recovery trusts the journal in the cache", file: "recover.go",
		good: "\tif r.records > 0 {\n\t\tif err := r.settleJournal()", bad: "\tif r.records > 0 && !(PLANTED) {\n\t\tif err := r.settleJournal()", rare: true},
	{name: "names of found segments are not synced", file: "recover_scan.go",
		good: "s.fresh.Store(true) // its name", bad: "s.fresh.Store(!(PLANTED)) // its name", rare: true},
}

// TestPlantedBugsAreFound builds this simulation with all bugs in it, each of which a name in
// the environment wakes, and lets it look for each. The sources of the log are copies, by the
// build's overlay.
func TestPlantedBugsAreFound(t *testing.T) {
	if testing.Short() || os.Getenv(plantVar) != "" {
		t.Skip("builds the log once more")
	}
	binary := buildPlanted(t, t.TempDir())
	for _, p := range planted {
		seeds := 2000
		if p.rare {
			if seeds = 20_000; *flagSeeds < 5000 {
				continue
			}
		}
		cmd := exec.Command(binary, "-test.run=TestSeeds", "-most=1", "-seeds="+strconv.Itoa(seeds), "-steps="+strconv.Itoa(*flagSteps))
		cmd.Env = append(os.Environ(), plantVar+"="+p.name)
		out, err := cmd.CombinedOutput()
		_, found, _ := strings.Cut(string(out), "-seed ")
		found, _, _ = strings.Cut(found, "\n")
		if err == nil || found == "" {
			t.Errorf("%s: not found\n%.2000s", p.name, out)
		} else {
			t.Logf("%s: seed %.200s", p.name, found)
		}
	}
}

const plantVar = "AZUD_PLANTED"

func buildPlanted(t *testing.T, dir string) string {
	t.Helper()
	source, err := filepath.Abs("../../internal/log")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{"planted_overlay.go": "package log\n\nimport \"os\"\n\nvar planted = os.Getenv(\"" + plantVar + "\")\n"}
	for _, p := range planted {
		text, ok := texts[p.file]
		if !ok {
			data, err := os.ReadFile(filepath.Join(source, p.file))
			if err != nil {
				t.Fatal(err)
			}
			text = string(data)
		}
		if strings.Count(text, p.good) != 1 {
			t.Fatalf("%s: %s has the text %q %d times; it must be there once", p.name, p.file, p.good, strings.Count(text, p.good))
		}
		texts[p.file] = strings.Replace(text, p.good, strings.ReplaceAll(p.bad, "PLANTED", "planted == "+strconv.Quote(p.name)), 1)
	}
	overlay := map[string]map[string]string{"Replace": {}}
	for name, text := range texts {
		copied := filepath.Join(dir, name)
		if err := os.WriteFile(copied, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		overlay["Replace"][filepath.Join(source, name)] = copied
	}
	list, err := json.Marshal(overlay)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "overlay.json"), list, 0o644); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "planted.test")
	out, err := exec.Command("go", "test", "-c", "-overlay", filepath.Join(dir, "overlay.json"), "-o", binary, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("building: %v\n%s", err, out)
	}
	return binary
}
