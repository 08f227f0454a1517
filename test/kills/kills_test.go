package main

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestKills is the run of the command, short, and once with a broker whose data were changed.
func TestKills(t *testing.T) {
	if testing.Short() || runtime.GOOS == "windows" {
		t.Skip("builds and runs the binary, and sends it signals")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	bin := filepath.Join(t.TempDir(), "azud")
	if err := build(ctx, bin); err != nil {
		t.Fatal(err)
	}
	short := func(t *testing.T, o options) (report string, failed int) {
		var out bytes.Buffer
		o.bin, o.dir, o.out, o.patience = bin, t.TempDir(), &out, 10
		if o.tamper != nil {
			o.patience = 1 // what is lost does not come
		}
		failed, err := whole(ctx, o)
		if err != nil {
			t.Fatal(err)
		}
		return out.String(), failed
	}
	t.Run("a few", func(t *testing.T) {
		report, failed := short(t, options{kills: 3, seed: uint64(time.Now().UnixNano() % 1_000_000)})
		if failed > 0 || !strings.HasSuffix(report, " passed, 0 failed\n") {
			t.Errorf("it says:\n%s", report)
		}
	})
	t.Run("lost records are found", func(t *testing.T) {
		report, _ := short(t, options{kills: 3, seed: 1, tamper: cutFirstSegment})
		for _, want := range []string{"FAIL  no acknowledged record is lost", "FAIL  what was read once stays as it was"} {
			if !strings.Contains(report, want) {
				t.Errorf("it does not say %s:\n%s", want, report)
			}
		}
	})
}

// cutFirstSegment takes the end of the first segment of the partition that has most bytes,
// which is one of the topic "kept".
func cutFirstSegment(data string) error {
	const first = "00000000000000000000.log"
	bytes := func(folder string) (n int64) {
		list, _ := filepath.Glob(filepath.Join(folder, "*.log")) // the pattern is well-formed
		for _, name := range list {
			if info, err := os.Stat(name); err == nil {
				n += info.Size()
			}
		}
		return n
	}
	whole, err := filepath.Glob(filepath.Join(data, "log", "topics", "*", first))
	if err != nil {
		return err
	}
	most := slices.MaxFunc(whole, func(a, b string) int { return cmp.Compare(bytes(filepath.Dir(a)), bytes(filepath.Dir(b))) })
	return os.Truncate(most, 100_000)
}
