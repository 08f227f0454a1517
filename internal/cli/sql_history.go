package cli

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/azud/azud/internal/sys"
)

// maxHistory is how many statements are kept.
const maxHistory = 1000

// history is what was written before, the newest last. It is kept in a file of the user's alone.
type history struct {
	path  string // "": not kept
	lines []string
}

// stateDir is the system's folder for what a user's programs keep between runs.
func stateDir(s *sys.Sys) (string, error) {
	get := func(name string) string {
		if v, ok := s.Env(name); ok {
			return v
		}
		return ""
	}
	if d := get("XDG_STATE_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "azud"), nil
	}
	if d := get("LocalAppData"); runtime.GOOS == "windows" && d != "" {
		return filepath.Join(d, "azud"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	if runtime.GOOS == "darwin" {
		return filepath.Join(home, "Library", "Application Support", "azud"), nil
	}
	return filepath.Join(home, ".local", "state", "azud"), nil
}

// openHistory reads the file, if there is one, and cuts it if it has grown long.
func openHistory(s *sys.Sys) *history {
	dir, err := stateDir(s)
	if err != nil || os.MkdirAll(dir, 0o700) != nil {
		return &history{}
	}
	h := &history{path: filepath.Join(dir, "sql_history")}
	f, err := os.Open(h.path)
	if err != nil {
		return h
	}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		h.lines = append(h.lines, in.Text())
	}
	f.Close()
	if n := len(h.lines); n > maxHistory {
		h.lines = slices.Clone(h.lines[n-maxHistory:])
		if n > 2*maxHistory {
			os.WriteFile(h.path, []byte(strings.Join(h.lines, "\n")+"\n"), 0o600)
		}
	}
	return h
}

// secret is what stands in statements that are not kept.
var secret = regexp.MustCompile(`(?i)passw|passphrase|secret|token|credential|api.?key|private.?key|access.?key|sasl|jaas|keystore|aes_(en|de)crypt|://[^/\s:@']+:[^/\s@']+@`)

// add remembers a statement, as one line; one that may hold a secret only until the shell ends.
func (h *history) add(statement string) {
	line := strings.TrimSpace(statement)
	if !strings.Contains(line, "--") { // a comment would swallow what follows it
		line = strings.Join(strings.FieldsFunc(line, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	}
	for line := range strings.SplitSeq(line, "\n") {
		if line == "" || len(h.lines) > 0 && h.lines[len(h.lines)-1] == line {
			continue
		}
		h.lines = append(h.lines, line)
		if h.path != "" && !secret.MatchString(statement) {
			h.keep(line)
		}
	}
}

// keep appends to the file; what cannot be kept is not.
func (h *history) keep(line string) {
	f, err := os.OpenFile(h.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	f.WriteString(line + "\n")
}

// The methods of term.History, which counts from the newest; the editor's own Add is not used, since
// it is called for lines, not for statements.

func (h *history) Add(string)      {}
func (h *history) Len() int        { return len(h.lines) }
func (h *history) At(i int) string { return h.lines[len(h.lines)-1-i] }

// find is the newest entry before the from newest ones that contains a text; -1 if there is none.
func (h *history) find(text string, from int) int {
	for i := from; i < len(h.lines); i++ {
		if line := h.At(i); line != text && strings.Contains(strings.ToLower(line), strings.ToLower(text)) {
			return i
		}
	}
	return -1
}
