package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topic      = "readings"
	partitions = 4
	files      = 16
	sensors    = 1000
)

// readings are n made measurements, the same for the same n.
type readings struct {
	n    int
	want []sensor // by number
}

// sensor is what the query must say of one.
type sensor struct {
	n       int64
	sum     float64
	wettest float64
}

// each makes the records one by one; the text is borrowed.
func (r *readings) each(use func(i int, text []byte) error) error {
	rng := rand.New(rand.NewPCG(2, 3))
	r.want = make([]sensor, sensors)
	var buf []byte
	for i := range r.n {
		s, temperature, humidity := rng.IntN(sensors), float64(rng.IntN(6000)-1500)/100, float64(rng.IntN(10001))/100
		buf = fmt.Appendf(buf[:0], `{"id":%d,"sensor_id":"sensor-%04d","temperature":%v,"humidity":%v,"ts":"2024-03-01T%02d:%02d:%02d.000Z"}`,
			i, s, temperature, humidity, i/3600%24, i/60%60, i%60)
		w := &r.want[s]
		w.n, w.sum, w.wettest = w.n+1, w.sum+temperature, max(w.wettest, humidity)
		if err := use(i, buf); err != nil {
			return err
		}
	}
	return nil
}

// check compares an answer with what was made.
func (r readings) check(_ int, _ string, rows []json.RawMessage) string {
	const close = 1e-9 // sums of floating point come in any order
	seen := 0
	for s, w := range r.want {
		if w.n == 0 {
			continue
		}
		if seen == len(rows) {
			return fmt.Sprintf("only %d rows", seen)
		}
		var name string
		var n int64
		var mean, wettest float64
		if err := json.Unmarshal(rows[seen], &[]any{&name, &n, &mean, &wettest}); err != nil {
			return err.Error()
		}
		if name != fmt.Sprintf("sensor-%04d", s) || n != w.n || wettest != w.wettest || math.Abs(mean-w.sum/float64(w.n)) > close*max(1, math.Abs(mean)) {
			return fmt.Sprintf("%s, want %v", rows[seen], w)
		}
		seen++
	}
	if seen != len(rows) {
		return fmt.Sprintf("%d rows, want %d", len(rows), seen)
	}
	return ""
}

// toFiles writes the records into files of lines.
func (r *readings) toFiles(folder string) (err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	var out []*bufio.Writer
	var closers []io.Closer
	for i := range files {
		f, err := os.Create(filepath.Join(folder, fmt.Sprintf("part-%02d.json", i)))
		if err != nil {
			return err
		}
		out = append(out, bufio.NewWriterSize(f, 1<<20))
		closers = append(closers, f)
	}
	err = r.each(func(i int, text []byte) error {
		w := out[i*files/r.n]
		w.Write(text) //nolint:errcheck // kept by the writer
		return w.WriteByte('\n')
	})
	for i, w := range out {
		if e := w.Flush(); err == nil {
			err = e
		}
		if e := closers[i].Close(); err == nil {
			err = e
		}
	}
	return err
}

// toTopic produces the records.
func (r *readings) toTopic(ctx context.Context, server string) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(server), kgo.DefaultProduceTopic(topic), kgo.MaxBufferedRecords(100_000),
		kgo.ProducerBatchMaxBytes(1<<20), kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := kadm.NewClient(c).CreateTopic(ctx, partitions, 1, nil, topic); err != nil {
		return err
	}
	var failed atomic.Pointer[error]
	err = r.each(func(_ int, text []byte) error {
		c.Produce(ctx, &kgo.Record{Value: append([]byte(nil), text...)}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
		return ctx.Err()
	})
	if e := c.Flush(ctx); err == nil {
		err = e
	}
	if e := failed.Load(); err == nil && e != nil {
		err = *e
	}
	return err
}
