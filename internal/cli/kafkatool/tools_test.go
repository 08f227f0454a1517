package kafkatool

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/sys"
)

// Numbers and texts as Java 17 printed them.
func TestFormatDouble(t *testing.T) {
	for want, f := range map[string]float64{"0.0": 0, "1.0": 1, "1024.0": 1024, "2.048E7": 20480000, "0.001": 0.001, "1.0E-4": 0.0001, "-12.5": -12.5, "9999999.0": 9999999, "1.0E7": 1e7} {
		if got := formatDouble(f, 64); got != want {
			t.Errorf("%v is %s, want %s", f, got, want)
		}
	}
	if got := formatDouble(float64(float32(0.1)), 32); got != "0.1" {
		t.Errorf("the float 0.1 is %s", got)
	}
}

func TestStringHash(t *testing.T) {
	for s, want := range map[string]int32{"": 0, "a": 97, "retention.ms": -1339220362, "ñ😀": 241*31*31 + 0xd83d*31 + 0xde00} {
		if got := stringHash(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{"P1D": 24 * time.Hour, "PT1H30M": 90 * time.Minute, "p1dt2h3m4.5s": 26*time.Hour + 3*time.Minute + 4500*time.Millisecond,
		"PT-6H": -6 * time.Hour, "-PT1S": -time.Second, "PT0.25S": 250 * time.Millisecond} {
		if got, err := parseDuration(text); err != nil || got != want {
			t.Errorf("%s: %v, error %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "P", "PT", "1h", "P1H", "P1DT", "PT1.5H"} {
		if got, err := parseDuration(text); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
}

func TestParseDatetime(t *testing.T) {
	want := time.Date(2024, 2, 29, 13, 14, 15, 123e6, time.UTC)
	for _, text := range []string{"2024-02-29T13:14:15.123", "2024-02-29T13:14:15.123Z", "2024-02-29T15:14:15.123+02:00", "2024-02-29T11:14:15.123-02"} {
		if got, err := parseDatetime(text); err != nil || !got.Equal(want) {
			t.Errorf("%s: %v, error %v", text, got, err)
		}
	}
	for _, text := range []string{"2024-02-29", "2023-02-29T13:14:15.123", "2024-02-29T13:14:15", "T"} {
		if got, err := parseDatetime(text); err == nil {
			t.Errorf("%s: %v, want an error", text, got)
		}
	}
}

func TestSplitOutside(t *testing.T) {
	for text, want := range map[string]string{"a=1,b=2": "a=1|b=2", "a=[1,2],b=3": "a=[1,2]|b=3", "a=[1,2],b=[3,4]": "a=[1,2]|b=[3,4]", "a": "a", "a=": "a="} {
		if got := strings.Join(splitOutside(text, ','), "|"); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestReadLine(t *testing.T) {
	in := bufio.NewReader(strings.NewReader("one\ntwo\r\nthree\r\r\nlast"))
	var got []string
	for {
		l, err := readLine(in)
		if err != nil {
			break
		}
		got = append(got, l)
	}
	if strings.Join(got, "|") != "one|two|three||last" {
		t.Errorf("%q", got)
	}
}

func TestDeserializers(t *testing.T) {
	const pkg = "org.apache.kafka.common.serialization."
	for _, c := range []struct{ class, in, want, err string }{
		{"StringDeserializer", "añ", "añ", ""},
		{"LongDeserializer", "\xff\xff\xff\xff\xff\xff\xff\xfe", "-2", ""},
		{"IntegerDeserializer", "\x00\x00\x01\x00", "256", ""},
		{"ShortDeserializer", "\xff\xff", "-1", ""},
		{"DoubleDeserializer", "\x3f\xf8\x00\x00\x00\x00\x00\x00", "1.5", ""},
		{"FloatDeserializer", "\x3f\xc0\x00\x00", "1.5", ""},
		{"BytesDeserializer", "a\x00\\", `a\x00\x5C`, ""},
		{"IntegerDeserializer", "abc", "", "Size of data received by IntegerDeserializer is not 4"},
	} {
		d, ok := deserializerOf(pkg + c.class)
		if !ok {
			t.Errorf("%s is not known", c.class)
			continue
		}
		f := &formatter{nullText: "null"}
		got, err := f.text(d, []byte(c.in))
		if c.err != "" {
			if err == nil || err.Error() != c.err {
				t.Errorf("%s of %q: error %v", c.class, c.in, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%s of %q: %q, error %v", c.class, c.in, got, err)
		}
		if got, err := f.text(d, nil); got != "null" || err != nil {
			t.Errorf("%s of null: %q, error %v", c.class, got, err)
		}
	}
	if _, ok := deserializerOf("com.example.Mine"); ok {
		t.Error("a class of somebody else is known")
	}
}

func TestFormatterTimestamps(t *testing.T) {
	rec := &kgo.Record{Timestamp: time.UnixMilli(1500), Value: []byte("v")}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	if err := newFormatter(Properties{"print.timestamp": " True"}).write(w, rec); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	if out.String() != "CreateTime:1500\tv\n" {
		t.Errorf("%q", out.String())
	}
}

// Without --bootstrap-server the caller's broker is used.
func TestDefaultBootstrap(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "here"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for addr, want := range map[string]string{c.ListenAddrs()[0]: "here\n", "": "--bootstrap-server must be specified"} {
		var out bytes.Buffer
		findTool(t, "kafka-topics").Run(t.Context(), Env{Sys: sys.Real(), Out: &out, Err: &out,
			Bootstrap: func(context.Context) (string, error) { return addr, nil }}, []string{"--list"})
		if !strings.HasPrefix(out.String(), want) {
			t.Errorf("with %q: %s", addr, out.String())
		}
	}
}

// The end of the context ends the producer although its input goes on, and it prompts on a terminal.
func TestProducerInterrupted(t *testing.T) {
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "here"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in, typed := io.Pipe()
	defer typed.Close()
	ctx, cancel := context.WithCancel(t.Context())
	screen, out := io.Pipe()
	var errs bytes.Buffer
	done := make(chan int)
	go func() {
		done <- findTool(t, "kafka-console-producer").Run(ctx, Env{Sys: sys.Real(), In: in, Out: out, Err: &errs, Terminal: true},
			[]string{"--topic", "here", "--bootstrap-server", c.ListenAddrs()[0], "--sync"})
	}()
	io.WriteString(typed, "a line\n")
	prompts := make([]byte, 2)
	if _, err := io.ReadFull(screen, prompts); err != nil || string(prompts) != ">>" {
		t.Errorf("prompts %q, error %v", prompts, err)
	}
	cancel()
	if code := <-done; code != 130 {
		t.Errorf("code %d, errors %q", code, errs.String())
	}
}
