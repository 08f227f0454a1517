package interim

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/sys"
)

// childBroker runs a broker until its standard input ends or it is killed.
func childBroker(dir, addr string) {
	b, err := Start(context.Background(), Config{
		Sys: sys.Real(), Addrs: []string{addr}, Dir: dir, Log: func(s string) { fmt.Fprintln(os.Stderr, s) },
	})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	fmt.Println("ready", b.Addr())
	io.Copy(io.Discard, os.Stdin) //nolint:errcheck // waits for the end
	if err := b.Close(); err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
}

// victim is a broker in a process of its own.
type victim struct {
	t    *testing.T
	dir  string
	addr string // as given at first, then fixed
	cmd  *exec.Cmd
	in   io.Closer
}

func (v *victim) start() {
	v.t.Helper()
	v.cmd = exec.Command(os.Args[0])
	v.cmd.Env = append(os.Environ(), "AZUD_TEST_BROKER_DIR="+v.dir, "AZUD_TEST_BROKER_ADDR="+v.addr)
	v.cmd.Stderr = testLog{v.t}
	in, err := v.cmd.StdinPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	v.in = in
	out, err := v.cmd.StdoutPipe()
	if err != nil {
		v.t.Fatal(err)
	}
	if err := v.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	addr, ok := strings.CutPrefix(strings.TrimSpace(line), "ready ")
	if err != nil || !ok {
		v.t.Fatalf("broker said %q (%v)", line, err)
	}
	v.addr = addr
}

type testLog struct{ t *testing.T }

func (l testLog) Write(p []byte) (int, error) {
	if s := strings.TrimSpace(string(p)); os.Getenv("AZUD_KILLS") != "" || strings.Contains(s, "panic") {
		l.t.Log(s)
	}
	return len(p), nil
}

func (v *victim) kill() {
	v.cmd.Process.Kill() //nolint:errcheck // it may be gone
	v.cmd.Wait()         //nolint:errcheck // killed
}

func (v *victim) stop() {
	v.in.Close()
	if err := v.cmd.Wait(); err != nil {
		v.t.Errorf("clean stop: %v", err)
	}
}

// Transactions over all partitions and the compacted mark, killed anywhere: what the
// Kafka sink does, with its protocol. AZUD_KILLS=30 for a long run, AZUD_SEED to repeat.
func TestKillsLoseAndDoubleNothing(t *testing.T) {
	kills, seed := envInt("AZUD_KILLS", 2), envInt("AZUD_SEED", int(time.Now().UnixNano()%1e6))
	t.Logf("kills=%d seed=%d", kills, seed)
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	v := &victim{t: t, dir: t.TempDir(), addr: "127.0.0.1:0"}
	v.start()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var wg sync.WaitGroup
	sinks := []*txnSink{{id: "tx-a"}, {id: "tx-b"}}
	plain := &plainProducer{}
	for _, s := range sinks {
		wg.Go(func() { s.run(ctx, t, v.addr) })
	}
	wg.Go(func() { plain.run(ctx, t, v.addr) })
	for range kills {
		time.Sleep(time.Duration(50+rng.IntN(400)) * time.Millisecond)
		v.kill()
		v.start()
	}
	time.Sleep(500 * time.Millisecond)
	stop()
	wg.Wait()
	for _, s := range sinks {
		s.abort(t, v.addr)
	}
	for range 2 { // as left by the last kill's recovery; then after one more kill
		for _, s := range sinks {
			s.check(t, v.addr)
		}
		plain.check(t, v.addr)
		v.kill()
		v.start()
	}
	v.stop()
}

func envInt(name string, def int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return def
}

const perTxn = 12 // records of a transaction, over 3 partitions

// txnSink writes numbered transactions. Number n is written again until the mark, which
// is part of the transaction, says that it is in.
type txnSink struct {
	id      string
	next    int // transaction to write
	unknown int // commits whose outcome had to be looked up
}

func (s *txnSink) run(ctx context.Context, t *testing.T, addr string) {
	for ctx.Err() == nil {
		s.session(ctx, t, addr)
	}
}

// session is one life of the sink: initialise (which fences and aborts what was open),
// read the mark, then write until something fails.
func (s *txnSink) session(ctx context.Context, t *testing.T, addr string) {
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.TransactionalID(s.id), kgo.AllowAutoTopicCreation(),
		kgo.MetadataMinAge(10*time.Millisecond), kgo.RecordRetries(3), kgo.RetryTimeout(2*time.Second),
		kgo.RecordDeliveryTimeout(2*time.Second), kgo.TransactionTimeout(time.Minute),
		kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	if _, _, err := c.ProducerID(ctx); err != nil {
		return
	}
	done, err := s.mark(ctx, addr)
	if err != nil {
		return
	}
	if done < s.next-1 {
		t.Errorf("%s: the mark says %d, but %d was acknowledged", s.id, done, s.next-1)
	}
	s.next = done + 1
	for ctx.Err() == nil {
		if !s.write(ctx, c) {
			s.unknown++
			return
		}
		s.next++
	}
}

// abort ends the transaction that the last session may have left open, which would hold
// readers back until its timeout.
func (s *txnSink) abort(t *testing.T, addr string) {
	c := client(t, addr, kgo.TransactionalID(s.id))
	if _, _, err := c.ProducerID(t.Context()); err != nil {
		t.Error(err)
	}
}

func (s *txnSink) write(ctx context.Context, c *kgo.Client) bool {
	if c.BeginTransaction() != nil {
		return false
	}
	var rs []*kgo.Record
	for i := range perTxn {
		rs = append(rs, &kgo.Record{Topic: "out", Key: []byte{byte(i)}, Value: fmt.Appendf(nil, "%s/%d/%d", s.id, s.next, i)})
	}
	rs = append(rs, &kgo.Record{Topic: "__azud_epochs", Key: []byte(s.id), Value: []byte(strconv.Itoa(s.next))})
	if c.ProduceSync(ctx, rs...).FirstErr() != nil {
		return false
	}
	return c.EndTransaction(ctx, kgo.TryCommit) == nil
}

// mark reads the last committed number of this sink, 0 if none.
func (s *txnSink) mark(ctx context.Context, addr string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	values, err := readCommitted(ctx, addr, "__azud_epochs")
	last := 0
	for _, r := range values {
		if string(r.Key) == s.id {
			last, _ = strconv.Atoi(string(r.Value))
		}
	}
	return last, err
}

// readCommitted reads a topic to its present end.
func readCommitted(ctx context.Context, addr, topic string) ([]*kgo.Record, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.AllowAutoTopicCreation(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(100*time.Millisecond), kgo.MetadataMinAge(10*time.Millisecond))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	// A record of our own, behind all others of its partition, says that all were read.
	end := fmt.Sprint("end-", time.Now().UnixNano())
	p, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		return nil, err
	}
	defer p.Close()
	for part := range int32(3) {
		r := &kgo.Record{Topic: topic, Partition: part, Key: []byte(end)}
		if err := p.ProduceSync(ctx, r).FirstErr(); err != nil {
			return nil, err
		}
	}
	var out []*kgo.Record
	for ends := 0; ends < 3; {
		fs := c.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		fs.EachRecord(func(r *kgo.Record) {
			switch {
			case string(r.Key) == end:
				ends++
			case !strings.HasPrefix(string(r.Key), "end-"):
				out = append(out, r)
			}
		})
	}
	return out, nil
}

// check finds every record of the committed transactions once, and none of any other.
func (s *txnSink) check(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	done, err := s.mark(ctx, addr)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := readCommitted(ctx, addr, "out")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range rs {
		if strings.HasPrefix(string(r.Value), s.id+"/") {
			count[string(r.Value)]++
		}
	}
	lost, twice := 0, 0
	for n := 1; n <= done; n++ {
		for i := range perTxn {
			key := fmt.Sprintf("%s/%d/%d", s.id, n, i)
			switch count[key] {
			case 0:
				lost++
			case 1:
			default:
				twice++
			}
			delete(count, key)
		}
	}
	t.Logf("%s: %d transactions, %d lives ended inside one", s.id, done, s.unknown)
	if lost+twice+len(count) > 0 || done < s.next-1 {
		t.Errorf("%s: of %d transactions (%d acknowledged) %d records are lost, %d doubled, %d are of no committed transaction",
			s.id, done, s.next-1, lost, twice, len(count))
	}
}

// plainProducer is idempotent and lives through all kills.
type plainProducer struct {
	acked, sent int
}

func (p *plainProducer) run(ctx context.Context, t *testing.T, addr string) {
	c, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.AllowAutoTopicCreation(), kgo.ProducerLinger(0),
		kgo.MetadataMinAge(10*time.Millisecond), kgo.RetryBackoffFn(func(int) time.Duration { return 20 * time.Millisecond }))
	if err != nil {
		t.Error(err)
		return
	}
	defer c.Close()
	for ctx.Err() == nil {
		r := &kgo.Record{Topic: "plain", Key: []byte(strconv.Itoa(p.sent)), Value: []byte(strconv.Itoa(p.sent))}
		p.sent++
		err := c.ProduceSync(context.WithoutCancel(ctx), r).FirstErr()
		if err != nil {
			t.Errorf("plain record %d: %v", p.sent-1, err)
			return
		}
		p.acked++
	}
}

func (p *plainProducer) check(t *testing.T, addr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	rs, err := readCommitted(ctx, addr, "plain")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range rs {
		count[string(r.Value)]++
	}
	var errsFound []error
	for n := range p.acked {
		if c := count[strconv.Itoa(n)]; c != 1 {
			errsFound = append(errsFound, fmt.Errorf("record %d is there %d times", n, c))
		}
	}
	if len(errsFound) > 0 {
		t.Errorf("plain: %d of %d: %v", len(errsFound), p.acked, errors.Join(errsFound[:min(5, len(errsFound))]...))
	}
	t.Logf("plain: %d records acknowledged", p.acked)
}
