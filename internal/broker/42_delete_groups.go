package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// deleteGroups deletes groups without members, with their offsets.
func deleteGroups(b *Broker, c *call, q *kmsg.DeleteGroupsRequest) {
	r := kmsg.NewPtrDeleteGroupsResponse()
	for _, name := range q.Groups {
		r.Groups = append(r.Groups, kmsg.DeleteGroupsResponseGroup{Group: name, ErrorCode: code(b.groups.delete(name))})
	}
	b.groups.store.Sync(func(err error) {
		for i := range r.Groups {
			if g := &r.Groups[i]; err != nil && g.ErrorCode == 0 {
				g.ErrorCode = code(storeError(err))
			}
		}
		c.answer(r)
	})
}

func (c *groups) delete(name string) error {
	g := c.lock(name)
	if g == nil {
		return kerr.GroupIDNotFound
	}
	defer g.mu.Unlock()
	if !g.empty() {
		return kerr.NonEmptyGroup
	}
	return storeError(g.remove())
}
