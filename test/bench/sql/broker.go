package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

var readyLine = regexp.MustCompile(`azud ready kafka=(\S+) `)

// daemon is a running azud up.
type daemon struct {
	cmd     *exec.Cmd
	kafka   string
	drained chan struct{}
}

// broker starts azud up over a data directory and waits until it is ready.
func (b *bench) broker(ctx context.Context, data string) (*daemon, error) {
	d := &daemon{drained: make(chan struct{})}
	d.cmd = exec.CommandContext(ctx, b.azud, "up", "--no-pipelines", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", data)
	d.cmd.Dir = b.dir
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	d.cmd.Stderr = d.cmd.Stdout
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	r := bufio.NewReader(out)
	var said strings.Builder
	for {
		text, err := r.ReadString('\n')
		said.WriteString(text)
		if m := readyLine.FindStringSubmatch(text); m != nil {
			d.kafka = m[1]
			break
		}
		if err != nil {
			d.cmd.Wait() //nolint:errcheck // it has said what is wrong
			return nil, fmt.Errorf("azud up did not get ready:\n%s", said.String())
		}
	}
	go func() {
		defer close(d.drained)
		io.Copy(io.Discard, r) //nolint:errcheck // ends with the process
	}()
	return d, nil
}

// stop is Ctrl+C.
func (d *daemon) stop() error {
	if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	<-d.drained
	return d.cmd.Wait()
}
