package broker

import "github.com/twmb/franz-go/pkg/kmsg"

// alterConfigs replaces all settings of resources.
func (b *Broker) alterConfigs(c *call, q *kmsg.AlterConfigsRequest) {
	r := kmsg.NewPtrAlterConfigsResponse()
	for i := range q.Resources {
		in := &q.Resources[i]
		out := kmsg.NewAlterConfigsResponseResource()
		out.ResourceType, out.ResourceName = in.ResourceType, in.ResourceName
		var changes []alteration
		for _, e := range in.Configs {
			changes = append(changes, alteration{e.Name, kmsg.IncrementalAlterConfigOpSet, e.Value})
		}
		if err := b.configs.alter(in.ResourceType, in.ResourceName, changes, true, q.ValidateOnly); err != nil {
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
