package checkpoint

import (
	"fmt"

	"github.com/azud/azud/internal/errs"
)

// park records the first failure and shuts the gate; it returns the error to show.
func (s *Store) park(cause error) error {
	var err error = errs.Wrap(cause, "CHECKPOINT_STORAGE", "the checkpoint in %s cannot be written", s.dir).
		WithHint("see that the disk has space and can be written; the query goes on from its last committed epoch when it is started again")
	s.gate.shut.Store(true)
	if s.parked.CompareAndSwap(nil, &err) {
		s.log("checkpoint %s is parked: %v", s.dir, cause)
	}
	return *s.parked.Load()
}

// Err is nil as long as the checkpoint works, else what stopped it.
func (s *Store) Err() error {
	if err := s.parked.Load(); err != nil {
		return *err
	}
	return nil
}

// guard runs something on the database. Whatever it believes to have written, a parked
// database has not.
func (s *Store) guard(write bool, f func() error) (err error) {
	if err := s.Err(); err != nil {
		return err
	}
	defer func() {
		switch v := recover().(type) {
		case nil:
		case foreignPanic:
			panic(v.value)
		default:
			err = s.park(fmt.Errorf("%v", v))
		}
	}()
	err = f()
	if parked := s.Err(); parked != nil {
		return parked
	}
	if err != nil && write {
		return s.park(err)
	}
	if err != nil && errs.ClassOf(err) == "" {
		return errs.Wrap(err, "CHECKPOINT_STORAGE", "the checkpoint in %s cannot be read", s.dir)
	}
	return err
}

// logger is what Pebble talks to. Its everyday chatter is dropped.
type logger struct{ s *Store }

func (l logger) Infof(string, ...any) {}

func (l logger) Errorf(format string, args ...any) {
	l.s.log("checkpoint %s: %s", l.s.dir, fmt.Sprintf(format, args...))
}

// Fatalf must not return by Pebble's contract; the gate makes sure that what follows does
// no harm.
func (l logger) Fatalf(format string, args ...any) { _ = l.s.park(fmt.Errorf(format, args...)) }
