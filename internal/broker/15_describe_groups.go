package broker

import (
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// noOperations says that authorized operations were not asked for (Kafka: Integer.MIN_VALUE).
const noOperations = -1 << 31

// groupOperations are what one may do with a group where nothing is forbidden: read, delete,
// describe (and, from Kafka 4.0, describe and alter its settings), as bits of Kafka's
// AclOperation codes.
const groupOperations = 1<<3 | 1<<6 | 1<<8 | 1<<10 | 1<<11

// describeGroups describes classic groups.
func describeGroups(b *Broker, c *call, q *kmsg.DescribeGroupsRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeGroupsResponse()
	for _, name := range q.Groups {
		d := b.groups.describe(name, q.Version)
		if q.IncludeAuthorizedOperations && d.ErrorCode == 0 {
			d.AuthorizedOperations = groupOperations
		}
		r.Groups = append(r.Groups, d)
	}
	return r
}

func (c *groups) describe(name string, version int16) kmsg.DescribeGroupsResponseGroup {
	d := kmsg.NewDescribeGroupsResponseGroup()
	d.Group, d.AuthorizedOperations = name, noOperations
	g := c.lock(name)
	if g != nil {
		defer g.mu.Unlock()
	}
	if g == nil || g.modern != nil {
		d.State = "Dead" // and no error, as clients before version 6 know it
		if version >= 6 {
			why := "Group %s not found." // Kafka's words, which its tools show
			if g != nil {
				why = "Group %s is not a classic group."
			}
			d.ErrorCode, d.ErrorMessage = kerr.GroupIDNotFound.Code, kmsg.StringPtr(fmt.Sprintf(why, name))
		}
		return d
	}
	cl := g.classic
	d.State, d.ProtocolType = cl.state.String(), cl.protocolType
	stable := cl.state == stateStable
	if stable {
		d.Protocol = cl.protocol
	}
	for _, m := range cl.sorted() {
		e := kmsg.DescribeGroupsResponseGroupMember{MemberID: m.id, InstanceID: m.instance, ClientID: m.client, ClientHost: m.host, MemberAssignment: m.assignment}
		if stable {
			e.ProtocolMetadata = m.metadata(cl.protocol)
		}
		d.Members = append(d.Members, e)
	}
	return d
}
