package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
)

// TestAFewKills is the run of the command, short.
func TestAFewKills(t *testing.T) {
	if testing.Short() {
		t.Skip("builds and runs the binary")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	var out bytes.Buffer
	o := options{kills: 4, seed: uint64(time.Now().UnixNano() % 1_000_000), dir: t.TempDir(), out: &out}
	failed, err := whole(ctx, o)
	if err != nil || failed > 0 {
		t.Fatalf("%v\n%s", err, out.String())
	}
	if !strings.HasSuffix(out.String(), " passed, 0 failed\n") {
		t.Errorf("the last line is not the count:\n%s", out.String())
	}
	t.Log(out.String())
}
