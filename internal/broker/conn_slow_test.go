package broker

import (
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// A client that does not keep a deadline is told of in the log; one that leaves is not.
func TestTooSlowIsARefusal(t *testing.T) {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	if err := near.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	_, err := near.Read(make([]byte, 1))
	var no *refusal
	if err = tooSlow(err, "its answers were not read"); !errors.As(err, &no) || !strings.Contains(no.text, "were not read within 30s") {
		t.Error(err)
	}
	if err := tooSlow(io.EOF, "x"); err != io.EOF {
		t.Error(err)
	}
}
