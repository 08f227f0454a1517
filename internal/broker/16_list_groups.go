package broker

import (
	"cmp"
	"slices"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// listGroups lists groups, those in some states and of some types where asked for.
func listGroups(b *Broker, c *call, q *kmsg.ListGroupsRequest) kmsg.Response {
	r := kmsg.NewPtrListGroupsResponse()
	fits := func(filter []string, is string) bool {
		return len(filter) == 0 || slices.ContainsFunc(filter, func(s string) bool { return strings.EqualFold(s, is) })
	}
	for _, g := range b.groups.snapshot() {
		g.mu.Lock()
		e := kmsg.ListGroupsResponseGroup{Group: g.name, ProtocolType: g.protocolType(), GroupState: g.state(), GroupType: g.kind()}
		if !g.gone && fits(q.StatesFilter, e.GroupState) && fits(q.TypesFilter, e.GroupType) {
			r.Groups = append(r.Groups, e)
		}
		g.mu.Unlock()
	}
	slices.SortFunc(r.Groups, func(x, y kmsg.ListGroupsResponseGroup) int { return cmp.Compare(x.Group, y.Group) })
	return r
}
