package registry

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/sys"
)

// Config is what a registry needs. Sys may be nil: so far it is asked for nothing.
type Config struct {
	Sys   *sys.Sys
	Store Store
	Log   *slog.Logger
}

// Registry is an open registry. Its methods may be called from any goroutine.
type Registry struct {
	cfg   Config
	table []route

	write  sync.Mutex // one writer at a time
	closed bool       // under write

	mu    sync.RWMutex
	state *state
}

// Open reads the topic and returns a registry that serves it. Records that are not of
// Confluent's form are logged and passed over, as Confluent's registry does.
func Open(ctx context.Context, cfg Config) (*Registry, error) {
	r := &Registry{cfg: cfg, state: newState()}
	r.routes()
	bad := 0
	err := cfg.Store.Load(ctx, func(key, value []byte, offset int64) error {
		if len(key) == 0 {
			return nil
		}
		if err := r.state.apply(key, value); err != nil {
			if bad++; bad <= 10 {
				cfg.Log.Warn("a record of _schemas was passed over", "offset", offset, "error", err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, errs.Wrap(err, "SCHEMA_STORE", "cannot read the topic _schemas")
	}
	cfg.Log.Debug("schema registry open", "subjects", len(r.state.subjects), "lastId", r.state.lastID, "unreadable", bad)
	return r, nil
}

// Close waits for a write that is under way and refuses those that come later. The store stays
// open: it is its owner's.
func (r *Registry) Close() error {
	r.write.Lock()
	defer r.write.Unlock()
	r.closed = true
	return nil
}

// update runs one change: plan looks at the state and says which records to append. They are
// taken into the state one by one, as each becomes durable. plan may run for long: readers are
// not held up.
func (r *Registry) update(ctx context.Context, plan func(s *state) ([]record, error)) error {
	r.write.Lock()
	defer r.write.Unlock()
	if r.closed {
		return fail(codeStore, "The schema registry is closed")
	}
	records, err := plan(r.state) // only writers change the state, and we are the writer
	if err != nil {
		return err
	}
	for _, rec := range records {
		if _, err := r.cfg.Store.Append(ctx, rec.key, rec.value); err != nil {
			return r.appendFailed(err)
		}
		r.mu.Lock()
		err := r.state.apply(rec.key, rec.value)
		r.mu.Unlock()
		if err != nil {
			return &apiError{codeStore, errs.Wrap(err, classes[codeStore], "a record just written cannot be read")}
		}
	}
	return nil
}

func (r *Registry) appendFailed(err error) error {
	if errors.Is(err, ErrTooLarge) {
		return fail(codeTooLarge, "The schema is larger than the topic _schemas takes")
	}
	r.cfg.Log.Error("cannot write to _schemas", "error", err)
	return &apiError{codeStore, errs.Wrap(err, classes[codeStore], "cannot write to the topic _schemas")}
}

// read looks at the state.
func read[T any](r *Registry, f func(s *state) (T, error)) (T, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return f(r.state)
}
