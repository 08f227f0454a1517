package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// client is one workload; it prints what it measured.
func client(what string, args []string) (err error) {
	var m measured
	ctx := context.Background()
	switch what {
	case "produce":
		m, err = produce(ctx, args[0], args[1], atoi(args[2]), atoi(args[3]))
	case "consume":
		m, err = consume(ctx, args[0], args[1], atoi(args[3]))
	case "small":
		m, err = singles(args[0], args[1], atoi(args[2]), time.Duration(atoi(args[3]))*time.Second)
	case "group":
		m, err = group(ctx, args[0], args[1], args[2])
	default:
		err = fmt.Errorf("there is no client %q", what)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}

// produce sends records of size bytes in good batches, acks=all, uncompressed.
func produce(ctx context.Context, addr, topic string, size, n int) (m measured, err error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.DefaultProduceTopic(topic), kgo.DisableClientMetrics(),
		kgo.ProducerLinger(5*time.Millisecond), kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerBatchMaxBytes(1_000_000), kgo.MaxBufferedRecords(200_000),
		kgo.RecordPartitioner(kgo.RoundRobinPartitioner()))
	if err != nil {
		return m, err
	}
	defer cl.Close()
	value := make([]byte, size)
	for i := range value {
		value[i] = byte('a' + i%26)
	}
	var failed atomic.Pointer[error]
	began := time.Now()
	for range n {
		cl.Produce(ctx, &kgo.Record{Value: value}, func(_ *kgo.Record, err error) {
			if err != nil {
				failed.CompareAndSwap(nil, &err)
			}
		})
	}
	if err := cl.Flush(ctx); err != nil {
		return m, err
	}
	if err := failed.Load(); err != nil {
		return m, *err
	}
	return measured{Seconds: time.Since(began).Seconds(), Records: n}, nil
}

func consume(ctx context.Context, addr, topic string, n int) (m measured, err error) {
	cl, err := kgo.NewClient(kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.DisableClientMetrics(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return m, err
	}
	defer cl.Close()
	began := time.Now()
	for m.Records < n {
		f := cl.PollFetches(ctx)
		for _, e := range f.Errors() {
			return m, e.Err
		}
		m.Records += f.NumRecords()
	}
	m.Seconds = time.Since(began).Seconds()
	return m, nil
}

// group measures a group of 4 (P50: until all have their share after the last joins; P99:
// after one leaves) of 12 partitions.
func group(ctx context.Context, addr, topic, protocol string) (m measured, err error) {
	const members, partitions = 4, 12
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	more := []kgo.Opt{kgo.WithContext(ctx)}
	if protocol == "consumer" {
		more = append(more, kgo.ServerSideBalancer())
	}
	var mu sync.Mutex
	owned := make([]map[int32]bool, members)
	var clients []*kgo.Client
	change := make(chan struct{}, 1)
	note := func(who int, parts map[string][]int32, has bool) {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range parts[topic] {
			if has {
				owned[who][p] = true
			} else {
				delete(owned[who], p)
			}
		}
		select {
		case change <- struct{}{}:
		default:
		}
	}
	balanced := func(n int) error {
		for {
			mu.Lock()
			total, fair := 0, true
			for _, o := range owned[:n] {
				total += len(o)
				fair = fair && len(o) == partitions/n
			}
			mu.Unlock()
			if total == partitions && fair {
				return nil
			}
			select {
			case <-change:
			case <-ctx.Done():
				return errors.New("the group does not get balanced")
			}
		}
	}
	join := func(who int) error {
		owned[who] = map[int32]bool{}
		cl, err := kgo.NewClient(append(more, kgo.SeedBrokers(addr), kgo.ConsumeTopics(topic), kgo.ConsumerGroup("bench-"+protocol),
			kgo.DisableClientMetrics(), kgo.HeartbeatInterval(500*time.Millisecond),
			kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { note(who, p, true) }),
			kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { note(who, p, false) }),
			kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, p map[string][]int32) { note(who, p, false) }))...)
		if err != nil {
			return err
		}
		clients = append(clients, cl)
		go func() {
			for ctx.Err() == nil && !cl.PollFetches(ctx).IsClientClosed() {
			}
		}()
		return nil
	}
	defer func() {
		for _, cl := range clients {
			cl.Close()
		}
	}()
	for who := range members {
		began := time.Now()
		if err := join(who); err != nil {
			return m, err
		}
		if err := balanced(who + 1); err != nil {
			return m, err
		}
		m.P50 = ms(time.Since(began))
	}
	began := time.Now()
	clients[members-1].Close()
	mu.Lock()
	owned[members-1] = map[int32]bool{}
	mu.Unlock()
	if err := balanced(members - 1); err != nil {
		return m, err
	}
	m.P99 = ms(time.Since(began))
	return m, nil
}
