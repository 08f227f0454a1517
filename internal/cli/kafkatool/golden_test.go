package kafkatool

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"regexp"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/sys"
)

// stanza is a command of golden.txt with what Kafka's tool did.
type stanza struct {
	line           int
	remark, action string // action: "$" run, "&" start, "%" stop
	command        string
	stdin          string
	out, err, code []string
}

func readGolden(t *testing.T) []stanza {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []stanza
	remark := ""
	for i, l := range strings.Split(string(text), "\n") {
		mark, rest, _ := strings.Cut(l, " ")
		var last *stanza
		if len(out) > 0 {
			last = &out[len(out)-1]
		}
		switch mark {
		case "#":
			remark = rest
		case "$", "&", "%":
			out = append(out, stanza{line: i + 1, remark: remark, action: mark, command: rest})
			remark = ""
		case "<":
			last.stdin += rest + "\n"
		case "1":
			last.out = append(last.out, rest)
		case "2":
			last.err = append(last.err, rest)
		case "=":
			last.code = append(last.code, rest)
		case "":
			remark = ""
		default:
			t.Fatalf("testdata/golden.txt:%d: %q", i+1, l)
		}
	}
	return out
}

// words splits a command line as a shell does, as far as golden.txt needs it.
func words(line string) []string {
	var out []string
	var word strings.Builder
	quoted, any := false, false
	for _, c := range line {
		switch {
		case c == '\'':
			quoted, any = !quoted, true
		case c == ' ' && !quoted:
			if any || word.Len() > 0 {
				out = append(out, word.String())
			}
			word.Reset()
			any = false
		default:
			word.WriteRune(c)
		}
	}
	if any || word.Len() > 0 {
		out = append(out, word.String())
	}
	return out
}

var normalForms = []struct {
	form *regexp.Regexp
	text string
}{
	{regexp.MustCompile(`TopicId: [\w-]{22}`), "TopicId: TTTTTTTTTTTTTTTTTTTTTT"},
	{regexp.MustCompile(`\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]`), "[TIME]"},
	{regexp.MustCompile(`CreateTime:\d+`), "CreateTime:MILLIS"},
	{regexp.MustCompile(`console-consumer-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "console-consumer-" + strings.Repeat("M", 36)},
	{regexp.MustCompile(`HOST:PORT  \((\d+)\) +`), "HOST:PORT  ($1) "},
	{regexp.MustCompile(`(1 +127\.0\.0\.1) \d+ +null`), "$1 PORT null"},
	{regexp.MustCompile(`Cluster ID: \S+`), "Cluster ID: CLUSTER"},
	{regexp.MustCompile(`(?s)Option +Description.*`), "<usage>"},
}

// normal is the text as record.py writes it down.
func normal(text, addr string) []string {
	text = strings.ReplaceAll(text, addr, "HOST:PORT")
	for _, n := range normalForms {
		text = n.form.ReplaceAllString(text, n.text)
	}
	if text == "" {
		return nil
	}
	lines := strings.Split(text, "\n")
	if lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	} else {
		lines[len(lines)-1] += `\`
	}
	return lines
}

// expected leaves out what Kafka's tools say and these do not: advice about settings of the Java client.
func expected(lines []string) []string {
	var out []string
	for _, l := range lines {
		if !strings.HasPrefix(l, "The consumer rebalance protocol (KIP-848) is production-ready!") {
			out = append(out, l)
		}
	}
	return out
}

// inAnyOrder sorts the words of all lines, for lists whose order changes from run to run in Kafka.
func inAnyOrder(lines []string) []string {
	w := strings.FieldsFunc(strings.Join(lines, " "), func(r rune) bool { return strings.ContainsRune(" ,[]", r) })
	sort.Strings(w)
	return []string{strings.Join(w, " ")}
}

// goldenBroker is the broker that the command lines run against: Azud's own, or a real Kafka 4.3.1 where
// AZUD_TEST_KAFKA names one (fresh, as record.py wants it). Stanzas with the remark "not as Azud's
// broker" are not compared with the first, those with "not for Azud's broker" not even run.
func goldenBroker(t *testing.T) (addr string, own bool) {
	t.Helper()
	if addr = os.Getenv("AZUD_TEST_KAFKA"); addr != "" {
		return addr, false
	}
	return ownBroker(t), true
}

func findTool(t *testing.T, name string) Tool {
	t.Helper()
	for _, tool := range Tools() {
		if tool.Name == name {
			return tool
		}
	}
	t.Fatalf("no tool %s", name)
	return Tool{}
}

// execution is a tool at work.
type execution struct {
	out, err bytes.Buffer
	code     int
	done     chan struct{}
	stop     context.CancelFunc
}

func start(t *testing.T, s stanza, addr string) *execution {
	args := words(s.command)
	tool := findTool(t, args[0])
	if args = args[1:]; !strings.Contains(s.remark, "bare") {
		args = append(args, "--bootstrap-server", addr)
	}
	world := sys.Real()
	world.Dir = "testdata"
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	e := &execution{done: make(chan struct{}), stop: cancel}
	go func() {
		defer close(e.done)
		e.code = tool.Run(ctx, Env{Sys: world, In: strings.NewReader(s.stdin), Out: &e.out, Err: &e.err}, args)
	}()
	return e
}

func TestGolden(t *testing.T) {
	addr, own := goldenBroker(t)
	var background *execution
	for _, s := range readGolden(t) {
		name := fmt.Sprintf("%d %s", s.line, s.command)
		if own && strings.Contains(s.remark, "not for Azud's broker") {
			continue
		}
		e := background
		switch s.action {
		case "&":
			background = start(t, s, addr)
			waitStable(t, addr, "live", 5)
			continue
		case "%":
			background.stop()
		default:
			e = start(t, s, addr)
		}
		<-e.done
		e.stop()
		if own && strings.Contains(s.remark, "not as Azud's broker") {
			continue
		}
		diff := s.diff(e, addr, own)
		for try := 0; diff != "" && !own && strings.Contains(s.command, "--describe") && try < 20; try++ {
			time.Sleep(100 * time.Millisecond) // what was changed just before reaches brokers a little later
			e = start(t, s, addr)
			<-e.done
			diff = s.diff(e, addr, own)
		}
		if diff != "" {
			t.Errorf("golden.txt:%s: %s", name, diff)
		}
	}
}

// diff says what a tool did otherwise than Kafka's.
func (s *stanza) diff(e *execution, addr string, own bool) string {
	outs, want := normal(e.out.String(), addr), s.out
	if own {
		outs, want = withoutMinISR(outs), withoutMinISR(want)
	}
	var diffs []string
	check := func(what string, got, want []string) {
		if strings.Contains(s.remark, "any order") {
			got, want = inAnyOrder(got), inAnyOrder(want)
		}
		if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
			diffs = append(diffs, fmt.Sprintf("%s is\n%s\nand in Kafka\n%s", what, g, w))
		}
	}
	check("standard output", outs, want)
	check("standard error", normal(e.err.String(), addr), expected(s.err))
	check("exit code", []string{fmt.Sprint(e.code)}, s.code)
	return strings.Join(diffs, "\n")
}

// waitStable waits until a group has a member that has committed so many records.
func waitStable(t *testing.T, addr, group string, records int64) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	adm := kadm.NewClient(cl)
	for range 300 {
		if offsets, err := adm.FetchOffsets(t.Context(), group); err == nil {
			var sum int64
			offsets.Each(func(o kadm.OffsetResponse) { sum += o.At })
			if sum == records {
				return
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the group %s has not committed %d records", group, records)
}

// A Kafka with the feature eligible.leader.replicas sets this for every new cluster.
var minISR = regexp.MustCompile(`min.insync.replicas=1,`)

func withoutMinISR(lines []string) []string {
	var out []string
	for _, l := range lines {
		out = append(out, minISR.ReplaceAllString(l, ""))
	}
	return out
}
