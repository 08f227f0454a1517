package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// leaveGroup removes members: clients that go, and static ones that an administrator names
// by instance id alone.
func leaveGroup(b *Broker, c *call, q *kmsg.LeaveGroupRequest) kmsg.Response {
	r := kmsg.NewPtrLeaveGroupResponse()
	members := q.Members
	if q.Version < 3 {
		members = []kmsg.LeaveGroupRequestMember{{MemberID: q.MemberID}}
	}
	results, err := b.groups.leave(q.Group, members)
	switch {
	case err != nil:
		r.ErrorCode = code(err)
	case q.Version < 3:
		r.ErrorCode = results[0].ErrorCode
	default:
		r.Members = results
	}
	return r
}

func (c *groups) leave(name string, members []kmsg.LeaveGroupRequestMember) ([]kmsg.LeaveGroupResponseMember, error) {
	if name == "" {
		return nil, kerr.InvalidGroupID
	}
	g := c.lock(name)
	left := func(kmsg.LeaveGroupRequestMember) error { return kerr.UnknownMemberID }
	var leavers []*consumer
	switch {
	case g == nil:
	case g.modern != nil: // they go together, so that the later ones still find the earlier ones
		left = func(q kmsg.LeaveGroupRequestMember) error {
			m, err := g.modern.leaver(q)
			leavers = append(leavers, m)
			return err
		}
	default:
		left = g.leave
	}
	if g != nil {
		defer g.mu.Unlock()
	}
	results, some := make([]kmsg.LeaveGroupResponseMember, len(members)), false
	for i, m := range members {
		err := left(m)
		some = some || err == nil
		results[i] = kmsg.LeaveGroupResponseMember{MemberID: m.MemberID, InstanceID: m.InstanceID, ErrorCode: code(err)}
	}
	switch {
	case !some:
	case g.modern != nil:
		for _, m := range leavers {
			if m != nil {
				g.unseat(m)
			}
		}
		g.consumersLeft()
	case g.classic.state == statePreparing:
		g.maybeCompleteJoin()
	case g.classic.state != stateEmpty:
		g.prepare("members left")
	}
	return results, nil
}

// leave removes one member of a classic group.
func (g *group) leave(m kmsg.LeaveGroupRequestMember) error {
	cl, id := g.classic, m.MemberID
	switch {
	case id == "" && m.InstanceID == nil:
		return kerr.UnknownMemberID
	case id == "":
		var ok bool
		if id, ok = cl.static[*m.InstanceID]; !ok {
			return kerr.UnknownMemberID
		}
	case cl.pendingJoin[id]:
		cl.remove(id)
		g.cancel(timerSession, id)
		return nil
	default:
		if err := cl.validate(id, m.InstanceID); err != nil {
			return err
		}
	}
	g.lose(cl.members[id])
	return nil
}
