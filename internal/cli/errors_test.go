package cli

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// taken is an address that somebody else has.
func taken(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln.Addr().String()
}

// Every error names what the user gave, what is wrong and what to do.
func TestErrorsReadAloud(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "", dir, "fichero")
	empty := filepath.Join(dir, "vacia")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	pipeline := func(name, spec, sql string) string {
		write(t, sql, dir, name, "flujo.sql")
		return filepath.Dir(write(t, spec, dir, name, "spark-pipeline.yml"))
	}
	badSQL := pipeline("mal", "name: mal\n", "CREATE TABLE t USING kafka OPTIONS (subscribe 'x');\nCREATE FLOW f AS INSERT INTO t BY NAME\nSELEC 1;\n")
	badColumn := pipeline("columna", "name: columna\n", "CREATE TABLE t (valor INT) USING kafka OPTIONS (subscribe 'x', format 'json');\n"+
		"CREATE TABLE c USING console;\nCREATE FLOW f AS INSERT INTO c BY NAME\nSELECT valr FROM STREAM t;\n")
	unbound := pipeline("variable", "name: variable\n", "CREATE TABLE t (a INT) USING kafka OPTIONS (subscribe '${TOPIC_X}', format 'json');\n")
	badSpec := pipeline("spec", "name: [spec\n", "")
	badKey := pipeline("clave", "name: clave\nlibrary: x\n", "")
	noName := pipeline("sinnombre", "storage: x\n", "")
	badEnv := write(t, "A=1\n# note\nB\n", dir, "config.env")
	free := []string{"up", "--ephemeral", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0"}
	port, web := taken(t), taken(t)

	for _, c := range []struct {
		name   string
		args   []string
		status int
		say    []string
	}{
		{"no such command", []string{"subir"}, exitUsage, []string{"there is no command 'azud subir'", "up, sql, topic", "azud --help"}},
		{"nearly a command", []string{"consumer"}, exitUsage, []string{"did you mean consume?"}},
		{"no such subcommand", []string{"topic", "lst"}, exitUsage, []string{"'azud topic lst'", "did you mean list?"}},
		{"no such flag", []string{"up", "--kafak", "x"}, exitUsage, []string{"--kafak", "azud up --help"}},
		{"a flag without its value", []string{"sql", "-e"}, exitUsage, []string{"-e", "azud sql --help"}},
		{"a word too many", []string{"up", "ya"}, exitUsage, []string{"takes no argument, but got ya"}},
		{"a word too few", []string{"consume"}, exitUsage, []string{"takes TOPIC, but got none"}},
		{"flags that exclude each other", []string{"up", "--data", dir, "--ephemeral"}, exitUsage, []string{"--data and --ephemeral exclude each other"}},
		{"the same for pipelines", []string{"up", "--no-pipelines", "--pipelines", dir}, exitUsage, []string{"--no-pipelines and --pipelines"}},
		{"a value without a name", []string{"sql", "-D", "=1", "-e", "SELECT 1"}, exitUsage, []string{"-D =1 is not NAME=VALUE"}},
		{"no size of memory", []string{"sql", "--memory", "much", "-e", "SELECT 1"}, 1, []string{`"much"`, "512m"}},
		{"too little memory for up", append(free, "--memory", "1k"), 1, []string{`"1k"`, "at least 1m"}},
		{"fewer than no threads", []string{"sql", "--workers", "-1", "-e", "SELECT 1"}, exitUsage, []string{"--workers -1"}},
		{"no such function", []string{"functions", "date_trunk"}, 1, []string{"there is no function date_trunk", "did you mean date_trunc"}},
		{"no such output of functions", []string{"functions", "-o", "xml"}, exitUsage, []string{`"xml"`, "table, json or csv"}},

		{"the Kafka port is taken", append(free, "--kafka", port), 1, []string{"[PORT_IN_USE]", "Kafka", port, "--kafka 127.0.0.1:0"}},
		{"the console's port is taken", append(free, "--http", web), 1, []string{"[PORT_IN_USE]", "console", web, "--http 127.0.0.1:0"}},
		{"no address for Kafka", append(free, "--kafka", "9092"), 1, []string{"[ADDRESS_INVALID]", `"9092"`, "HOST:PORT"}},
		{"no address for the console", append(free, "--http", ""), 1, []string{"[ADDRESS_INVALID]", `""`, "HOST:PORT"}},
		{"an address of another machine", append(free, "--http", "192.0.2.1:80", "--insecure"), 1, []string{"192.0.2.1:80", "an address of this machine"}},
		{"data in a file", []string{"up", "--data", file}, 1, []string{"[DATA_DIR]", file, "cannot be written", "--data DIR"}},
		{"data below a file", []string{"up", "--data", filepath.Join(file, "datos")}, 1, []string{"[DATA_DIR]", "--data DIR"}},

		{"no pipelines folder", append(free, "--pipelines", filepath.Join(dir, "nada")), 1, []string{"nada", "no such file", "spark-pipeline.yml"}},
		{"a folder without pipelines", append(free, "--pipelines", empty), 1, []string{"vacia holds no pipeline", "spark-pipeline.yml"}},
		{"SQL that is none", append(free, "--pipelines", badSQL), 1, []string{"[PARSE_SYNTAX_ERROR]", filepath.Join(badSQL, "flujo.sql") + ":3:1", "3 | SELEC 1;\n  | ^^^^^", "did you mean SELECT"}},
		{"a column that is none", append(free, "--pipelines", badColumn), 1, []string{"UNRESOLVED_COLUMN", "flujo.sql:4:8", "  |        ^^^^", "valor"}},
		{"a variable that is not set", append(free, "--pipelines", unbound), 1, []string{"[UNBOUND_VARIABLE]", "${TOPIC_X}", "flujo.sql:1:55", "${TOPIC_X:-default}"}},
		{"a spec that is no YAML", append(free, "--pipelines", badSpec), 1, []string{"[PIPELINE_SPEC_INVALID]", "spark-pipeline.yml", "line 1"}},
		{"a spec with a wrong key", append(free, "--pipelines", badKey), 1, []string{"spark-pipeline.yml", "line 2", "library"}},
		{"a spec without a name", append(free, "--pipelines", noName), 1, []string{"has no name", "name: sinnombre"}},
		{"one bad pipeline of several", append(free, "--pipelines", dir), 1, []string{"spark-pipeline.yml"}},
		{"no settings file", append(free, "--env-file", filepath.Join(dir, "nada.env")), 1, []string{"[ENV_FILE] cannot read", "nada.env: no such file"}},
		{"a settings file that is none", append(free, "--env-file", badEnv), 1, []string{"config.env, line 3 is not NAME=value"}},

		{"no daemon there", []string{"sql", "--http", "127.0.0.1:1", "-e", "SELECT 1"}, 1, []string{"no azud answers at 127.0.0.1:1", "refused", "azud up"}},
		{"no daemon's address", []string{"topic", "list", "--http", "nada"}, 1, []string{"no azud answers at nada", "--http HOST:PORT"}},
		{"no Kafka there", []string{"topic", "list", "--bootstrap-server", "127.0.0.1:1"}, 1, []string{"no Kafka answers at 127.0.0.1:1", "--bootstrap-server"}},
		{"no such file of SQL", []string{"sql", "-f", filepath.Join(dir, "nada.sql")}, 1, []string{"cannot read", "nada.sql: no such file"}},
		{"no such output", []string{"sql", "-o", "xml", "-e", "SELECT 1"}, 1, []string{`"xml"`, "table, json, csv or markdown"}},
		{"no such output of consume", []string{"consume", "x", "-o", "xml"}, 1, []string{`"xml"`, "value or json"}},
		{"no such number", []string{"consume", "x", "-n", "-1"}, 1, []string{"-1"}},
		{"no such topic", []string{"consume", "x"}, 1, []string{"there is no topic x", "azud topic list"}},
		{"no such page", []string{"dashboard", "export", "sismo"}, 1, []string{"did you mean sismos?"}},
		{"no such folder to export to", []string{"dashboard", "export", "sismos", "-o", filepath.Join(dir, "nada", "x.html")}, 1, []string{"cannot write", "no such file"}},
		{"no such connector", []string{"connectors", "kafak"}, 1, []string{`"kafak"`, "kafka"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := azud(t, filepath.Join(t.TempDir(), "datos"), "", c.args...)
			if r.status != c.status || r.out != "" || !strings.HasPrefix(withoutLog(r.err), "azud: ") {
				t.Errorf("status %d\nstdout: %s\nstderr: %s", r.status, r.out, r.err)
			}
			for _, say := range c.say {
				if !strings.Contains(r.err, say) {
					t.Errorf("it does not say %q:\n%s", say, r.err)
				}
			}
		})
	}
	if entries, err := os.ReadDir(empty); err != nil || len(entries) != 0 {
		t.Error("a failed start left", entries, err)
	}
}

// withoutLog is what was said but for the lines of the log, which begin with the time.
func withoutLog(text string) string {
	for len(text) > 9 && text[2] == ':' && text[5] == ':' {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text
}

func TestHelpIsComplete(t *testing.T) {
	data := t.TempDir()
	for _, path := range []string{"", "up", "sql", "topic", "topic list", "topic describe", "topic create", "topic alter", "topic delete", "topic purge",
		"group", "group list", "group describe", "group reset", "group delete", "produce", "consume", "doctor", "dashboard", "dashboard export", "connectors", "functions", "tools", "tools install"} {
		r := azud(t, data, "", append(strings.Fields(path), "--help")...)
		if r.status != 0 || r.err != "" || !strings.Contains(r.out, "Examples:\n  azud ") || !strings.Contains(r.out, "Usage:\n  azud") {
			t.Errorf("azud %s --help: %d %s%s", path, r.status, r.out, r.err)
		}
		for line := range strings.Lines(r.out) {
			if len(line) > 130 {
				t.Errorf("azud %s --help has a line of %d characters: %s", path, len(line), line)
			}
		}
	}
	for _, args := range [][]string{{"topic"}, {"group"}, {"dashboard"}, {"tools"}} { // alone they show their help
		if r := azud(t, data, "", args...); r.status != 0 || !strings.Contains(r.out, "Available Commands:") {
			t.Errorf("azud %v: %d %s%s", args, r.status, r.out, r.err)
		}
	}
	if r := azud(t, data, "", "--version"); r.out != "azud "+version+"\n" {
		t.Error(r)
	}
}

func TestConnectors(t *testing.T) {
	r := azud(t, t.TempDir(), "", "connectors")
	for _, name := range []string{"alert", "console", "http", "kafka", "memory"} {
		if !strings.Contains(r.out, "\n"+name+" ") && !strings.HasPrefix(r.out, name) {
			t.Errorf("no %s in %s", name, r.out)
		}
	}
	if r := azud(t, t.TempDir(), "", "connectors", "KAFKA"); !strings.Contains(r.out, "startingOffsets") {
		t.Error(r)
	}
}

func TestExportWritesOneFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "mapa.html")
	r := azud(t, dir, "", "dashboard", "export", "sismos", "-o", name)
	page, err := os.ReadFile(name)
	if r.status != 0 || err != nil || !strings.HasPrefix(string(page), "<!doctype html>") || !strings.Contains(r.out, "mapa.html: ") {
		t.Error(r, err)
	}
	if r := azud(t, dir, "", "dashboard", "export", "sismos", "-o", "-"); r.out != string(page) {
		t.Errorf("standard output has %d bytes, the file %d", len(r.out), len(page))
	}
}
