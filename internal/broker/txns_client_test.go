package broker

import (
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// readAll reads records of a topic until want have come.
func readAll(t *testing.T, cl *kgo.Client, want int) (out []string) {
	t.Helper()
	ctx := testCtx(t)
	for len(out) < want {
		f := cl.PollFetches(ctx)
		if err := f.Err0(); err != nil {
			t.Fatal(err)
		}
		f.EachRecord(func(r *kgo.Record) { out = append(out, string(r.Value)) })
	}
	return out
}

// TestTransactionsOfAClient: a consumer that reads what is committed sees each committed
// record once, and none of those that were aborted.
func TestTransactionsOfAClient(t *testing.T) {
	b := startTest(t)
	ctx := testCtx(t)
	producer := client(t, b, kgo.TransactionalID("app"), kgo.DefaultProduceTopic("out"))
	want := 0
	for i := range 12 {
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		for j := range 5 {
			r := &kgo.Record{Value: fmt.Appendf(nil, "%d-%d", i, j), Key: fmt.Appendf(nil, "%d", j)}
			if err := producer.ProduceSync(ctx, r).FirstErr(); err != nil {
				t.Fatal(err)
			}
		}
		commit := i%3 != 1
		if commit {
			want += 5
		}
		if err := producer.EndTransaction(ctx, kgo.TransactionEndTry(commit)); err != nil {
			t.Fatal(err)
		}
	}
	reader := client(t, b, kgo.ConsumeTopics("out"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	seen := map[string]bool{}
	for _, v := range readAll(t, reader, want) {
		if i := int(v[0] - '0'); len(v) == 3 && i%3 == 1 || seen[v] {
			t.Errorf("%q was aborted, or came twice", v)
		}
		seen[v] = true
	}
}

// TestExactlyOnceByAClient: a program that reads, writes and commits its offsets in the same
// transaction, with an abort in between, copies each record once.
func TestExactlyOnceByAClient(t *testing.T) {
	b := startTest(t)
	ctx := testCtx(t)
	source := client(t, b, kgo.DefaultProduceTopic("in"))
	const n = 50
	for i := range n {
		if err := source.ProduceSync(ctx, kgo.StringRecord(fmt.Sprint(i))).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	s, err := kgo.NewGroupTransactSession(kgo.SeedBrokers(b.Addr()), kgo.TransactionalID("copy"), kgo.ConsumerGroup("copy"),
		kgo.ConsumeTopics("in"), kgo.DefaultProduceTopic("copied"), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.AllowAutoTopicCreation(), kgo.FetchMaxWait(50*time.Millisecond))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for copied, round := 0, 0; copied < n; round++ {
		f := s.PollRecords(ctx, 10)
		if err := f.Err0(); err != nil {
			t.Fatal(err)
		}
		if err := s.Begin(); err != nil {
			t.Fatal(err)
		}
		records, commit := f.Records(), round != 1
		for _, r := range records {
			s.Produce(ctx, &kgo.Record{Value: r.Value}, func(_ *kgo.Record, err error) {
				if err != nil && commit {
					t.Error(err)
				}
			})
		}
		done, err := s.End(ctx, kgo.TransactionEndTry(commit))
		if err != nil {
			t.Fatal(err)
		}
		if done {
			copied += len(records)
		}
	}
	reader := client(t, b, kgo.ConsumeTopics("copied"), kgo.FetchIsolationLevel(kgo.ReadCommitted()))
	seen := map[string]bool{}
	for _, v := range readAll(t, reader, n) {
		if seen[v] {
			t.Errorf("%q was copied twice", v)
		}
		seen[v] = true
	}
	offsets, err := kadm.NewClient(source).FetchOffsets(ctx, "copy")
	if err != nil {
		t.Fatal(err)
	}
	total := int64(0)
	offsets.Each(func(o kadm.OffsetResponse) { total += o.At })
	if total != n {
		t.Errorf("%d offsets are committed, want %d", total, n)
	}
}

// TestAdminOfTransactions: what kadm and kafka-transactions ask.
func TestAdminOfTransactions(t *testing.T) {
	b := startTest(t)
	ctx := testCtx(t)
	producer := client(t, b, kgo.TransactionalID("app"), kgo.DefaultProduceTopic("out"))
	if err := producer.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := producer.ProduceSync(ctx, kgo.StringRecord("x")).FirstErr(); err != nil {
		t.Fatal(err)
	}
	adm := kadm.NewClient(client(t, b))
	list, err := adm.ListTransactions(ctx, nil, nil)
	if err != nil || list["app"].State != "Ongoing" {
		t.Errorf("listed: %v %v", list, err)
	}
	described, err := adm.DescribeTransactions(ctx, "app")
	if err != nil || len(described["app"].Topics["out"]) != 1 {
		t.Errorf("described: %v %v", described, err)
	}
}
