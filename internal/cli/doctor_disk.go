package cli

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/sys"
)

// Limits beyond which a disk is complained about. The broker refuses records below noSpace or
// 2 % (internal/log).
const (
	littleSpace = 5 << 30
	noSpace     = 512 << 20
	slowSync    = 20 * time.Millisecond
)

// directory looks at the data directory, or where it is not there yet at the folder in which
// it will be made.
func (x *examination) directory() []finding {
	dir, note := x.data, ""
	for !x.exists(dir) && filepath.Dir(dir) != dir {
		dir, note = filepath.Dir(dir), ", and is not there yet"
	}
	syncs, err := syncLatency(x.a.sys, filepath.Join(dir, ".doctor"))
	if err != nil {
		where := x.data
		if note != "" {
			where += ", for which " + dir + " counts,"
		}
		return []finding{{"data", broken, fmt.Sprintf("%s cannot be written: %v", where, reason(err)),
			"give yourself write permission, or name another folder with --data DIR"}}
	}
	out := []finding{{"data", fine, x.data + " can be written" + note, ""}}
	median, worst := syncs[len(syncs)/2], syncs[len(syncs)-1]
	f := finding{"sync", fine, fmt.Sprintf("4 KiB are durable after %.2f ms (median of %d, worst %.2f ms)", millis(median), len(syncs), millis(worst)), ""}
	if median > slowSync {
		f.State, f.Remedy = warning, "each acknowledged request waits for this: put the data on a local SSD"
	}
	out = append(out, f)
	u, err := x.a.sys.FS.GetDiskUsage(dir)
	if err != nil { // some file systems do not say
		return out
	}
	f = finding{"space", fine, fmt.Sprintf("%.1f GiB of %.1f GiB are free", gib(u.AvailBytes), gib(u.TotalBytes)), ""}
	switch {
	case u.AvailBytes < max(noSpace, u.TotalBytes/50):
		f.State, f.Remedy = broken, "the broker takes no records below 512 MiB or 2 %: free some space, or name another disk with --data DIR"
	case u.AvailBytes < littleSpace:
		f.State, f.Remedy = warning, "lower retention.ms or retention.bytes of large topics: azud topic alter NAME --set retention.bytes=…"
	}
	return append(out, f)
}

func (x *examination) exists(path string) bool {
	_, err := x.a.sys.FS.Stat(path)
	return err == nil
}

// syncLatency measures what it takes to make 4 KiB durable, sorted.
func syncLatency(s *sys.Sys, name string) (took []time.Duration, err error) {
	f, err := s.FS.Create(name, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	defer func() {
		err = cmp.Or(err, errors.Join(f.Close(), s.FS.Remove(name)))
	}()
	const tries = 20
	for range tries {
		if _, err := f.Write(make([]byte, 4096)); err != nil {
			return nil, err
		}
		began := s.Clock.Now()
		if err := f.SyncData(); err != nil {
			return nil, err
		}
		took = append(took, s.Clock.Now().Sub(began))
	}
	slices.Sort(took)
	return took, nil
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
func gib(n uint64) float64           { return float64(n) / (1 << 30) }

// clock compares the clock with the program's and the data's age: records get their times from
// it, and retention removes by them.
func (x *examination) clock() []finding {
	now := x.a.sys.Clock.Now()
	f := finding{"clock", fine, now.Format("2006-01-02 15:04:05 MST (UTC-07:00)"), ""}
	const written = 1_750_000_000 // June 2025: before Azud was
	newest := x.newestData()
	switch {
	case now.Unix() < written:
		f.State, f.Remedy = broken, "the clock is years behind: set it, or retention and watermarks go wrong"
	case newest.After(now.Add(time.Minute)):
		f.State, f.Remedy = warning, "the clock was set back: new records seem older than those of before, and retention counts from those"
		f.Detail += "; the data are of " + newest.Format(time.DateTime)
	}
	return []finding{f}
}

// newestData is when the broker's data were last written; the zero time if there are none.
func (x *examination) newestData() (newest time.Time) {
	fs := x.a.sys.FS
	for _, dir := range []string{filepath.Join(x.data, logFolder), filepath.Join(x.data, logFolder, "journal")} {
		names, err := fs.List(dir)
		if err != nil {
			continue
		}
		for _, name := range names {
			if info, err := fs.Stat(filepath.Join(dir, name)); err == nil && info.ModTime().After(newest) {
				newest = info.ModTime()
			}
		}
	}
	return newest
}
