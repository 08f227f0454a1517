package main

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// topicState is what the administrator knows of a topic that it made.
type topicState struct {
	id         kadm.TopicID
	partitions int
	settings   map[string]string
	changing   bool // a request is not answered yet: not to be looked at
	gone       bool
}

// admin makes, changes and deletes topics, deletes records, and knows what was acknowledged.
type admin struct {
	w    *world
	name string // of the topics
	cl   *kgo.Client
	adm  *kadm.Client
	r    *rand.Rand

	mu     sync.Mutex
	topics map[string]*topicState
	made   int
}

func newAdmin(w *world, name string, seed uint64) (*admin, error) {
	cl, err := kgo.NewClient(w.clientOpts()...)
	if err != nil {
		return nil, err
	}
	return &admin{w: w, name: name, cl: cl, adm: kadm.NewClient(cl), r: rand.New(rand.NewPCG(seed, 5)), topics: map[string]*topicState{}}, nil
}

// run works until its context ends; a request under way is then answered first.
func (a *admin) run(work, all context.Context) error {
	for work.Err() == nil {
		names := a.living()
		switch n := a.r.IntN(10); {
		case len(names) < 3 || n < 2 && len(names) < 12:
			a.create(all)
		case n < 4 && len(names) > 5:
			a.change(all, names[a.r.IntN(len(names))], a.remove)
		case n < 6:
			a.change(all, names[a.r.IntN(len(names))], a.widen)
		case n < 8:
			a.change(all, names[a.r.IntN(len(names))], a.configure)
		default:
			a.cutRecords(all)
		}
		pause(work, upTo(a.r, 250*time.Millisecond))
	}
	return nil
}

func (a *admin) living() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var names []string
	for n, t := range a.topics {
		if !t.gone {
			names = append(names, n)
		}
	}
	slices.Sort(names)
	return names
}

// until tries a request until it is answered; done tells answers that say that an earlier try,
// whose answer was lost, has worked.
func (a *admin) until(ctx context.Context, what string, try func() error, done error) bool {
	for n := 0; ctx.Err() == nil; n++ {
		err := try()
		if err == nil || n > 0 && done != nil && err.Error() == done.Error() {
			return true
		}
		if kerr.IsRetriable(err) || !isAnswer(err) {
			pause(ctx, 50*time.Millisecond)
			continue
		}
		if n == 0 && done != nil && err.Error() == done.Error() {
			return true // the client itself tried again
		}
		a.w.l.complain("admin", "%s: %v", what, err)
		return false
	}
	return false
}

// isAnswer tells a broker's answer from a failure to reach it.
func isAnswer(err error) bool {
	for ; err != nil; err = unwrap(err) {
		if _, ok := err.(*kerr.Error); ok {
			return true
		}
	}
	return false
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

func (a *admin) create(ctx context.Context) {
	a.mu.Lock()
	name := fmt.Sprintf("%s-%d", a.name, a.made)
	if a.made > 0 && a.r.IntN(3) == 0 { // a name that was deleted, perhaps
		if again := fmt.Sprintf("%s-%d", a.name, a.r.IntN(a.made)); a.topics[again].gone {
			name = again
		}
	}
	if name == fmt.Sprintf("%s-%d", a.name, a.made) {
		a.made++
	}
	t := &topicState{partitions: 1 + a.r.IntN(3), settings: map[string]string{"retention.ms": strconv.Itoa(1000000 + a.r.IntN(1000000))}, changing: true}
	a.topics[name] = t
	a.mu.Unlock()
	settings := map[string]*string{}
	for k, v := range t.settings {
		settings[k] = &v
	}
	ok := a.until(ctx, "creating "+name, func() error {
		resp, err := a.adm.CreateTopic(ctx, int32(t.partitions), 1, settings, name)
		if err == nil {
			t.id = resp.ID
		}
		return err
	}, kerr.TopicAlreadyExists)
	a.settle(name, ok, func(*topicState) {})
}

// change does one change of a topic, which is not looked at meanwhile.
func (a *admin) change(ctx context.Context, name string, do func(context.Context, string, *topicState) (bool, func(*topicState))) {
	a.mu.Lock()
	t := a.topics[name]
	t.changing = true
	a.mu.Unlock()
	ok, apply := do(ctx, name, t)
	a.settle(name, ok, apply)
}

func (a *admin) settle(name string, ok bool, apply func(*topicState)) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if ok {
		apply(a.topics[name])
		a.topics[name].changing = false
	}
}

func (a *admin) remove(ctx context.Context, name string, _ *topicState) (bool, func(*topicState)) {
	ok := a.until(ctx, "deleting "+name, func() error {
		_, err := a.adm.DeleteTopic(ctx, name)
		return err
	}, kerr.UnknownTopicOrPartition)
	return ok, func(t *topicState) { t.gone = true }
}

func (a *admin) widen(ctx context.Context, name string, t *topicState) (bool, func(*topicState)) {
	to := t.partitions + 1
	ok := a.until(ctx, "adding partitions to "+name, func() error {
		resp, err := a.adm.UpdatePartitions(ctx, to, name)
		if err != nil {
			return err
		}
		return resp.Error()
	}, kerr.InvalidPartitions)
	return ok, func(t *topicState) { t.partitions = to }
}

func (a *admin) configure(ctx context.Context, name string, _ *topicState) (bool, func(*topicState)) {
	key := []string{"retention.ms", "segment.bytes", "max.message.bytes"}[a.r.IntN(3)]
	value := strconv.Itoa(1048588 + a.r.IntN(1000000))
	ok := a.until(ctx, "configuring "+name, func() error {
		resp, err := a.adm.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: key, Value: &value}}, name)
		if err != nil {
			return err
		}
		one, err := resp.On(name, nil)
		if err != nil {
			return err
		}
		return one.Err
	}, nil)
	return ok, func(t *topicState) { t.settings = maps.Clone(t.settings); t.settings[key] = value }
}

// cutRecords deletes the first records of a partition: some of them, or all ("cut-2" always all).
func (a *admin) cutRecords(ctx context.Context) {
	p := part{"cut", int32(a.r.IntN(3))}
	w := a.w
	w.l.mu.Lock()
	c, high := w.l.cuts[p], w.l.high[p]
	to := c.acked + int64(a.r.IntN(int(max(0, high-c.acked))+1))
	if p.n == 2 {
		to = high
	}
	c.asked = max(c.asked, to)
	w.l.cuts[p] = c
	w.l.mu.Unlock()
	if to <= c.acked {
		return
	}
	var offsets kadm.Offsets = kadm.Offsets{}
	offsets.AddOffset(p.topic, p.n, to, -1)
	ok := a.until(ctx, fmt.Sprintf("deleting records of %s before %d", p, to), func() error {
		resp, err := a.adm.DeleteRecords(ctx, offsets)
		if err != nil {
			return err
		}
		return resp.Error()
	}, nil)
	if ok {
		w.l.mu.Lock()
		c := w.l.cuts[p]
		c.acked = max(c.acked, to)
		w.l.cuts[p] = c
		w.l.mu.Unlock()
	}
}
