package log

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// crashFS takes a picture of the disk, as a power cut would leave it, before the n-th write
// or sync, whoever makes it.
type crashFS struct {
	vfs.FS
	mu   sync.Mutex
	left int
	snap func()
	done chan struct{}
}

func (c *crashFS) tick() {
	c.mu.Lock()
	c.left--
	hit := c.left == 0
	c.mu.Unlock()
	if hit {
		c.snap()
		close(c.done)
	}
}

// finish takes the picture now if it has not been taken.
func (c *crashFS) finish() {
	c.mu.Lock()
	hit := c.left <= 0
	c.left = -1
	c.mu.Unlock()
	if hit {
		<-c.done
	} else {
		c.snap()
	}
}

type crashFile struct {
	vfs.File
	c *crashFS
}

func (c *crashFS) wrap(f vfs.File, err error) (vfs.File, error) {
	if err != nil {
		return nil, err
	}
	return crashFile{f, c}, nil
}

func (c *crashFS) Create(n string, k vfs.DiskWriteCategory) (vfs.File, error) {
	c.tick()
	return c.wrap(c.FS.Create(n, k))
}

func (c *crashFS) OpenReadWrite(n string, k vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	return c.wrap(c.FS.OpenReadWrite(n, k, o...))
}
func (c *crashFS) OpenDir(n string) (vfs.File, error) { return c.wrap(c.FS.OpenDir(n)) }
func (c *crashFS) Rename(a, b string) error           { c.tick(); return c.FS.Rename(a, b) }
func (c *crashFS) Remove(a string) error              { c.tick(); return c.FS.Remove(a) }

func (f crashFile) Write(p []byte) (int, error)            { f.c.tick(); return f.File.Write(p) }
func (f crashFile) WriteAt(p []byte, o int64) (int, error) { f.c.tick(); return f.File.WriteAt(p, o) }
func (f crashFile) Sync() error                            { f.c.tick(); return f.File.Sync() }
func (f crashFile) SyncData() error                        { f.c.tick(); return f.File.SyncData() }

// model is what the clients of the log know.
type model struct {
	mu    sync.Mutex
	acked map[string]map[int64]string // by topic-partition: what was acknowledged
	start map[string]int64            // acknowledged log starts
	table map[string]string           // acknowledged puts
	next  atomic.Int64
}

// client is one of several beside each other.
type client struct {
	*model
	n   int
	rng *rand.Rand
	t   *testing.T
	l   *Log
}

func (m *model) clone() *model {
	c := &model{acked: map[string]map[int64]string{}, start: maps.Clone(m.start), table: maps.Clone(m.table)}
	for k, v := range m.acked {
		c.acked[k] = maps.Clone(v)
	}
	return c
}

func (m *client) value() string {
	n := 10
	if m.rng.IntN(8) == 0 {
		n = 2500 // a round of its own is synced directly
	}
	return fmt.Sprintf("v%d%s", m.next.Add(1), strings.Repeat(".", m.rng.IntN(n)))
}

func TestCrashes(t *testing.T) {
	seeds := 60
	if n, err := strconv.Atoi(os.Getenv("AZUD_LOG_SEEDS")); err == nil {
		seeds = n
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { crashes(t, uint64(seed)) })
	}
}

func crashes(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	m := &model{acked: map[string]map[int64]string{}, start: map[string]int64{}, table: map[string]string{}}
	direct := []int{300, 1000, 16 << 10}[rng.IntN(3)]
	disk := vfs.NewCrashableMem()
	for generation := range 4 {
		fs := &crashFS{FS: disk, left: 1 + rng.IntN(400), done: make(chan struct{})}
		var after *vfs.MemFS
		var known *model
		percent := []int{0, 50, 100, rng.IntN(100)}[rng.IntN(4)]
		cut := rand.New(rand.NewPCG(seed, uint64(generation)))
		fs.snap = func() {
			m.mu.Lock()
			known = m.clone()
			m.mu.Unlock()
			after = disk.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: cut})
		}
		l, err := tryOpen(t, fs, func(c *Config) {
			c.Log = slog.New(slog.NewTextHandler(noDamage{t}, nil))
			c.JournalBytes, c.DirectBytes, c.CheckpointBytes, c.IndexBytes = 16<<10, direct, 40<<10, 500
			c.OpenFiles = 2
		})
		if err != nil {
			t.Fatalf("generation %d: %v", generation, err)
		}
		if generation > 0 {
			verify(t, l, m)
		}
		work(t, l, m, rng, func() bool { fs.mu.Lock(); defer fs.mu.Unlock(); return fs.left <= 0 })
		fs.finish()
		l.Close() //nolint:errcheck // the machine has gone already
		known.next.Store(m.next.Load())
		disk, m = after, known
	}
}

// noDamage fails the test if the log says that acknowledged records are damaged: a power cut
// damages none.
type noDamage struct{ t *testing.T }

func (n noDamage) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("damaged\"")) {
		n.t.Errorf("%s", p)
	}
	return len(p), nil
}

// work has clients append, write and trim until done, and notes what is acknowledged.
func work(t *testing.T, l *Log, m *model, rng *rand.Rand, done func() bool) {
	for n := byte(1); n <= 2; n++ {
		if l.Topics().ByID(id(n)) == nil {
			create(t, l, fmt.Sprint("t", n), n, 2, "segment.bytes", "8000")
		}
	}
	var parts []*Partition
	for _, topic := range l.Topics().All() {
		parts = append(parts, topic.Partitions()...)
	}
	var wg sync.WaitGroup
	for n := range 1 + rng.IntN(4) {
		c := &client{m, n, rand.New(rand.NewPCG(rng.Uint64(), 0)), t, l}
		wg.Go(func() {
			for i := 0; i < 600 && !done(); i++ {
				c.step(parts)
			}
		})
	}
	wg.Wait()
}

func (m *client) step(parts []*Partition) {
	switch r := m.rng.IntN(20); {
	case r < 15:
		m.appendSome(parts)
	case r < 17:
		m.transaction(parts, 1000+m.next.Add(1))
	case r < 19:
		k, v := fmt.Sprintf("k%d-%d", m.n, m.rng.IntN(5)), fmt.Sprint("w", m.next.Add(1))
		if err := m.l.Write(Write{Puts: []Put{{TableOffsets, k, []byte(v)}}}); err != nil {
			m.t.Error(err)
		}
		wait(m.t, m.l)
		m.mu.Lock()
		m.table[k] = v
		m.mu.Unlock()
	default:
		p := parts[m.rng.IntN(len(parts))]
		to := p.Start()
		to += m.rng.Int64N(p.High() - to + 1)
		start, err := p.DeleteBefore(to)
		if err != nil {
			m.t.Error(err)
		}
		wait(m.t, m.l)
		m.mu.Lock()
		m.start[p.String()] = max(start, m.start[p.String()])
		m.mu.Unlock()
	}
}

// appendSome appends to a few partitions and waits once.
func (m *client) appendSome(parts []*Partition) {
	type sent struct {
		p *Partition
		a Appended
		v []string
	}
	var list []sent
	for range 1 + m.rng.IntN(4) {
		p := parts[m.rng.IntN(len(parts))]
		var vs []string
		for range 1 + m.rng.IntN(3) {
			vs = append(vs, m.value())
		}
		list = append(list, sent{p, put(m.t, p, plain(vs...), AppendOptions{Now: testTime, Deferred: m.rng.IntN(3) > 0}), vs})
	}
	wait(m.t, m.l)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range list {
		m.ack(s.p, s.a.Base, s.v)
	}
}

func (m *model) ack(p *Partition, base int64, vs []string) {
	k := p.String()
	if m.acked[k] == nil {
		m.acked[k] = map[int64]string{}
	}
	for i, v := range vs {
		m.acked[k][base+int64(i)] = v
	}
}

// transaction writes to all partitions and ends with a decision in the table.
func (m *client) transaction(parts []*Partition, producer int64) {
	t, l := m.t, m.l
	commit := m.rng.IntN(2) == 0
	w := Write{Puts: []Put{
		{TableTxns, fmt.Sprint("txn", producer), []byte(fmt.Sprint(commit))},
		{TableIDs, fmt.Sprint(producer), []byte(fmt.Sprint(m.n))},
		{TableGroups, fmt.Sprint(m.n), []byte(fmt.Sprint(producer))}, // the client's last
	}}
	for _, p := range parts {
		put(t, p, inTxn(producer, 0, 0, fmt.Sprint("txn", producer)), AppendOptions{Now: testTime, Txn: true, Deferred: m.rng.IntN(2) == 0})
		w.Markers = append(w.Markers, Marker{Topic: p.Topic(), Partition: p.Index(), Producer: producer, Commit: commit})
	}
	if m.rng.IntN(2) == 0 {
		wait(t, l)
	}
	if err := l.Write(w); err != nil {
		t.Error(err)
	}
	if m.rng.IntN(2) == 0 {
		put(t, parts[0], plain("behind"))
	}
	wait(t, l)
	m.mu.Lock()
	m.table[fmt.Sprint("txn", producer)] = fmt.Sprint(commit)
	m.mu.Unlock()
}

// verify compares the recovered log with what had been acknowledged.
func verify(t *testing.T, l *Log, m *model) {
	t.Helper()
	for k, v := range m.table {
		table := TableOffsets
		if strings.HasPrefix(k, "txn") {
			table = TableTxns
		}
		got, ok := l.Get(table, k)
		if !ok || table == TableTxns && string(got) != v || table == TableOffsets && older(string(got), v) {
			t.Fatalf("%s is %q, %q had been acknowledged", k, got, v)
		}
	}
	for producer, n := range l.All(TableIDs) { // a Write is there whole, and none undoes a later one
		if last, _ := l.Get(TableGroups, string(n)); older(string(last), producer) {
			t.Fatalf("the transaction of %s is there, but the client's last one is %s", producer, last)
		}
	}
	decided := map[string]bool{}
	for k, v := range l.All(TableTxns) {
		decided[k] = string(v) == "true"
	}
	for _, topic := range l.Topics().All() {
		for _, p := range topic.Partitions() {
			verifyPartition(t, p, m, decided)
		}
	}
}

func older(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

func verifyPartition(t *testing.T, p *Partition, m *model, decided map[string]bool) {
	t.Helper()
	if p.Start() < m.start[p.String()] {
		t.Fatalf("%v starts at %d, before %d", p, p.Start(), m.start[p.String()])
	}
	got := map[int64]string{}
	times := map[string]int{}
	for _, s := range values(t, p, p.Start(), ReadUncommitted) {
		var o int64
		var v string
		if _, err := fmt.Sscanf(s, "%d:%s", &o, &v); err != nil {
			t.Fatal(err)
		}
		got[o] = v
		if times[v]++; times[v] > 1 && v != "behind" {
			t.Fatalf("%v has %s twice", p, v)
		}
	}
	for o, v := range m.acked[p.String()] {
		if o >= p.Start() && got[o] != v {
			t.Fatalf("%v: at %d is %.20q, %.20q had been acknowledged (log [%d, %d))", p, o, got[o], v, p.Start(), p.End())
		}
	}
	for _, s := range p.Producers() { // transactions that nobody decided are aborted now, as the coordinator does
		if s.TxnStart >= 0 {
			if _, ok := decided[fmt.Sprint("txn", s.ID)]; ok {
				t.Fatalf("%v: the transaction of %d is decided but open", p, s.ID)
			}
			if err := p.l.Write(Write{Markers: []Marker{{Topic: p.topic, Partition: p.index, Producer: s.ID}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	wait(t, p.l)
	var committed []string
	for _, s := range values(t, p, p.Start(), ReadCommitted) {
		if _, v, _ := strings.Cut(s, ":"); strings.HasPrefix(v, "txn") {
			committed = append(committed, v)
		}
	}
	for o, v := range got {
		if strings.HasPrefix(v, "txn") && decided[v] != slices.Contains(committed, v) {
			t.Fatalf("%v: at %d, %s is decided %v but seen %v", p, o, v, decided[v], slices.Contains(committed, v))
		}
	}
}
