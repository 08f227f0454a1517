package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// outcome is what one run of a program took.
type outcome struct {
	Process time.Duration   // from its start until it was gone
	Lines   [][]byte        // what it printed
	At      []time.Duration // when each line came, from the start
	Peak    int64           // bytes that it and its children held in memory at most
}

// run runs a program to its end. Its first failure is what it said on standard error.
func run(ctx context.Context, dir, name string, args ...string) (o outcome, err error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	out, err := cmd.StdoutPipe()
	if err != nil {
		return o, err
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return o, err
	}
	peak := watch(cmd.Process.Pid)
	r := bufio.NewReaderSize(out, 1<<20)
	for {
		line, err := r.ReadBytes('\n')
		if len(line) > 0 {
			o.Lines = append(o.Lines, line)
			o.At = append(o.At, time.Since(began))
		}
		if err != nil {
			break
		}
	}
	err = cmd.Wait()
	o.Process = time.Since(began)
	o.Peak = peak()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		o.Peak = max(o.Peak, u.Maxrss*1024) // exact, but of one process
	}
	if err != nil {
		said := complaint.String()
		err = fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, said[max(0, len(said)-4000):])
	}
	return o, err
}

// watch follows what a process and its children hold in memory together, until the result is
// asked for.
func watch(pid int) (peak func() int64) {
	const every = 20 * time.Millisecond
	var most atomic.Int64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		t := time.NewTicker(every)
		defer t.Stop()
		for {
			most.Store(max(most.Load(), resident(pid)))
			select {
			case <-stop:
				return
			case <-t.C:
			}
		}
	}()
	return func() int64 {
		close(stop)
		<-stopped
		return most.Load()
	}
}

// resident is the memory of a process and all below it, from /proc.
func resident(pid int) int64 {
	var total int64
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	if f := strings.Fields(string(text)); len(f) > 1 {
		pages, _ := strconv.ParseInt(f[1], 10, 64)
		total = pages * int64(os.Getpagesize())
	}
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, l := range lists {
		kids, _ := os.ReadFile(l)
		for _, k := range strings.Fields(string(kids)) {
			if n, err := strconv.Atoi(k); err == nil {
				total += resident(n)
			}
		}
	}
	return total
}
