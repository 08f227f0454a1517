package broker

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/azud/azud/internal/log"
)

func topicOf(n byte, partitions int32) topicInfo {
	return topicInfo{log.TopicID{n}, fmt.Sprint("t", n), partitions}
}

// TestUniform holds random groups against what the assignor promises: every partition has
// one reader who reads its topic, readers of the same topics differ by at most one, nobody
// could take one from a reader with two more, and nothing moves without need.
func TestUniform(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		topics := []topicInfo{topicOf(1, 1+r.Int32N(7)), topicOf(2, 1+r.Int32N(4)), topicOf(3, 12)}
		var members []assignee
		for i := range 1 + r.IntN(6) {
			m := assignee{id: fmt.Sprint("m", i), now: parts{}}
			for _, topic := range topics {
				if seed%2 == 0 || r.IntN(3) > 0 {
					m.topics = append(m.topics, topic)
				}
			}
			members = append(members, m)
		}
		check := func() {
			t.Helper()
			targets := assignUniform(members)
			checkAssigned(t, seed, members, targets)
			checkLevel(t, seed, members, targets)
			for i := range members {
				members[i].now = targets[i]
			}
		}
		check()
		for i, again := range assignUniform(members) {
			if !again.same(members[i].now) {
				t.Errorf("seed %d: %s moves without need", seed, members[i].id)
			}
		}
		before := len(members)
		members = append(members, assignee{id: "z", topics: topics, now: parts{}})
		old := make([]parts, before)
		for i := range old {
			old[i] = members[i].now
		}
		check()
		if seed%2 == 0 { // all read the same: only the new one gains
			for i := range before {
				for id, ps := range members[i].now {
					for p := range ps {
						if !old[i].has(id, p) {
							t.Errorf("seed %d: %s gained a partition when another came", seed, members[i].id)
						}
					}
				}
			}
		}
	}
}

func reads(m assignee, id log.TopicID) bool {
	return slices.ContainsFunc(m.topics, func(t topicInfo) bool { return t.id == id })
}

func checkAssigned(t *testing.T, seed uint64, members []assignee, targets []parts) {
	t.Helper()
	want, got := map[string]bool{}, map[string]bool{}
	for i, m := range members {
		for _, topic := range m.topics {
			for p := range topic.partitions {
				want[fmt.Sprint(topic.id, p)] = true
			}
		}
		for id, ps := range targets[i] {
			if !reads(m, id) {
				t.Errorf("seed %d: %s got a topic that it does not read", seed, m.id)
			}
			for p := range ps {
				if key := fmt.Sprint(id, p); got[key] {
					t.Errorf("seed %d: %s twice", seed, key)
				} else {
					got[key] = true
				}
			}
		}
	}
	if !maps.Equal(want, got) {
		t.Errorf("seed %d: %d of %d partitions", seed, len(got), len(want))
	}
}

func load(p parts) (n int) {
	for _, ps := range p {
		n += len(ps)
	}
	return n
}

func checkLevel(t *testing.T, seed uint64, members []assignee, targets []parts) {
	t.Helper()
	for i := range members {
		for j, m := range members {
			if load(targets[i]) <= load(targets[j])+1 {
				continue
			}
			for id := range targets[i] {
				if reads(m, id) {
					t.Errorf("seed %d: %s has %d, %s %d, and could take more", seed, members[i].id, load(targets[i]), m.id, load(targets[j]))
				}
			}
		}
	}
}

func TestRange(t *testing.T) {
	a, b := topicOf(1, 5), topicOf(2, 3)
	instance := "0"
	members := []assignee{{id: "m1", topics: []topicInfo{a, b}}, {id: "m2", topics: []topicInfo{a, b}}, {id: "m3", instance: &instance, topics: []topicInfo{a}}}
	want := []string{"map[1:[2 3] 2:[0 1]]", "map[1:[4] 2:[2]]", "map[1:[0 1]]"} // the instance id comes first
	for i, p := range assignRange(members) {
		got := map[byte][]int32{}
		for id, ps := range p {
			got[id[0]] = slices.Sorted(maps.Keys(ps))
		}
		if fmt.Sprint(got) != want[i] {
			t.Errorf("%s: %v, want %s", members[i].id, got, want[i])
		}
	}
}
