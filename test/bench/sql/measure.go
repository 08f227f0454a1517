package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// figures are what one peer took for a job.
type figures struct {
	version string
	process time.Duration
	ready   time.Duration // until the first query could begin
	queries []time.Duration
	wrong   []string // by query; "": right
	peak    int64
}

// sideBySide measures a job with each peer that can do it, and prints. prepare, if there is one,
// is called before a peer's run, and what it returns after it.
func (b *bench) sideBySide(ctx context.Context, j *job, data string, prepare func(peer string) (func() error, error)) error {
	found := map[string]*figures{}
	for _, peer := range b.peers {
		if _, can := j.work[peer]; !can {
			continue
		}
		for range b.runs {
			fmt.Fprintf(os.Stderr, "%s: %s...\n", j.name, peer)
			f, err := b.once(ctx, j, peer, data, prepare)
			if err != nil {
				return err
			}
			if best := found[peer]; best == nil || f.process < best.process {
				found[peer] = f
			}
		}
	}
	j.print(found)
	for peer, f := range found {
		for i, w := range f.wrong {
			if w != "" {
				return fmt.Errorf("%s, %s: %s", peer, j.queries[i], w)
			}
		}
	}
	return nil
}

func (b *bench) once(ctx context.Context, j *job, peer, data string, prepare func(string) (func() error, error)) (f *figures, err error) {
	if prepare != nil {
		done, err := prepare(peer)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, done()) }()
	}
	w := j.work[peer]
	if peer == azud {
		return b.ask(ctx, j, w, data)
	}
	return b.askPeer(ctx, j, peer, w)
}

// ask runs azud sql over a script.
func (b *bench) ask(ctx context.Context, j *job, w work, data string) (*figures, error) {
	script := filepath.Join(b.dir, j.name+".sql")
	text := strings.Join(append(append([]string{}, w.Setup...), w.Queries...), ";\n") + ";\n"
	if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
		return nil, err
	}
	args := []string{"sql", "--data", data, "-o", "json", "-f", script}
	if b.budget != "" {
		args = append(args, "--memory", b.budget)
	}
	o, err := run(ctx, b.dir, b.azud, args...)
	if err != nil {
		return nil, err
	}
	return figuresOf(j, azud, o, len(w.Setup))
}

// askPeer runs peers.py.
func (b *bench) askPeer(ctx context.Context, j *job, peer string, w work) (*figures, error) {
	w.Dir = filepath.Join(b.dir, peer)
	w.Memory, w.Jars = b.memory, append([]string{}, b.jars...)
	if w.Setup == nil {
		w.Setup = []string{}
	}
	if err := os.MkdirAll(w.Dir, 0o755); err != nil {
		return nil, err
	}
	defer os.RemoveAll(w.Dir) //nolint:errcheck // scratch
	text, err := json.Marshal(w)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(b.dir, j.name+"-"+peer+".json")
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return nil, err
	}
	o, err := run(ctx, w.Dir, b.python, b.script, peer, file)
	if err != nil {
		return nil, err
	}
	return figuresOf(j, peer, o, 1)
}

// figuresOf reads what a peer printed: so many lines of preparation, and one for each query.
func figuresOf(j *job, peer string, o outcome, before int) (*figures, error) {
	if len(o.Lines) != before+len(j.queries) {
		return nil, fmt.Errorf("%s printed %d lines, want %d: %.2000s", peer, len(o.Lines), before+len(j.queries), o.Lines)
	}
	f := &figures{process: o.Process, peak: o.Peak, ready: o.At[before-1]}
	for i, line := range o.Lines {
		var said struct {
			Version string
			Rows    []json.RawMessage
			Error   any
			Seconds *float64 // by its own clock; else the time between the lines counts
		}
		if err := json.Unmarshal(line, &said); err != nil {
			return nil, fmt.Errorf("%s printed %.2000s", peer, line)
		}
		if said.Version != "" {
			f.version = said.Version
		}
		if i < before {
			if said.Error != nil {
				return nil, fmt.Errorf("%s: %v", peer, said.Error)
			}
			continue
		}
		took := o.At[i] - o.At[i-1]
		if said.Seconds != nil {
			took = time.Duration(*said.Seconds * float64(time.Second))
		}
		f.queries = append(f.queries, took)
		wrong := ""
		switch {
		case said.Error != nil:
			wrong = fmt.Sprint(said.Error)
		case j.check != nil:
			wrong = j.check(i-before, peer, said.Rows)
		}
		f.wrong = append(f.wrong, wrong)
	}
	return f, nil
}
