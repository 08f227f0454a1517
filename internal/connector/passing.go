package connector

import (
	"errors"

	"github.com/azud/azud/internal/errs"
)

// Passing marks an error as one that may pass by itself (the network is down, the disk is
// full): the runner shows it and tries the epoch again.
func Passing(e *errs.Error) error { return passing{e} }

type passing struct{ cause *errs.Error }

func (p passing) Error() string { return p.cause.Error() }
func (p passing) Unwrap() error { return p.cause }

// Temporary is what IsPassing looks for, so that errors of the standard library count too.
func (p passing) Temporary() bool { return true }

// IsPassing reports whether err, or an error in its chain, says that it may pass.
func IsPassing(err error) bool {
	var t interface{ Temporary() bool }
	return errors.As(err, &t) && t.Temporary()
}
