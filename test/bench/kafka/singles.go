package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// singles sends one record a request from each of n connections for a while: a hand-made
// client, so that what is measured is the broker and the loopback.
func singles(addr, topic string, n int, d time.Duration) (m measured, err error) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []time.Duration
	began := time.Now()
	for i := range n {
		wg.Go(func() {
			took, e := single(addr, topic, int32(i%12), began.Add(d))
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if e != nil {
				err = e
			}
		})
	}
	wg.Wait()
	m.Seconds, m.Records = time.Since(began).Seconds(), len(all)
	if err != nil || len(all) == 0 {
		return m, err
	}
	slices.Sort(all)
	m.P50, m.P99 = ms(all[len(all)/2]), ms(all[len(all)*99/100])
	return m, nil
}

func single(addr, topic string, partition int32, until time.Time) (took []time.Duration, err error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	req := kmsg.NewPtrProduceRequest()
	req.SetVersion(9)
	req.Acks, req.TimeoutMillis = -1, 10_000
	part := kmsg.NewProduceRequestTopicPartition()
	part.Partition, part.Records = partition, oneRecord()
	t := kmsg.NewProduceRequestTopic()
	t.Topic, t.Partitions = topic, []kmsg.ProduceRequestTopicPartition{part}
	req.Topics = []kmsg.ProduceRequestTopic{t}
	frame := kmsg.NewRequestFormatter(kmsg.FormatterClientID("bench")).AppendRequest(nil, req, 7)
	in := bufio.NewReader(c)
	var answer []byte
	for time.Now().Before(until) {
		began := time.Now()
		if _, err := c.Write(frame); err != nil {
			return took, err
		}
		var head [4]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			return took, err
		}
		answer = slices.Grow(answer[:0], int(binary.BigEndian.Uint32(head[:])))[:binary.BigEndian.Uint32(head[:])]
		if _, err := io.ReadFull(in, answer); err != nil {
			return took, err
		}
		took = append(took, time.Since(began))
		if len(took)&1023 == 1 {
			if err := refused(answer); err != nil {
				return took, err
			}
		}
	}
	return took, nil
}

// refused looks into an answer for an error.
func refused(answer []byte) error {
	resp := kmsg.NewPtrProduceResponse()
	resp.SetVersion(9)
	if err := resp.ReadFrom(answer[5:]); err != nil { // correlation id, no tags
		return err
	}
	if len(resp.Topics) != 1 || len(resp.Topics[0].Partitions) != 1 {
		return fmt.Errorf("an answer for %d topics", len(resp.Topics))
	}
	return kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode)
}

// oneRecord is a batch of one record of 100 bytes.
func oneRecord() []byte {
	rec := kmsg.Record{Value: make([]byte, 100)}
	body := rec.AppendTo(nil)
	rec.Length = int32(len(body) - 1)
	now := time.Now().UnixMilli()
	b := kmsg.RecordBatch{PartitionLeaderEpoch: -1, Magic: 2, FirstTimestamp: now, MaxTimestamp: now,
		ProducerID: -1, ProducerEpoch: -1, FirstSequence: -1, NumRecords: 1, Records: rec.AppendTo(nil)}
	b.Length = int32(49 + len(b.Records))
	raw := b.AppendTo(nil)
	binary.BigEndian.PutUint32(raw[17:], crc32.Checksum(raw[21:], crc32.MakeTable(crc32.Castagnoli)))
	return raw
}
