package alert_test

import (
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/alert"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// box is the template of pipelines/sismos.
const box = `
╔{fill ═ 40}╗
║         ALERTA SISMICA{fill}║
╠{fill ═}╣
║ Magnitud: {magnitud}{fill}║
║ Lugar: {lugar}{fill}║
║ Hora: {hora}{fill}║
║ Coords: ({latitud}, {longitud}){fill}║
║ Profundidad: {profundidad} km{fill}║
╚{fill ═}╝
`

var quakes = types.Schema{
	{Name: "magnitud", Type: types.DoubleType, Nullable: true}, {Name: "lugar", Type: types.StringType, Nullable: true},
	{Name: "hora", Type: types.StringType, Nullable: true}, {Name: "latitud", Type: types.DoubleType, Nullable: true},
	{Name: "longitud", Type: types.DoubleType, Nullable: true}, {Name: "profundidad", Type: types.StringType, Nullable: true},
}

func quake(places ...string) *vec.Batch {
	b := vec.NewBuilder(quakes)
	for _, p := range places {
		vec.Append(b.Cols[0], 5.2)
		b.Cols[1].AppendString(p)
		b.Cols[2].AppendString("2024-01-15 10:30:00")
		vec.Append(b.Cols[3], 35.6)
		vec.Append(b.Cols[4], 139.7)
		b.Cols[5].AppendString("10.5")
	}
	return b.Finish()
}

func newSink(t *testing.T, w *conformance.World, options connector.Options) connector.Sink {
	t.Helper()
	c := alert.Connector()
	if err := c.Check(options); err != nil {
		t.Fatal(err)
	}
	s, err := c.Sink(t.Context(), w.Env(), connector.Table{Name: "avisos", Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// emit opens a sink, writes one epoch and closes it.
func emit(t *testing.T, w *conformance.World, options connector.Options, epoch int64, b *vec.Batch) {
	t.Helper()
	s := newSink(t, w, options)
	q := connector.QueryIdentity{Name: "q", Checkpoint: "c", Store: w.Store}
	if _, err := s.Open(t.Context(), q, quakes, connector.Append); err != nil {
		t.Fatal(err)
	}
	wr, err := s.Begin(t.Context(), connector.EpochPlan{Epoch: epoch})
	if err != nil {
		t.Fatal(err)
	}
	if err := wr.Write(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	if out, err := wr.Commit(t.Context()); out != connector.Committed || err != nil {
		t.Fatalf("commit: %v, %v", out, err)
	}
}

const golden = `╔════════════════════════════════════════╗
║         ALERTA SISMICA                 ║
╠════════════════════════════════════════╣
║ Magnitud: 5.2                          ║
║ Lugar: 10km S of Tokyo, Japan          ║
║ Hora: 2024-01-15 10:30:00              ║
║ Coords: (35.6, 139.7)                  ║
║ Profundidad: 10.5 km                   ║
╚════════════════════════════════════════╝
`

func TestTheBoxIsExact(t *testing.T) {
	w := conformance.NewWorld(t)
	emit(t, w, connector.Options{"template": box, "file": "alertas.log"}, 0, quake("10km S of Tokyo, Japan"))
	if got := w.Read(t, "/casa/alertas.log"); got != golden {
		t.Errorf("file:\n%s", got)
	}
	if got := w.Out.String(); got != golden {
		t.Errorf("console:\n%s", got)
	}
}

// The widths were computed by test/interop/expected.py, which knows nothing of this package.
func TestTheBoxGrowsToItsLongestLine(t *testing.T) {
	for place, width := range map[string]int{
		strings.Repeat("x", 32): 40, // " Lugar: " and 32 are just the 40
		strings.Repeat("x", 33): 41,
		"116 km al noroeste de San Antonio de los Cobres, Argentina": 66,
		"日本の本州東岸沖 (Pacific coast of Honshu)":                         50,
		"Cafe\u0301 del fin del mundo, Tierra del Fuego, Chile":      55,
		"🌋 Popocatépetl, a\u200db, México, a un lado del volcán":     57,
		"زلزال قرب الساحل الشرقي لجزيرة هونشو":                       44,
	} {
		w := conformance.NewWorld(t)
		emit(t, w, connector.Options{"template": box, "file": "a"}, 0, quake(place))
		lines := strings.Split(w.Read(t, "/casa/a"), "\n")
		if got := strings.Count(lines[0], "═"); got != width {
			t.Errorf("%s: width %d, want %d", place, got, width)
		}
		if !strings.HasPrefix(lines[4], "║ Lugar: "+place) {
			t.Errorf("line %q", lines[4])
		}
		if lines[3] != "║ Magnitud: 5.2"+strings.Repeat(" ", width-14)+"║" {
			t.Errorf("line %q for width %d", lines[3], width)
		}
	}
}

func TestHostileValuesAreInert(t *testing.T) {
	w := conformance.NewWorld(t)
	emit(t, w, connector.Options{"template": "[{lugar}]", "file": "a"}, 0,
		quake("a\nb\r\n", "\x1b[2J\x1b]0;x\a", "\u202egnp.exe\u2066", "\xff\x00\u0085\u2028", "{magnitud}{fill}"))
	want := "[a b  ]\n[\uFFFD[2J\uFFFD]0;x\uFFFD]\n[\uFFFDgnp.exe\uFFFD]\n[\uFFFD\uFFFD\uFFFD\uFFFD]\n[{magnitud}{fill}]\n"
	if got := w.Read(t, "/casa/a"); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestTemplates(t *testing.T) {
	for tpl, want := range map[string]string{
		"{{x} {magnitud}":             "{x} 5.2\n",
		"{ MAGNITUD }":                "5.2\n",
		"a{fill}b\nlonger":            "a    b\nlonger\n",
		"{fill - 3}{fill = 1}\n12345": "----=\n12345\n", // each its least, and half of the rest
		"|{fill . 2}x{fill . 2}|":     "|..x..|\n",
		"one\n\ntwo\n\n":              "one\n\ntwo\n",
		"\nx":                         "x\n",
		"\r\na\r\nb":                  "a\nb\n",
	} {
		w := conformance.NewWorld(t)
		emit(t, w, connector.Options{"template": tpl}, 0, quake("x"))
		if got := w.Out.String(); got != want {
			t.Errorf("%q gives %q, want %q", tpl, got, want)
		}
	}
}

func TestBrokenTemplatesAreRefusedKindly(t *testing.T) {
	c := alert.Connector()
	for tpl, want := range map[string]string{
		"a\n{x":          `line 2: "{x" has no closing brace (a brace itself is written {{)`,
		"{}":             "line 1: {} names no column",
		"{fill ab}":      "line 1: {fill ab}: fill takes one character of normal width",
		"{fill 日}":       "line 1: {fill 日}: fill takes one character of normal width",
		"{fill = 4000}":  "line 1: {fill = 4000}: the least width is a number from 0 to 1000",
		"\n\n":           "it is empty",
		"{fill = many}x": "line 1: {fill = many}: the least width is a number from 0 to 1000",
	} {
		_, err := c.Sink(t.Context(), conformance.NewWorld(t).Env(), connector.Table{Name: "avisos", Options: connector.Options{"template": tpl}})
		if err == nil || err.Error() != "[INVALID_OPTION] table avisos: template: "+want {
			t.Errorf("%q: %v", tpl, err)
		}
	}
	w := conformance.NewWorld(t)
	s := newSink(t, w, connector.Options{"template": "ok\n{lugares}"})
	_, err := s.Open(t.Context(), connector.QueryIdentity{Store: w.Store}, quakes, connector.Append)
	want := "[UNRESOLVED_COLUMN.WITH_SUGGESTION] line 2 of the template: {lugares} is not a column of the query\n" +
		"hint: its columns are magnitud, lugar, hora, latitud, longitud, profundidad"
	if err == nil || errs.Render(err) != want {
		t.Errorf("an unknown column: %v", errs.Render(err))
	}
	_, err = c.Sink(t.Context(), w.Env(), connector.Table{Name: "avisos", Options: connector.Options{"template": "x", "console": "false"}})
	if err == nil || !strings.Contains(errs.Render(err), "alerts would go nowhere\nhint: give a file, or console 'true'") {
		t.Errorf("no target: %v", err)
	}
}

func conform(options connector.Options) conformance.SinkCase {
	epochs := []*vec.Batch{quake("a", "b", "c"), nil, quake("d"), quake("a", "e", "f", "g", "h"), nil, quake("i")}
	return conformance.SinkCase{
		Make:   func(t *testing.T, w *conformance.World) connector.Sink { return newSink(t, w, options) },
		Schema: quakes, Mode: connector.Append, Epochs: epochs, Fused: true,
		Held: func(t *testing.T, w *conformance.World) string { return w.Read(t, "/casa/alertas.log") },
		Want: func(n int) string {
			text := ""
			for _, e := range epochs[:n] {
				for i := 0; e != nil && i < e.N; i++ {
					text += "<<" + e.Cols[1].Str(i) + ">>\n"
				}
			}
			return text
		},
	}
}

func TestEachAlertIsInTheFileOnceWhateverCrashes(t *testing.T) {
	conformance.Sink(t, conform(connector.Options{"template": "<<{lugar}>>", "file": "alertas.log"}))
}

// A crash after the intent is stored and before the file is written, and then another
// program works on the file.
func TestAForeignFileKeepsWhatItHolds(t *testing.T) {
	text := "<<uno>>\n<<dos>>\n"
	for name, c := range map[string]struct {
		change func(t *testing.T, w *conformance.World) // of the file, which holds "<<cero>>\n"
		want   string
	}{
		"untouched": {func(*testing.T, *conformance.World) {}, "<<cero>>\n" + text},
		"appended":  {func(t *testing.T, w *conformance.World) { w.Append(t, "/casa/a", "another line\n") }, "<<cero>>\nanother line\n" + text},
		"half done": {func(t *testing.T, w *conformance.World) { w.Append(t, "/casa/a", "<<uno>>\n<<d") }, "<<cero>>\n" + text},
		"done":      {func(t *testing.T, w *conformance.World) { w.Append(t, "/casa/a", text+"more\n") }, "<<cero>>\n" + text + "more\n"},
		"zeros":     {func(t *testing.T, w *conformance.World) { w.Append(t, "/casa/a", "<<u\x00\x00\x00") }, "<<cero>>\n" + text},
		"rotated": {func(t *testing.T, w *conformance.World) {
			if err := w.FS().Rename("/casa/a", "/casa/a.1"); err != nil {
				t.Fatal(err)
			}
		}, text},
		"truncated": {func(t *testing.T, w *conformance.World) {
			if err := w.FS().Remove("/casa/a"); err != nil {
				t.Fatal(err)
			}
			w.Append(t, "/casa/a", "cut\n")
		}, "cut\n" + text},
	} {
		t.Run(name, func(t *testing.T) {
			w := conformance.NewWorld(t)
			options := connector.Options{"template": "<<{lugar}>>", "file": "a", "console": "false"}
			emit(t, w, options, 0, quake("cero"))
			w.DieAt(4, func() { emit(t, w, options, 1, quake("uno", "dos")) }) // opened twice, and the intent applied
			c.change(t, w)
			s := newSink(t, w, options)
			m, err := s.Open(t.Context(), connector.QueryIdentity{Name: "q", Checkpoint: "c", Store: w.Store}, quakes, connector.Append)
			if err != nil || m.Epoch != 1 {
				t.Fatalf("mark %+v, %v", m, err)
			}
			if got := w.Read(t, "/casa/a"); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A crash while the text is written at its second place must not leave it twice either.
func TestAnAppendThatHadToMoveIsFinishedWhereItMoved(t *testing.T) {
	for step := 1; step < 12; step++ {
		w := conformance.NewWorld(t)
		options := connector.Options{"template": "<<{lugar}>>", "file": "a", "console": "false"}
		emit(t, w, options, 0, quake("cero"))
		w.DieAt(4, func() { emit(t, w, options, 1, quake("uno", "dos")) })
		w.Append(t, "/casa/a", "another line\n")
		open := func() {
			s := newSink(t, w, options)
			if _, err := s.Open(t.Context(), connector.QueryIdentity{Name: "q", Checkpoint: "c", Store: w.Store}, quakes, connector.Append); err != nil {
				t.Fatal(err)
			}
		}
		w.DieAt(step, open)
		open()
		if got, want := w.Read(t, "/casa/a"), "<<cero>>\nanother line\n<<uno>>\n<<dos>>\n"; got != want {
			t.Errorf("crash at step %d: got %q", step, got)
		}
	}
}

func TestAFolderThatCannotBeWrittenIsSaidAtTheStart(t *testing.T) {
	w := conformance.NewWorld(t)
	s := newSink(t, w, connector.Options{"template": "x", "file": "nowhere/a.log"})
	_, err := s.Open(t.Context(), connector.QueryIdentity{Store: w.Store}, quakes, connector.Append)
	if err == nil || !connector.IsPassing(err) {
		t.Fatalf("opened: %v", err)
	}
	got := errs.Render(err)
	for _, want := range []string{"[ALERT_FILE] writing /casa/nowhere/a.log: ", "\nhint: check that the folder exists, may be written and has room"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
}

// What a failed write left behind is finished by the next Open, and the failure is Unknown.
func TestAFullDiskLosesNothing(t *testing.T) {
	w := conformance.NewWorld(t)
	options := connector.Options{"template": "<<{lugar}>>", "file": "a"}
	full := w.Env()
	full.Sys.FS = brokenFS{full.Sys.FS}
	c := alert.Connector()
	s, err := c.Sink(t.Context(), full, connector.Table{Options: options})
	if err != nil {
		t.Fatal(err)
	}
	q := connector.QueryIdentity{Name: "q", Checkpoint: "c", Store: w.Store}
	if _, err := s.Open(t.Context(), q, quakes, connector.Append); err != nil {
		t.Fatal(err)
	}
	wr, err := s.Begin(t.Context(), connector.EpochPlan{Epoch: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := wr.Write(t.Context(), quake("uno")); err != nil {
		t.Fatal(err)
	}
	if out, err := wr.Commit(t.Context()); out != connector.Unknown || !connector.IsPassing(err) {
		t.Fatalf("commit: %v, %v", out, err)
	}
	if m, err := newSink(t, w, options).Open(t.Context(), q, quakes, connector.Append); err != nil || m.Epoch != 3 {
		t.Fatalf("mark %+v, %v", m, err)
	}
	if got := w.Read(t, "/casa/a"); got != "<<uno>>\n" {
		t.Errorf("file %q", got)
	}
	if got := w.Out.String(); got != "<<uno>>\n" {
		t.Errorf("console %q", got)
	}
}

type brokenFS struct{ vfs.FS }

func (fs brokenFS) OpenReadWrite(name string, c vfs.DiskWriteCategory, o ...vfs.OpenOption) (vfs.File, error) {
	f, err := fs.FS.OpenReadWrite(name, c, o...)
	return brokenFile{f}, err
}

type brokenFile struct{ vfs.File }

func (brokenFile) WriteAt([]byte, int64) (int, error) {
	return 0, errs.New("", "no space left on device")
}
