package connector

import (
	"fmt"
	"runtime/debug"

	"github.com/azud/azud/internal/errs"
)

// Guard runs f, a turn of a connector's own goroutine. A panic ends the turn and not the
// process: it is logged with its stack and returned as an INTERNAL_ERROR about what was done.
func Guard(r Reporter, what string, f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			r.Log(fmt.Sprintf("panic while %s: %v\n%s", what, v, debug.Stack()))
			err = errs.New("INTERNAL_ERROR", "%s failed unexpectedly: %v", what, v).
				WithHint("this is a defect of Azud; the log has the details")
		}
	}()
	return f()
}
