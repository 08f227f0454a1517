package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// incrementalAlterConfigs changes settings one by one.
func (b *Broker) incrementalAlterConfigs(c *call, q *kmsg.IncrementalAlterConfigsRequest) {
	r := kmsg.NewPtrIncrementalAlterConfigsResponse()
	for i := range q.Resources {
		in := &q.Resources[i]
		out := kmsg.NewIncrementalAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = in.ResourceType, in.ResourceName
		var changes []alteration
		for _, e := range in.Configs {
			changes = append(changes, alteration{e.Name, e.Op, e.Value})
		}
		if err := b.configs.alter(in.ResourceType, in.ResourceName, changes, false, q.ValidateOnly); err != nil {
			out.ErrorCode, out.ErrorMessage = code(err), messageOf(err)
		}
		r.Resources = append(r.Resources, out)
	}
	b.durable(c, r, func(code int16) {
		for i := range r.Resources {
			r.Resources[i].ErrorCode = code
		}
	})
}
