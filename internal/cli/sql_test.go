package cli

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"
)

func TestEnded(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "SELECT 1": false, "SELECT 1;": true, "SELECT 1; \n\t": true, "SELECT 1; -- ;\n": true, "SELECT 1 -- ;\n": false, "SELECT 1 -- ;": false,
		"SELECT ';": false, "SELECT ';'": false, "SELECT ';';": true, `SELECT 'a\';`: false, `SELECT 'a\'';`: true, "SELECT r'a\\';": true, "SELECT ''';": false,
		"SELECT `a;": false, "SELECT `a\\`;": true, "SELECT /* ; */ 1": false, "SELECT 1; /* a /* b */ ;": false, "SELECT 1; /* a */": true,
		"SELECT 1; SELECT": false, ";": true, "SELECT \"a\n;\n": false,
	} {
		if got := ended(text); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func TestHistory(t *testing.T) {
	app := newTestApp("", "")
	dir := t.TempDir()
	app.a.sys.Env = func(name string) (string, bool) { return dir, name == "XDG_STATE_HOME" }
	h := openHistory(app.a.sys)
	for _, s := range []string{"SELECT 1\nFROM a;\n", "SELECT 2;", "SELECT 2;", "SELECT 3 -- tres\n;", "CREATE TABLE t OPTIONS (password 'x');", "SELECT * FROM jdbc.`postgres://u:clave@h/d`;"} {
		h.add(s)
	}
	want := []string{"SELECT 1 FROM a;", "SELECT 2;", "SELECT 3 -- tres", ";"}
	if !slices.Equal(h.lines[:4], want) || h.Len() != 6 || h.At(1) != "CREATE TABLE t OPTIONS (password 'x');" {
		t.Errorf("%q", h.lines)
	}
	again := openHistory(app.a.sys)
	if !slices.Equal(again.lines, want) {
		t.Errorf("kept: %q", again.lines)
	}
	if i := again.find("select", 0); i != 1 || again.find("select", i+1) != 2 || again.find("nada", 0) != -1 {
		t.Error(i)
	}
	for n := range 3 * maxHistory {
		again.add(fmt.Sprint("SELECT ", n))
	}
	openHistory(app.a.sys)
	cut := openHistory(app.a.sys)
	if text := readAll(t, cut.path); cut.Len() != maxHistory || strings.Count(text, "\n") != maxHistory || cut.At(0) != fmt.Sprint("SELECT ", 3*maxHistory-1) {
		t.Error(cut.Len(), strings.Count(text, "\n"))
	}
}

// knows answers the questions of completion.
type knows map[string]string

func (k knows) close() {}
func (k knows) ask(_ context.Context, q question, each func(answer) error) error {
	rows, ok := k[q.src.Text]
	if !ok {
		return errors.New("not known: " + q.src.Text)
	}
	return each(answer{json: []byte(`{"rows":` + rows + `}`)})
}

func TestShellCompletion(t *testing.T) {
	sh := &shell{k: knows{
		"SHOW TABLES":               `[["sismos","sismos",false],["sismos","mis tablas",false],["","v",true]]`,
		"SHOW COLUMNS IN sismos":    `[["magnitud"],["momento"],["con espacio"]]`,
		"SHOW COLUMNS IN v":         `[["valor"]]`,
		"SHOW COLUMNS IN sismos.v2": `[["x"]]`,
		"SET -v":                    `[["azud.sql.memory",""],["azud.sql.workers",""],["spark.sql.session.timeZone","UTC"]]`,
	}}
	for _, c := range []struct {
		line, made string
		fit        int
	}{
		{"SELEC^", "SELECT ^", 1}, {"sel^", "select ^", 1}, {"S^", "S^", -1}, {"^", "^", 0},
		{"SELECT date_tr^(x)", "SELECT date_trunc(^(x)", 1}, {"SELECT DATE_TR^", "SELECT DATE_TRUNC(^", 1},
		{"SELECT * FROM sis^", "SELECT * FROM sismos^", 3}, {"SELECT * FROM ^", "SELECT * FROM ^", 5}, {"select * from SISMOS.`^", "select * from SISMOS.`^", 0},
		{"SELECT mag^ FROM sismos", "SELECT magnitud^ FROM sismos", 1}, {"SELECT m^ FROM sismos", "SELECT m^ FROM sismos", -1},
		{"SELECT s.mo^ FROM sismos s", "SELECT s.momento^ FROM sismos s", 1}, {"SELECT s.^ FROM v s", "SELECT s.valor^ FROM v s", 1}, {"SELECT z.^ FROM v s", "SELECT z.^ FROM v s", 0},
		{"SELECT s.^ FROM sismos s", "SELECT s.^ FROM sismos s", 3}, {"SELECT valo^ FROM sismos JOIN v", "SELECT valor^ FROM sismos JOIN v", 1},
		{"SET azud.sql.m^", "SET azud.sql.memory ^", 1}, {"SET azud^", "SET azud.sql.^", 2}, {"SET time^", "SET time zone ^", 1},
		{`\t^`, `\timing ^`, 1}, {`\d si^`, `\d sismos^`, 3}, {"SELECT 'sel^", "SELECT 'sel^", 0}, {"SELECT 'a' AS x, sel^", "SELECT 'a' AS x, select ^", 1},
		{"SELECT 'ñ', valo^, 'é' FROM v", "SELECT 'ñ', valor ^, 'é' FROM v", 1}, {"DESCRIBE v^", "DESCRIBE v^", -1},
	} {
		pos := strings.IndexByte(c.line, '^')
		line, at, fit := sh.complete(strings.Replace(c.line, "^", "", 1), pos)
		if got := line[:at] + "^" + line[at:]; got != c.made || c.fit >= 0 && len(fit) != c.fit {
			t.Errorf("%s became %s with %q", c.line, got, fit)
		}
	}
	sh.written = "SELECT valor\nFROM v\n"
	if _, _, fit := sh.complete("WHERE va", 8); !slices.Contains(fit, "valor") {
		t.Errorf("the lines before are not seen: %q", fit)
	}
}

func TestFunctions(t *testing.T) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{nil, []string{"\ncount ", "\nupper ", "\nexplode "}},
		{[]string{"UPPER"}, []string{"upper(str) (scalar, string)\n", "\nalso called ucase\n", "  SELECT upper('azud')\n    AZUD\n"}},
		{[]string{"ucase", "-o", "csv"}, []string{"name,kind,group,usage,doc,example,result,aliases\nupper,scalar,string,upper(str),"}},
		{[]string{"to_j*", "-o", "json"}, []string{`"name":"to_json"`}},
		{[]string{"generator"}, []string{"explode ", "stack "}},
	} {
		r := azud(t, "", "", append([]string{"functions"}, c.args...)...)
		for _, want := range c.want {
			if r.status != 0 || !strings.Contains(r.out, want) {
				t.Errorf("%q: %d, no %q in\n%.600s%s", c.args, r.status, want, r.out, r.err)
			}
		}
	}
}

// The budget is a quarter of the least that the machine, the control groups and the user say.
func TestQueryMemory(t *testing.T) {
	const meminfo = "MemTotal:       16777216 kB\nMemFree: 1 kB\n"
	for _, c := range []struct {
		files map[string]string
		env   string
		want  int64
	}{
		{map[string]string{"/proc/meminfo": meminfo}, "", 4 << 30},
		{map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory.max": "max\n"}, "", 4 << 30},
		{map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory.max": "1073741824\n"}, "", 256 << 20},
		{map[string]string{"/proc/meminfo": meminfo, "/proc/self/cgroup": "0::/a/b\n", "/sys/fs/cgroup/a/memory.max": "536870912\n", "/sys/fs/cgroup/a/b/memory.max": "max\n"}, "", 128 << 20},
		{map[string]string{"/proc/meminfo": meminfo, "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n"}, "", 4 << 30},
		{map[string]string{"/proc/meminfo": meminfo}, "3g", 3 << 30},
	} {
		app := newTestApp("", "")
		mem := vfs.NewMem()
		for name, text := range c.files {
			if err := mem.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			f, err := mem.Create(name, vfs.WriteCategoryUnspecified)
			if err != nil {
				t.Fatal(err)
			}
			f.Write([]byte(text))
			f.Close()
		}
		app.a.sys.FS = mem
		app.a.sys.Env = func(name string) (string, bool) { return c.env, name == "AZUD_MEMORY" && c.env != "" }
		told, err := app.a.toldMemory()
		if got := app.a.queryMemory(told); err != nil || got != c.want {
			t.Errorf("%v %s: %d, not %d (%v)", c.files, c.env, got, c.want, err)
		}
	}
	app := newTestApp("", "")
	app.a.sys.Env = func(name string) (string, bool) { return "lots", name == "AZUD_MEMORY" }
	if _, err := app.a.toldMemory(); err == nil {
		t.Error("lots")
	}
}
