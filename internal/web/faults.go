package web

import (
	"context"
	"fmt"
	"net/http"
	"runtime/debug"
)

// defect logs a panic, which is a defect, with its stack.
func (s *Server) defect(what string, v any) {
	s.cfg.Log(fmt.Sprintf("console: a defect of Azud: %s: panic: %v\n%s", what, v, debug.Stack()))
}

// guarded logs a handler's panic and ends its connection, so that no client takes what it got
// for a whole answer.
func (s *Server) guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v != http.ErrAbortHandler {
				s.defect(r.Method+" "+r.URL.Path, v)
			}
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
}

// produce runs a producer of a stream; its panic ends the stream, which cancel does, and not
// the process.
func (st *stream) produce(ctx context.Context, cancel context.CancelFunc, what string, f func(ctx context.Context)) {
	st.wg.Go(func() {
		defer func() {
			if v := recover(); v != nil {
				st.server.defect("the stream of "+what, v)
				cancel()
			}
		}()
		f(ctx)
	})
}
