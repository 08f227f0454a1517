package kafka_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// A log whose beginning was deleted, and one that ends before what was read.
func TestDataLossShowsBothEnds(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	for i := range 10 {
		l.put(l.cl, "t", fmt.Sprintf("0:%d", i))
	}
	strict := l.source(connector.Options{"subscribe": "t"})
	lossy := l.source(connector.Options{"subscribe": "t", "failOnDataLoss": "false"})
	req := kmsg.NewDeleteRecordsRequest()
	part := kmsg.NewDeleteRecordsRequestTopicPartition()
	part.Offset = 6
	req.Topics = append(req.Topics, kmsg.DeleteRecordsRequestTopic{Topic: "t", Partitions: []kmsg.DeleteRecordsRequestTopicPartition{part}})
	if _, err := req.RequestWith(t.Context(), l.cl); err != nil {
		t.Fatal(err)
	}
	const begins = "[KAFKA_DATA_LOSS] t-0: offsets 2 to 10 were due, but the log begins at 6\nhint: the records were deleted"
	const from, to = `{"t":{"0":2}}`, `{"t":{"0":10}}`
	if _, err := strict.Latest(t.Context(), from, connector.Limit{}); err == nil || !strings.HasPrefix(errs.Render(err), begins) {
		t.Errorf("Latest: %v", err)
	}
	if _, err := l.read(strict, from, to, "value"); err == nil || !strings.HasPrefix(errs.Render(err), begins) {
		t.Errorf("a range that is gone: %v", err)
	}
	if end, err := lossy.Latest(t.Context(), from, connector.Limit{}); err != nil || bare(end) != to {
		t.Errorf("lossy: %s, %v", end, err)
	}
	rows, err := l.read(lossy, from, to, "value")
	if err != nil {
		t.Error(err)
	}
	l.want("lossy", rows, "6", "7", "8", "9")

	const ends = "[KAFKA_DATA_LOSS] t-0 ends at offset 10, but the query has read up to 40\nhint: the topic was made anew or cut"
	const far = `{"t":{"0":40}}`
	if _, err := strict.Latest(t.Context(), far, connector.Limit{}); err == nil || !strings.HasPrefix(errs.Render(err), ends) {
		t.Errorf("Latest beyond the end: %v", err)
	}
	if _, err := l.read(strict, far, `{"t":{"0":50}}`); err == nil || !strings.HasPrefix(errs.Render(err), ends) {
		t.Errorf("a range beyond the end: %v", err)
	}
	if end, err := lossy.Latest(t.Context(), far, connector.Limit{}); err != nil || bare(end) != to {
		t.Errorf("lossy goes on from the end: %s, %v", end, err)
	}
	if rows, err := l.read(lossy, far, `{"t":{"0":50}}`); err != nil || len(rows) > 0 {
		t.Errorf("lossy beyond the end: %q, %v", rows, err)
	}
	const gone = "[KAFKA_DATA_LOSS] t-1 is gone; the query has read it up to offset 3"
	if _, err := strict.Latest(t.Context(), `{"t":{"0":10,"1":3}}`, connector.Limit{}); err == nil || err.Error() != gone {
		t.Errorf("a partition that is gone: %v", err)
	}
	if end, err := lossy.Latest(t.Context(), `{"t":{"0":10,"1":3}}`, connector.Limit{}); err != nil || bare(end) != to {
		t.Errorf("lossy without the partition: %s, %v", end, err)
	}
	if n := len(l.w.Reporter.Logs()); n < 5 {
		t.Errorf("losses were passed over silently: %q", l.w.Reporter.Logs())
	}
}

func TestNewPartitionsAreReadFromTheirStart(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	l.put(l.cl, "t", "0:a")
	s := l.source(connector.Options{"subscribe": "t"})
	from, err := s.Initial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Latest(t.Context(), from, connector.Limit{}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.adm.CreatePartitions(t.Context(), 2, "t"); err != nil {
		t.Fatal(err)
	}
	l.skew.Store(int64(time.Minute)) // the watcher looks at the partitions now and then
	select {
	case <-s.Ready():
	case <-time.After(10 * time.Second):
		t.Fatal("new partitions are not noticed")
	}
	other := at(t, l.addr)
	other.put(other.cl, "t", "1:b", "2:c", "2:d")
	to, err := s.Latest(t.Context(), from, connector.Limit{})
	for err == nil && strings.Contains(string(to), `"2":0`) {
		to, err = s.Latest(t.Context(), from, connector.Limit{})
	}
	if err != nil {
		t.Fatal(err)
	}
	rows, err := l.read(s, from, to, "value", "partition")
	if err != nil {
		t.Fatal(err)
	}
	l.want("rows", rows, "b | 1", "c | 2", "d | 2")
}

func TestATopicIsMadeOnFirstUse(t *testing.T) {
	l := newLab(t)
	s := l.source(connector.Options{"subscribe": " new , other"})
	from, err := s.Initial(t.Context())
	if want := `{"new":{"0":0,"1":0,"2":0},"other":{"0":0,"1":0,"2":0}}`; err != nil || bare(from) != want {
		t.Errorf("%s, %v", from, err)
	}
	l.fake.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
		resp.Topics = []kmsg.CreateTopicsResponseTopic{{Topic: "a b", ErrorCode: kerr.InvalidTopicException.Code}}
		return resp, nil, true
	})
	if _, err := l.open(connector.Options{"subscribe": "a b"}); errs.ClassOf(err) != "KAFKA_REFUSED" || connector.IsPassing(err) {
		t.Errorf("a name that Kafka refuses: %v", err)
	}
}

// A panic of the watcher is shown and logged, and it watches on.
func TestADefectOfTheWatcherDoesNotEndTheProcess(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	env := l.env()
	env.Sys.Clock = &brokenClock{Clock: env.Sys.Clock}
	s, err := l.connector().Source(t.Context(), env, l.table(connector.Options{"subscribe": "t"}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close() //nolint:errcheck // the end of the test
	<-s.Ready()
	logs, troubles := l.w.Reporter.Logs(), l.w.Reporter.Troubles()
	if len(logs) != 1 || !strings.HasPrefix(logs[0], "panic while watching tabla: a defect\n") || !strings.Contains(logs[0], "watch_test.go") {
		t.Errorf("logged %q", logs)
	}
	if want := "[INTERNAL_ERROR] watching tabla failed unexpectedly: a defect"; len(troubles) != 1 || troubles[0] != want {
		t.Errorf("troubles %q", troubles)
	}
	if _, err := s.Latest(t.Context(), `{"t":{"0":0}}`, connector.Limit{}); err != nil {
		t.Fatal(err)
	}
	l.put(l.cl, "t", "0:x")
	<-s.Ready()
}

// brokenClock panics when it is first asked for the time.
type brokenClock struct {
	sys.Clock
	asked atomic.Bool
}

func (c *brokenClock) Now() time.Time {
	if !c.asked.Swap(true) {
		panic("a defect")
	}
	return c.Clock.Now()
}

// A batch query makes no topics: a wrong name is an error, with the right one in its hint.
func TestABatchMakesNoTopics(t *testing.T) {
	l := newLab(t)
	l.topic("sismos", 1)
	for name, want := range map[string]string{
		"sismo":        "[UNKNOWN_TOPIC_OR_PARTITION] topic sismo does not exist\nhint: did you mean sismos?",
		"sismos,otros": "[UNKNOWN_TOPIC_OR_PARTITION] topic otros does not exist\nhint: reading does not make a topic",
	} {
		table := l.table(connector.Options{"subscribe": name})
		table.Stream = false
		_, err := l.connector().Source(t.Context(), l.env(), table)
		if err == nil || connector.IsPassing(err) || !strings.HasPrefix(errs.Render(err), want) {
			t.Errorf("%s: passing %v: %v", name, connector.IsPassing(err), errs.Render(err))
		}
	}
	list, err := l.adm.ListTopics(t.Context())
	if got := list.Names(); err != nil || !slices.Equal(got, []string{"sismos"}) {
		t.Errorf("topics %q, %v", got, err)
	}
}

// Ready wakes at once, although the client waits on all partitions, and while nothing
// comes few requests are made.
func TestReadyIsPromptAndQuietWhenIdle(t *testing.T) {
	l := newLab(t)
	l.topic("t", 6)
	s := l.source(connector.Options{"subscribe": "t"})
	from, err := s.Initial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	fetches := make(chan struct{}, 1000)
	l.fake.ControlKey(int16(kmsg.Fetch), func(kmsg.Request) (kmsg.Response, error, bool) {
		l.fake.KeepControl()
		fetches <- struct{}{}
		return nil, nil, false
	})
	begun, fastest := time.Now(), time.Hour
	for i := range 6 {
		if from, err = s.Latest(t.Context(), from, connector.Limit{}); err != nil {
			t.Fatal(err)
		}
		select {
		case <-s.Ready():
			t.Fatal("ready without news")
		case <-time.After(50 * time.Millisecond):
		}
		asked := time.Now()
		l.put(l.cl, "t", fmt.Sprintf("%d:x", 5-i))
		<-s.Ready()
		to, err := s.Latest(t.Context(), from, connector.Limit{})
		if err != nil {
			t.Fatal(err)
		}
		if rows, err := l.read(s, from, to, "value"); err != nil || len(rows) != 1 {
			t.Fatalf("%q, %v", rows, err)
		}
		fastest = min(fastest, time.Since(asked))
		from = to
	}
	if fastest > time.Second { // half of a long poll: even the luckiest read queues behind one
		t.Errorf("the fastest read came after %v", fastest)
	}
	// A poll a broker, its answer, a read; six times. A machine that is busy with other things
	// makes that last, and each broker is polled anew every two seconds, a read twice in one.
	most := 40 + 4*int(time.Since(begun)/time.Second)
	if n := len(fetches); n > most {
		t.Errorf("%d fetches, want at most %d", n, most)
	}
}

func TestKafkaAwayIsAPassingTrouble(t *testing.T) {
	l := newLab(t)
	l.topic("t", 1)
	l.put(l.cl, "t", "0:a")
	s := l.source(connector.Options{"subscribe": "t"})
	l.fake.Close()
	if _, err := s.Latest(within(t, 2*time.Second), `{"t":{"0":0}}`, connector.Limit{}); !connector.IsPassing(err) {
		t.Errorf("Latest: %v", err)
	}
	_, err := l.open(connector.Options{"subscribe": "t", "kafka.sasl.mechanism": "PLAIN"})
	if err == nil || !strings.Contains(err.Error(), "kafka.sasl.mechanism 'PLAIN': [UNSUPPORTED_FEATURE] encrypted and authenticated connections are not supported yet") {
		t.Errorf("SASL: %v", err)
	}
}
