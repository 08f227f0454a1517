package logsim

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"testing/synctest"
)

var (
	flagSeeds = flag.Int("seeds", 300, "how many seeds to try")
	flagSeed  = flag.Uint64("seed", 0, "the one seed to try; with -v its story is told")
	flagSteps = flag.Int("steps", 120, "steps a seed")
	flagMost  = flag.Int("most", 5, "seeds that fail before it stops")
	flagFrom  = flag.Uint64("from", 1, "the first seed")
)

// One processor: what runs in the background then does so in the same order each time.
func TestMain(m *testing.M) {
	flag.Parse()
	runtime.GOMAXPROCS(1)
	os.Exit(m.Run())
}

// try runs one seed.
func try(t *testing.T, o options) (w *world, err error) {
	synctest.Test(t, func(*testing.T) {
		w = newWorld(o)
		err = w.run()
	})
	return w, err
}

func TestSeeds(t *testing.T) {
	if *flagSeed != 0 {
		w, err := try(t, options{seed: *flagSeed, steps: *flagSteps, story: true})
		for _, line := range w.disk.Story() {
			t.Log(line)
		}
		for _, line := range w.logs.lines {
			t.Log("log: " + line)
		}
		if err != nil {
			t.Error(err)
		}
		return
	}
	total := map[string]int{}
	bad := 0
	for seed := *flagFrom; seed < *flagFrom+uint64(*flagSeeds) && bad < *flagMost; seed++ {
		w, err := try(t, options{seed: seed, steps: *flagSteps})
		if err != nil {
			t.Errorf("-seed %d: %v", seed, err)
			bad++
		}
		for k, n := range w.counts {
			total[k] += n
		}
	}
	t.Log(fmt.Sprint(total))
	if bad > 0 || *flagSeeds < 200 {
		return
	}
	for _, k := range []string{"appended", "duplicates", "refused", "transactions", "waits", "trims", "starts", "compactions", "retained", "flips found"} {
		if total[k] == 0 {
			t.Errorf("the seeds have no %s", k)
		}
	}
}
