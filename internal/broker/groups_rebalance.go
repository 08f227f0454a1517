package broker

import (
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
)

// The road of a classic rebalance: a join (or a leave, a lost member) makes the group prepare;
// when all have joined, or the longest rebalance timeout is over, a new generation begins and
// the joins are answered; the leader's sync brings the assignment, the syncs are answered and
// the group is stable. All of it runs under the group's lock.

// maybeRebalance prepares a rebalance, or completes the one that is being prepared.
func (g *group) maybeRebalance(why string) {
	if g.classic.state == statePreparing {
		g.maybeCompleteJoin()
		return
	}
	g.prepare(why)
}

// prepare begins a rebalance.
func (g *group) prepare(why string) {
	c := g.classic
	if c.state == stateCompleting { // those who wait for the assignment have to join again
		for _, m := range c.sorted() {
			m.assignment = nil
		}
		g.answerSyncs(kerr.RebalanceInProgress)
	}
	clear(c.pendingSync)
	g.cancel(timerSync, "")
	g.all.log.Debug("group rebalances", "group", g.name, "generation", c.generation, "reason", why)
	initial := c.state == stateEmpty
	c.to(statePreparing, g.all.now())
	switch delay := g.all.cfg.initialDelay; {
	case initial && delay > 0:
		g.initialWait(delay, max(c.rebalanceTimeout()-delay, 0))
	case initial || c.allJoined():
		g.completeJoin()
	default:
		g.after(timerJoin, "", c.rebalanceTimeout(), g.completeJoin)
	}
}

// initialWait gives a new group's members time to come, longer while more of them do (Kafka:
// tryCompleteInitialRebalanceElseSchedule).
func (g *group) initialWait(delay, remaining time.Duration) {
	g.after(timerJoin, "", delay, func() {
		if !g.classic.joined || remaining == 0 {
			g.completeJoin()
			return
		}
		g.classic.joined = false
		g.initialWait(min(g.all.cfg.initialDelay, remaining), max(remaining-delay, 0))
	})
}

// maybeCompleteJoin ends the wait for joins if nobody is missing and it is not a new group's.
func (g *group) maybeCompleteJoin() {
	c := g.classic
	if c.state == statePreparing && c.previous != stateEmpty && c.allJoined() {
		g.completeJoin()
	}
}

// completeJoin begins the next generation with those who joined; static members stay in.
func (g *group) completeJoin() {
	c := g.classic
	g.cancel(timerJoin, "")
	for _, m := range c.sorted() {
		if m.join == nil && m.instance == nil {
			c.remove(m.id)
			g.cancel(timerSession, m.id)
		}
	}
	if !c.electLeader() && len(c.members) > 0 {
		g.after(timerJoin, "", c.rebalanceTimeout(), g.completeJoin) // only static ones, none of them here
		return
	}
	c.nextGeneration(g.all.now())
	c.joined = false
	if c.state == stateEmpty {
		g.saveOrWarn()
		return
	}
	for _, m := range c.sorted() {
		m.answerJoin(c.joinAnswer(m))
		g.heard(m)
		m.fresh = false
		c.pendingSync[m.id] = true
	}
	generation := c.generation
	g.after(timerSync, "", c.rebalanceTimeout(), func() { g.expireSync(generation) })
}

// expireSync removes members who joined but never asked for their assignment.
func (g *group) expireSync(generation int32) {
	c := g.classic
	if generation != c.generation || c.state != stateCompleting && c.state != stateStable || len(c.pendingSync) == 0 {
		return
	}
	for id := range c.pendingSync {
		c.remove(id)
		g.cancel(timerSession, id)
	}
	g.prepare("members did not sync")
}

// synced notes that a member asked for its assignment.
func (g *group) synced(id string) {
	delete(g.classic.pendingSync, id)
	if len(g.classic.pendingSync) == 0 {
		g.cancel(timerSync, "")
	}
}

// answerSyncs answers all that wait for an assignment.
func (g *group) answerSyncs(err error) {
	c := g.classic
	for _, m := range c.sorted() {
		r := syncError(err)
		if err == nil {
			r = c.syncAnswer(m)
		}
		if m.answerSync(r) {
			g.heard(m)
		}
	}
}

// assign takes the leader's assignment over, and the group is stable.
func (g *group) assign(assignment map[string][]byte) {
	c := g.classic
	for _, m := range c.sorted() {
		m.assignment = assignment[m.id]
	}
	if err := g.save(); err != nil {
		for _, m := range c.sorted() {
			m.assignment = nil
		}
		g.answerSyncs(storeError(err))
		g.maybeRebalance("the assignment could not be stored")
		return
	}
	g.answerSyncs(nil)
	c.to(stateStable, g.all.now())
}

// heard gives a member its session timeout anew.
func (g *group) heard(m *classicMember) { g.heardFor(m, m.session) }

func (g *group) heardFor(m *classicMember, d time.Duration) {
	id := m.id
	g.after(timerSession, id, d, func() { g.expireMember(id) })
}

// expireMember removes a member that was not heard of. One that waits for an answer is not
// expected to be, unless it is new.
func (g *group) expireMember(id string) {
	c := g.classic
	if c.pendingJoin[id] {
		c.remove(id)
		g.maybeCompleteAfterLoss()
		return
	}
	m := c.members[id]
	if m == nil || !m.fresh && (m.join != nil || m.sync != nil) {
		return
	}
	g.all.log.Info("group member timed out", "group", g.name, "member", id)
	g.lose(m)
	if c.state == stateStable || c.state == stateCompleting {
		g.maybeRebalance("a member timed out")
	} else {
		g.maybeCompleteAfterLoss()
	}
}

// maybeCompleteAfterLoss ends the wait for joins if the lost one was the last missing.
func (g *group) maybeCompleteAfterLoss() {
	if c := g.classic; c.state == statePreparing && c.allJoined() {
		g.completeJoin()
	}
}

// lose removes a member and answers what it waits for, so that it joins anew if it lives.
func (g *group) lose(m *classicMember) {
	m.answerJoin(joinError("", kerr.UnknownMemberID))
	m.answerSync(syncError(kerr.UnknownMemberID))
	g.classic.remove(m.id)
	g.cancel(timerSession, m.id)
}
