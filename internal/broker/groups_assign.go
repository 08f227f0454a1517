package broker

import (
	"cmp"
	"maps"
	"slices"

	"github.com/azud/azud/internal/log"
)

// assignee is a member to assign partitions to.
type assignee struct {
	id       string
	instance *string
	topics   []topicInfo // that it reads, by name
	now      parts       // its target so far
}

// assignor is the server-side assignor of a name, nil if there is none. It gives the members'
// targets, in the order of the members, who come sorted by id.
func assignor(name string) func([]assignee) []parts {
	switch name {
	case "uniform":
		return assignUniform
	case "range":
		return assignRange
	}
	return nil
}

// assignRange gives each member a run of partitions of each topic, the earlier ones one more;
// members with the same topics get the same numbers of each (Kafka: RangeAssignor). Static
// members are ordered by instance id.
func assignRange(members []assignee) []parts {
	order := make([]int, len(members))
	for i := range order {
		order[i] = i
	}
	name := func(i int) string {
		if s := members[i].instance; s != nil {
			return *s
		}
		return members[i].id
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(name(a), name(b)) })
	targets := emptyTargets(members)
	for t, readers := range readersOf(members, order) {
		n := int32(len(readers))
		next := int32(0)
		for i, who := range readers {
			size := t.partitions / n
			if int32(i) < t.partitions%n {
				size++
			}
			for ; size > 0; size-- {
				targets[who].add(t.id, next, 0)
				next++
			}
		}
	}
	return targets
}

// assignUniform gives all members as many partitions as their subscriptions allow, within
// one, and leaves as many as it can where they are (Kafka: UniformAssignor).
func assignUniform(members []assignee) []parts {
	order := make([]int, len(members))
	for i := range order {
		order[i] = i
	}
	u := &uniform{targets: emptyTargets(members), load: make([]int, len(members)), readers: readersOf(members, order)}
	u.topics = slices.SortedFunc(maps.Keys(u.readers), func(a, b topicInfo) int {
		return cmp.Or(cmp.Compare(len(u.readers[a]), len(u.readers[b])), cmp.Compare(a.name, b.name))
	})
	for _, t := range u.topics { // those with the fewest readers have the least choice
		u.stay(members, t)
	}
	for _, t := range u.topics {
		for p := range t.partitions {
			if !u.given(t, p) {
				u.give(t, p, u.least(t))
			}
		}
	}
	for u.level() {
	}
	return u.targets
}

// uniform is an assignment on its way.
type uniform struct {
	targets []parts
	load    []int
	readers map[topicInfo][]int
	topics  []topicInfo
	owner   map[log.TopicID]map[int32]int
}

// stay leaves a topic's partitions with those who had them and still read it.
func (u *uniform) stay(members []assignee, t topicInfo) {
	for _, who := range u.readers[t] {
		for _, p := range slices.Sorted(maps.Keys(members[who].now[t.id])) {
			if p < t.partitions && !u.given(t, p) {
				u.give(t, p, who)
			}
		}
	}
}

func (u *uniform) given(t topicInfo, p int32) bool {
	_, ok := u.owner[t.id][p]
	return ok
}

// give gives a partition to a member, away from the one who has it.
func (u *uniform) give(t topicInfo, p int32, who int) {
	if u.owner == nil {
		u.owner = map[log.TopicID]map[int32]int{}
	}
	if u.owner[t.id] == nil {
		u.owner[t.id] = map[int32]int{}
	}
	if old, ok := u.owner[t.id][p]; ok {
		delete(u.targets[old][t.id], p)
		if len(u.targets[old][t.id]) == 0 {
			delete(u.targets[old], t.id)
		}
		u.load[old]--
	}
	u.owner[t.id][p] = who
	u.targets[who].add(t.id, p, 0)
	u.load[who]++
}

// least is the reader of a topic with the fewest partitions.
func (u *uniform) least(t topicInfo) int {
	return slices.MinFunc(u.readers[t], func(a, b int) int { return cmp.Compare(u.load[a], u.load[b]) })
}

// level moves partitions from the readers with the most to those with at least two fewer;
// false when there was none to move. Each move brings the loads closer together, so it ends.
func (u *uniform) level() (moved bool) {
	for _, t := range u.topics {
		for {
			from, to := u.most(t), u.least(t)
			if from < 0 || u.load[from] <= u.load[to]+1 {
				break
			}
			u.give(t, slices.Max(slices.Collect(maps.Keys(u.targets[from][t.id]))), to)
			moved = true
		}
	}
	return moved
}

// most is the reader with the most partitions of those who have one of the topic; -1 if
// nobody has.
func (u *uniform) most(t topicInfo) int {
	who := -1
	for _, r := range u.readers[t] {
		if len(u.targets[r][t.id]) > 0 && (who < 0 || u.load[r] > u.load[who]) {
			who = r
		}
	}
	return who
}

func emptyTargets(members []assignee) []parts {
	targets := make([]parts, len(members))
	for i := range targets {
		targets[i] = parts{}
	}
	return targets
}

// readersOf lists who reads each topic, in the order given.
func readersOf(members []assignee, order []int) map[topicInfo][]int {
	readers := map[topicInfo][]int{}
	for _, i := range order {
		for _, t := range members[i].topics {
			readers[t] = append(readers[t], i)
		}
	}
	return readers
}
