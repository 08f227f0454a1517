package main

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// groupNames are the groups that read the topic "kept", by the protocol they use.
func groupNames() map[string][]kgo.Opt {
	return map[string][]kgo.Opt{
		"cooperative": {kgo.Balancers(kgo.CooperativeStickyBalancer())},
		"eager":       {kgo.Balancers(kgo.RangeBalancer())},
		"kip-848":     {kgo.Balancers(kgo.StickyBalancer()), kgo.ServerSideBalancer()},
	}
}

const groupTopic = "kept"

// member is a member of a group that leaves and comes back now and then, until the run ends.
// It commits what it got.
func (w *world) member(all context.Context, group string, opts []kgo.Opt, seed uint64) error {
	r := rand.New(rand.NewPCG(seed, 4))
	for all.Err() == nil {
		cl, err := kgo.NewClient(append(w.clientOpts(kgo.ConsumerGroup(group), kgo.ConsumeTopics(groupTopic), isolation(true),
			kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
			kgo.SessionTimeout(6*time.Second), kgo.FetchMaxWait(300*time.Millisecond), kgo.FetchMaxBytes(2<<20)), opts...)...)
		if err != nil {
			return err
		}
		stay, cancel := context.WithTimeout(all, 10*time.Second+upTo(r, 30*time.Second))
		w.consume(stay, cl, group)
		cancel()
		cl.CloseAllowingRebalance()
	}
	return nil
}

func (w *world) consume(stay context.Context, cl *kgo.Client, group string) {
	for stay.Err() == nil {
		fetches := cl.PollRecords(stay, 2000)
		next := map[part]int64{}
		fetches.EachRecord(func(rec *kgo.Record) {
			p := part{rec.Topic, rec.Partition}
			w.l.delivered(group, p, rec.Offset)
			next[p] = rec.Offset + 1
		})
		if len(next) > 0 {
			w.l.commitAsked(group, next)
			if cl.CommitRecords(stay, fetches.Records()...) == nil { // an error: a rebalance, or the end
				w.l.commitAcked(group, next)
				ring(w.bells.commit)
			}
		}
		cl.AllowRebalance()
	}
}
