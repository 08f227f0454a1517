package broker

import (
	"context"
	"net"
	"testing"

	"github.com/twmb/franz-go/pkg/kgo"
)

// A client of this process needs no login, although the listener asks others for one.
func TestDialWithoutALogin(t *testing.T) {
	b := startTest(t, withListeners(Listener{Addr: "127.0.0.1:0", Security: SASLPlaintext, Mechanisms: []string{"PLAIN"}, Users: map[string]string{"a": "b"}}))
	cl, err := kgo.NewClient(kgo.SeedBrokers("broker:1"), kgo.DefaultProduceTopic("t"), kgo.ConsumeTopics("t"), kgo.AllowAutoTopicCreation(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Dialer(func(context.Context, string, string) (net.Conn, error) { return b.Dial() }))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	value := make([]byte, 100_000)
	for range 20 {
		if err := cl.ProduceSync(t.Context(), &kgo.Record{Value: value}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for n := 0; n < 20; {
		f := cl.PollFetches(t.Context())
		if err := f.Err(); err != nil {
			t.Fatal(err)
		}
		n += f.NumRecords()
	}
}
