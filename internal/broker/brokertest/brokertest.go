package brokertest

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// Server is a broker with its log.
type Server struct{ *broker.Broker }

// Open serves the log in dir on a free port of 127.0.0.1. ctx bounds the start only.
func Open(ctx context.Context, s *sys.Sys, dir string) (*Server, error) {
	quiet := slog.New(slog.DiscardHandler)
	store, err := log.Open(ctx, log.Config{Sys: s, Dir: dir, Log: quiet})
	if err != nil {
		return nil, err
	}
	b, err := broker.Start(ctx, broker.Config{Sys: s, Log: quiet, Store: store, Listeners: []broker.Listener{{Addr: "127.0.0.1:0"}}})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return &Server{b}, nil
}

// Close ends the broker and closes its log.
func (s *Server) Close() error { return errors.Join(s.Broker.Close(), s.Store().Close()) }

// Start is Open in a folder of the test, until the test ends. A failure is the test's.
func Start(t *testing.T) *Server {
	t.Helper()
	s, err := Open(t.Context(), sys.Real(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}
