package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// lineReader edits lines on a terminal; other inputs give them as they are.
func (a *app) lineReader(sh *shell) lineReader {
	in, ok := a.in.(*os.File)
	if !ok || !a.screen || !term.IsTerminal(int(in.Fd())) || !drawsLines() {
		return newPlainLines(a)
	}
	e := &editor{in: in, out: os.Stdout, keys: &keys{in: in}, history: openHistory(a.sys), complete: sh.complete}
	e.begin()
	return e
}

// plainLines are lines of a stream, or of a terminal that cannot do more.
type plainLines struct {
	a     *app
	lines chan string
}

func newPlainLines(a *app) *plainLines {
	p := &plainLines{a, make(chan string)}
	go func() { // reading a terminal cannot be interrupted: it ends with the process
		defer close(p.lines)
		in := bufio.NewScanner(a.in)
		in.Buffer(nil, 1<<20) // what is pasted may be long
		for in.Scan() {
			p.lines <- in.Text()
		}
	}()
	return p
}

func (p *plainLines) read(ctx context.Context, prompt string) (string, error) {
	fmt.Fprint(p.a.sys.Out, prompt)
	interrupted := make(chan struct{}, 1)
	defer p.a.interrupts.give(func() {
		select {
		case interrupted <- struct{}{}:
		default:
		}
	})()
	select {
	case line, ok := <-p.lines:
		if ok {
			return line, nil
		}
		fmt.Fprintln(p.a.sys.Out)
		return "", io.EOF
	case <-interrupted:
		fmt.Fprintln(p.a.sys.Out)
		return "", errIdle
	case <-ctx.Done():
		fmt.Fprintln(p.a.sys.Out)
		return "", ctx.Err()
	}
}

func (p *plainLines) remember(string) {}
func (p *plainLines) close()          {}

// editor reads lines from a terminal, which is raw while one is read.
type editor struct {
	in, out  *os.File
	keys     *keys
	t        *term.Terminal
	history  *history
	complete func(line string, pos int) (newLine string, newPos int, others []string)

	typed    bool   // since the prompt
	listed   string // the line whose completions were shown
	search   string // what Ctrl+R looks for; found is where it is
	found    int
	searched string // the line that Ctrl+R put there
}

func (e *editor) begin() {
	e.t = term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{e.keys, e.out}, "")
	e.t.History = e.history
	e.t.AutoCompleteCallback = e.key
}

// read runs the terminal's own reading beside, since that cannot be interrupted.
func (e *editor) read(ctx context.Context, prompt string) (string, error) {
	before, err := term.MakeRaw(int(e.in.Fd()))
	if err != nil {
		return "", err
	}
	defer term.Restore(int(e.in.Fd()), before)
	if w, h, err := term.GetSize(int(e.out.Fd())); err == nil && w > 0 {
		e.t.SetSize(w, h)
	}
	e.t.SetPrompt(prompt)
	e.t.SetBracketedPasteMode(true)
	defer e.t.SetBracketedPasteMode(false)
	e.typed, e.listed, e.searched = false, "", ""
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := e.t.ReadLine()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		switch {
		case errors.Is(r.err, errInterrupted):
			fmt.Fprint(e.out, "^C\r\n")
			e.begin() // what was written goes
			if !e.typed {
				return "", errIdle
			}
		case errors.Is(r.err, term.ErrPasteIndicator):
			return r.line, nil
		case r.err != nil:
			fmt.Fprint(e.out, "\r\n")
		}
		return r.line, r.err
	case <-ctx.Done():
		fmt.Fprint(e.out, "\r\n")
		return "", ctx.Err()
	}
}

func (e *editor) remember(statement string) { e.history.add(statement) }
func (e *editor) close()                    {}

// The keys that the terminal leaves to us.
const (
	keyTab   = 9
	keyCtrlR = 18
)

// maxListed is how many completions are shown.
const maxListed = 80

// key is asked for each key that is none of the terminal's own.
func (e *editor) key(line string, pos int, key rune) (newLine string, newPos int, ok bool) {
	e.typed = true
	switch key {
	case keyTab:
		made, at, others := e.complete(line, pos)
		if made == line && len(others) > 1 {
			if e.listed == line {
				e.list(others)
			}
			e.listed = line
		}
		return made, at, true
	case keyCtrlR:
		from := 0
		if e.searched == "" || line != e.searched {
			e.search = line
		} else {
			from = e.found + 1
		}
		i := e.history.find(e.search, from)
		if i < 0 {
			return line, pos, true
		}
		e.found, e.searched = i, e.history.At(i)
		return e.searched, len(e.searched), true
	}
	return "", 0, false
}

// list shows names in columns below the prompt, which the terminal draws anew.
func (e *editor) list(names []string) {
	more := ""
	if n := len(names) - maxListed; n > 0 {
		names, more = names[:maxListed], fmt.Sprintf("… and %d more\n", n)
	}
	width, _, err := term.GetSize(int(e.out.Fd()))
	if err != nil {
		width = 80
	}
	longest := 0
	for _, n := range names {
		longest = max(longest, len([]rune(n)))
	}
	columns := max(1, width/(longest+2))
	var b strings.Builder
	for i, n := range names {
		if end := i%columns == columns-1 || i == len(names)-1; end {
			b.WriteString(n + "\n")
		} else {
			fmt.Fprintf(&b, "%-*s", longest+2, n)
		}
	}
	e.t.Write([]byte(string(harmless([]byte(b.String()))) + more))
}

// keys reads a terminal and turns Ctrl+C into errInterrupted.
type keys struct {
	in          io.Reader
	rest        []byte
	interrupted bool
}

const keyCtrlC = 3

func (k *keys) Read(p []byte) (int, error) {
	if k.interrupted {
		k.interrupted = false
		return 0, errInterrupted
	}
	if len(k.rest) == 0 {
		buf := make([]byte, 256)
		n, err := k.in.Read(buf)
		if n == 0 {
			return 0, err
		}
		k.rest = buf[:n]
	}
	i := bytes.IndexByte(k.rest, keyCtrlC)
	if i == 0 {
		k.rest = k.rest[1:]
		return 0, errInterrupted
	}
	if i < 0 {
		i = len(k.rest)
	}
	n := copy(p, k.rest[:i])
	if k.rest = k.rest[n:]; len(k.rest) > 0 && k.rest[0] == keyCtrlC {
		k.rest, k.interrupted = k.rest[1:], true
	}
	return n, nil
}
