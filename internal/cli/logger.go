package cli

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// newLogger writes the structured log: lines for people, or JSON objects.
func newLogger(w io.Writer, format, level string) (*slog.Logger, error) {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		return nil, errs.New("INVALID_OPTION", "there is no log level %q", level).WithHint("choose debug, info, warn or error")
	}
	switch format {
	case "text":
		return slog.New(&lineHandler{w: w, level: least, turn: &sync.Mutex{}}), nil
	case "json":
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: least})), nil
	}
	return nil, errs.New("INVALID_OPTION", "there is no log format %q", format).WithHint("choose text or json")
}

// lineHandler writes a line a record: the time of day, the level unless it is INFO, the
// message, and name=value for each attribute.
type lineHandler struct {
	w     io.Writer
	level slog.Level
	turn  *sync.Mutex
	with  string // attributes given before, as text
	group string // prefix of names
}

func (h *lineHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.level }

func (h *lineHandler) Handle(_ context.Context, r slog.Record) error {
	var b bytes.Buffer
	b.WriteString(r.Time.Format("15:04:05 "))
	if r.Level != slog.LevelInfo {
		fmt.Fprintf(&b, "%s ", r.Level)
	}
	b.WriteString(connector.Printable(r.Message, true))
	b.WriteString(h.with)
	r.Attrs(func(a slog.Attr) bool {
		h.attr(&b, h.group, a)
		return true
	})
	b.WriteByte('\n')
	h.turn.Lock()
	defer h.turn.Unlock()
	_, err := h.w.Write(b.Bytes())
	return err
}

func (h *lineHandler) attr(b *bytes.Buffer, group string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" { // one without a name is no group of its own
			group += a.Key + "."
		}
		for _, one := range v.Group() {
			h.attr(b, group, one)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	text := v.String()
	if text == "" || strings.ContainsAny(text, " \"=") || text != connector.Printable(text, false) {
		text = strconv.Quote(text) // text of clients could forge lines or steer the terminal
	}
	fmt.Fprintf(b, " %s%s=%s", group, a.Key, text)
}

func (h *lineHandler) WithAttrs(list []slog.Attr) slog.Handler {
	var b bytes.Buffer
	for _, a := range list {
		h.attr(&b, h.group, a)
	}
	other := *h
	other.with += b.String()
	return &other
}

func (h *lineHandler) WithGroup(name string) slog.Handler {
	other := *h
	other.group += name + "."
	return &other
}
