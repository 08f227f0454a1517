package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// measured is what a client process prints.
type measured struct {
	Seconds  float64 // wall
	Records  int
	P50, P99 float64 // ms
}

// client runs this program again as a client, on its own core when pinned.
func (b *bench) client(ctx context.Context, args ...any) (m measured, err error) {
	self, err := os.Executable()
	if err != nil {
		return m, err
	}
	line := []string{self, "client"}
	for _, a := range args {
		line = append(line, fmt.Sprint(a))
	}
	if b.pin {
		line = append([]string{"taskset", "-c", "1"}, line...)
	}
	cmd := exec.CommandContext(ctx, line[0], line[1:]...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(out, &m)
}

// topic makes a topic that keeps everything.
func topic(ctx context.Context, p *peer, name string, partitions int32) error {
	cl, err := kgo.NewClient(kgo.SeedBrokers(p.addr), kgo.DisableClientMetrics())
	if err != nil {
		return err
	}
	defer cl.Close()
	never := "-1"
	adm := kadm.NewClient(cl)
	if _, err = adm.CreateTopic(ctx, partitions, 1, map[string]*string{"retention.ms": &never}, name); err != nil {
		return err
	}
	for try := 0; ; try++ { // Kafka leads the partitions a moment later
		ends, err := adm.ListEndOffsets(ctx, name)
		if err == nil {
			err = ends.Error()
		}
		if err == nil || try == 50 {
			return err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// streams are good batches of 100 bytes and of 1 KB, on 1 and 3 partitions.
func (b *bench) streams(ctx context.Context, p *peer) error {
	for _, w := range []struct {
		size, records int
		partitions    int32
	}{{100, 10_000_000, 1}, {100, 10_000_000, 3}, {1000, 2_000_000, 1}, {1000, 2_000_000, 3}} {
		n := int(float64(w.records) * b.scale)
		name := fmt.Sprintf("s%d-%d", w.size, w.partitions)
		if err := topic(ctx, p, name, w.partitions); err != nil {
			return err
		}
		for _, act := range []string{"produce", "consume"} {
			before := p.cpu()
			m, err := b.client(ctx, act, p.addr, name, w.size, n)
			if err != nil {
				return err
			}
			used := p.cpu() - before
			what := fmt.Sprintf("%s %d B, %d part.", act, w.size, w.partitions)
			b.add("produce", p, what, float64(m.Records)/m.Seconds, "records/s")
			b.add("produce", p, what+" CPU", used/float64(m.Records)*1e6, "CPU s per 1 M")
		}
	}
	b.add("produce", p, "peak memory", p.peak(), "MB")
	return nil
}

// small is one record a request, acks=all, from 64 connections.
func (b *bench) small(ctx context.Context, p *peer) error {
	const connections = 64
	if err := topic(ctx, p, "small", 12); err != nil {
		return err
	}
	seconds := max(1, int(10*b.scale))
	if _, err := b.client(ctx, "small", p.addr, "small", connections, 2); err != nil { // to warm up
		return err
	}
	before := p.cpu()
	m, err := b.client(ctx, "small", p.addr, "small", connections, seconds)
	if err != nil {
		return err
	}
	used := p.cpu() - before
	b.add("small", p, "64 connections", float64(m.Records)/m.Seconds, "acks/s")
	b.add("small", p, "64 connections p50", m.P50, "ms")
	b.add("small", p, "64 connections p99", m.P99, "ms")
	b.add("small", p, "64 connections CPU", used/float64(m.Records)*1e6, "µs an ack")
	one, err := b.client(ctx, "small", p.addr, "small", 1, seconds)
	if err != nil {
		return err
	}
	b.add("small", p, "1 connection", float64(one.Records)/one.Seconds, "acks/s")
	b.add("small", p, "1 connection p99", one.P99, "ms")
	return nil
}

// groups is the time from a member's start until the group is balanced again.
func (b *bench) groups(ctx context.Context, p *peer) error {
	if err := topic(ctx, p, "grouped", 12); err != nil {
		return err
	}
	for _, protocol := range []string{"classic", "consumer"} {
		m, err := b.client(ctx, "group", p.addr, "grouped", protocol)
		if err != nil {
			return err
		}
		b.add("group", p, protocol+" group: 4th member joins", m.P50, "ms")
		b.add("group", p, protocol+" group: a member leaves", m.P99, "ms")
	}
	return nil
}

// starts is the time to the first answer with 5 GB of log: clean, and after a kill under load.
func (b *bench) starts(ctx context.Context, p *peer) error {
	if err := topic(ctx, p, "big", 3); err != nil {
		return err
	}
	n := int(5_000_000 * b.scale)
	if _, err := b.client(ctx, "produce", p.addr, "big", 1000, n); err != nil {
		return err
	}
	if err := p.stop(); err != nil {
		return err
	}
	took, err := p.start(ctx)
	if err != nil {
		return err
	}
	b.add("start", p, "start, 5 GB, clean", ms(took), "ms")
	if _, err := b.client(ctx, "produce", p.addr, "big", 1000, n/10); err != nil {
		return err
	}
	p.kill()
	if took, err = p.start(ctx); err != nil {
		return err
	}
	b.add("start", p, "start, 5 GB, after kill -9", ms(took), "ms")
	b.add("start", p, "memory after that start", p.rss(), "MB")
	return nil
}

// memory is resident memory idle, under load and after it.
func (b *bench) memory(ctx context.Context, p *peer) error {
	const settle = 10 * time.Second
	time.Sleep(settle)
	b.add("memory", p, "idle", p.rss(), "MB")
	before := p.cpu()
	time.Sleep(settle)
	b.add("memory", p, "idle CPU", (p.cpu()-before)/settle.Seconds()*1000, "ms a second")
	if err := topic(ctx, p, "load", 3); err != nil {
		return err
	}
	n := int(5_000_000 * b.scale)
	for _, act := range []string{"produce", "consume"} {
		if _, err := b.client(ctx, act, p.addr, "load", 100, n); err != nil {
			return err
		}
	}
	b.add("memory", p, "peak under load", p.peak(), "MB")
	time.Sleep(settle)
	b.add("memory", p, "after load", p.rss(), "MB")
	return nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func atoi(s string) int {
	n, _ := strconv.Atoi(s) // written by ourselves
	return n
}
