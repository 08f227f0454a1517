package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeClientQuotas tells that there are none.
func (b *Broker) describeClientQuotas(_ *call, q *kmsg.DescribeClientQuotasRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeClientQuotasResponse()
	r.ErrorMessage = kmsg.StringPtr("")
	for _, c := range q.Components {
		switch c.EntityType {
		case "user", "client-id", "ip":
		default:
			r.ErrorCode, r.ErrorMessage = kerr.UnsupportedVersion.Code, kmsg.StringPtr("Unsupported entity type "+c.EntityType)
			return r
		}
	}
	r.Entries = []kmsg.DescribeClientQuotasResponseEntry{}
	return r
}
