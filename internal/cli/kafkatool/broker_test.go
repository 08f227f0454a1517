package kafkatool

import (
	"log/slog"
	"testing"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// ownBroker starts Azud's broker with the settings of the Kafka that golden.txt was recorded from.
func ownBroker(t *testing.T) string {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	store, err := log.Open(t.Context(), log.Config{Sys: sys.Real(), Dir: t.TempDir(), Log: quiet, MinFree: -1})
	if err != nil {
		t.Fatal(err)
	}
	b, err := broker.Start(t.Context(), broker.Config{Sys: sys.Real(), Log: quiet, Store: store, DefaultPartitions: 1,
		Listeners: []broker.Listener{{Addr: "127.0.0.1:0", Advertised: ""}},
		Settings:  map[string]string{"log.retention.ms": "-1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	return b.Addr()
}
