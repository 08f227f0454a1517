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

// planted are bugs: what they replace in the sources of internal/log, and with what. The
// sources that are tested are copies, by the build's overlay.
var planted = []struct{ name, file, good, bad string }{}

// TestPlantedBugsAreFound builds this simulation with all bugs in it, each of which a name in
// the environment wakes, and lets it look for each.
func TestPlantedBugsAreFound(t *testing.T) {
	if testing.Short() || os.Getenv(plantVar) != "" {
		t.Skip("builds the log once more")
	}
	dir := t.TempDir()
	binary := buildPlanted(t, dir)
	for _, p := range planted {
		cmd := exec.Command(binary, "-test.run=TestSeeds", "-seeds=1500", "-steps="+strconv.Itoa(*flagSteps))
		cmd.Env = append(os.Environ(), plantVar+"="+p.name)
		out, err := cmd.CombinedOutput()
		_, found, _ := strings.Cut(string(out), "-seed ")
		found, _, _ = strings.Cut(found, "\n")
		if err == nil || found == "" {
			t.Errorf("%s: not found", p.name)
		} else {
			t.Logf("%s: seed %s", p.name, found)
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
