package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/term"

	"github.com/azud/azud/internal/errs"
)

// shell is azud sql on a terminal.
type shell struct {
	a      *app
	k      asker
	o      *sqlOptions
	in     lineReader
	timing bool
	quit   bool
	// written are the lines of the statement before the one that is being written.
	written string
	known   catalogNames // for completion
}

// lineReader reads lines from a person.
type lineReader interface {
	// read reads a line: io.EOF at the end of the input, errInterrupted or errIdle after Ctrl+C.
	read(ctx context.Context, prompt string) (string, error)
	// remember keeps a statement for later.
	remember(statement string)
	close()
}

// What Ctrl+C at the prompt means.
var (
	errInterrupted = errors.New("interrupted") // something was written
	errIdle        = errors.New("interrupted, nothing was written")
)

// The prompts of a statement's first and further lines.
const (
	firstPrompt = "azud> "
	morePrompt  = "    > "
)

const welcome = "Azud SQL. End a statement with ;  \\d lists the tables, \\? helps, Ctrl+D ends."

// shell reads statements until the end of input. An error is shown and the shell goes on.
func (a *app) shell(ctx context.Context, k asker, o *sqlOptions) error {
	sh := &shell{a: a, k: k, o: o, timing: true}
	sh.in = a.lineReader(sh)
	defer sh.in.close()
	fmt.Fprintln(a.sys.Out, welcome)
	idle := false
	for !sh.quit {
		prompt := firstPrompt
		if sh.written != "" {
			prompt = morePrompt
		}
		line, err := sh.in.read(ctx, prompt)
		switch {
		case errors.Is(err, errIdle) && sh.written == "":
			if idle {
				return nil
			}
			idle = true
			fmt.Fprintln(a.sys.Out, "(Ctrl+C again or Ctrl+D ends the shell)")
			continue
		case errors.Is(err, errInterrupted), errors.Is(err, errIdle):
			sh.written, idle = "", false
			continue
		case err != nil:
			return nil // the end of input, or of the process
		}
		idle = false
		word := strings.ToLower(strings.TrimRight(strings.TrimSpace(line), "; "))
		switch {
		case sh.written == "" && (word == "exit" || word == "quit"):
			return nil
		case sh.written == "" && strings.HasPrefix(word, `\`):
			sh.in.remember(strings.TrimSpace(line))
			sh.meta(ctx, strings.TrimSpace(line))
			continue
		case sh.written == "" && word == "":
			continue
		}
		if sh.written += line + "\n"; !ended(sh.written) {
			continue
		}
		sh.in.remember(sh.written)
		sh.run(ctx, sh.written)
		sh.written = ""
	}
	return nil
}

const shellHelp = `  \d            the tables
  \d NAME       the columns of a table
  \timing       show the time of statements, or stop it
  \q            end; so do exit, Ctrl+D, and Ctrl+C twice
Tab completes names of functions, tables, columns and settings. Up and Down go through earlier
statements, Ctrl+R finds the one that contains what is written. Ctrl+C cancels what runs.
`

// meta runs a command of the shell.
func (sh *shell) meta(ctx context.Context, line string) {
	words := strings.Fields(strings.TrimRight(line, "; "))
	switch {
	case words[0] == `\q` && len(words) == 1:
		sh.quit = true
	case words[0] == `\?` || words[0] == `\h` || words[0] == `\help`:
		fmt.Fprint(sh.a.sys.Out, shellHelp)
	case words[0] == `\timing` && len(words) == 1:
		sh.timing = !sh.timing
		fmt.Fprintf(sh.a.sys.Out, "timing is %s\n", map[bool]string{true: "on", false: "off"}[sh.timing])
	case words[0] == `\d` && len(words) == 1:
		sh.run(ctx, "SHOW TABLES")
	case words[0] == `\d` && len(words) == 2:
		sh.run(ctx, "DESCRIBE TABLE "+words[1])
	default:
		fmt.Fprintf(sh.a.sys.Err, "there is no command %s; \\? lists them\n", line)
	}
}

// run runs what was written; Ctrl+C cancels it.
func (sh *shell) run(ctx context.Context, text string) {
	clock := sh.a.sys.Clock
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	defer sh.a.interrupts.give(cancel)()
	defer sh.known.forget()
	q := question{src: &errs.Source{Name: "console", Text: text}, output: sh.o.output, values: sh.a.valuesOf(text, sh.o), read: new(atomic.Int64)}
	start := clock.Now()
	p := sh.progress(running, q.read)
	err := sh.k.ask(running, q, func(ans answer) error {
		p.pause()
		defer p.resume()
		if err := sh.a.show(ans, sh.o.output); err != nil {
			return err
		}
		now := clock.Now()
		if sh.timing {
			fmt.Fprintf(sh.a.sys.Out, "Time: %s%s\n", seconds(now.Sub(start)), rowCount(ans))
		}
		start = now
		return nil
	})
	p.stop()
	var shown silentError
	switch {
	case ctx.Err() != nil || errors.As(err, &shown) || err == nil:
	case running.Err() != nil:
		fmt.Fprintf(sh.a.sys.Err, "cancelled after %s\n", seconds(clock.Now().Sub(start)))
	default:
		fmt.Fprintf(sh.a.sys.Err, "%s\n", errs.Render(err))
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func rowCount(ans answer) string {
	switch {
	case ans.text == "" && ans.json == nil:
		return ""
	case ans.rows == 1:
		return ", 1 row"
	}
	return fmt.Sprintf(", %d rows", ans.rows)
}

// What progress waits for, and how often it shows something new.
const (
	progressAfter = time.Second
	progressEvery = 500 * time.Millisecond
)

// progress is the line on standard error, if that is a terminal, that tells how far a long
// statement is.
type progress struct {
	mu     sync.Mutex
	w      io.Writer // nil: not shown
	paused bool
	shown  bool
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func (sh *shell) progress(ctx context.Context, rows *atomic.Int64) *progress {
	p := &progress{}
	ctx, p.cancel = context.WithCancel(ctx)
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return p
	}
	p.w = os.Stderr
	clock := sh.a.sys.Clock
	start := clock.Now()
	p.done.Go(func() {
		for wait := progressAfter; clock.Sleep(ctx, wait) == nil; wait = progressEvery {
			text := fmt.Sprintf("running %.1f s", clock.Now().Sub(start).Seconds())
			if n := rows.Load(); n > 0 {
				text += ", " + grouped(n) + " rows read"
			}
			p.line(text)
		}
	})
	return p
}

// grouped is a number with its thousands apart.
func grouped(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func (p *progress) line(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.paused {
		fmt.Fprintf(p.w, "\r\x1b[K%s", text)
		p.shown = true
	}
}

// pause takes the line away.
func (p *progress) pause() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = true
	if p.shown {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.shown = false
	}
}

func (p *progress) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused = false
}

func (p *progress) stop() {
	p.cancel()
	p.done.Wait()
	p.pause()
}
