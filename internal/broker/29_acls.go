package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// noAuthorizer is what Kafka answers to changes of access control lists where there are none.
const noAuthorizer = "No Authorizer is configured."

// describeACLs, createACLs and deleteACLs refuse: everybody may do everything.
func (b *Broker) describeACLs(*call, *kmsg.DescribeACLsRequest) kmsg.Response {
	r := kmsg.NewPtrDescribeACLsResponse()
	r.ErrorCode, r.ErrorMessage = kerr.SecurityDisabled.Code, kmsg.StringPtr("No Authorizer is configured on the broker")
	return r
}

func (b *Broker) createACLs(_ *call, q *kmsg.CreateACLsRequest) kmsg.Response {
	r := kmsg.NewPtrCreateACLsResponse()
	for range q.Creations {
		one := kmsg.NewCreateACLsResponseResult()
		one.ErrorCode, one.ErrorMessage = kerr.SecurityDisabled.Code, kmsg.StringPtr(noAuthorizer)
		r.Results = append(r.Results, one)
	}
	return r
}

func (b *Broker) deleteACLs(_ *call, q *kmsg.DeleteACLsRequest) kmsg.Response {
	r := kmsg.NewPtrDeleteACLsResponse()
	for range q.Filters {
		one := kmsg.NewDeleteACLsResponseResult()
		one.ErrorCode, one.ErrorMessage = kerr.SecurityDisabled.Code, kmsg.StringPtr(noAuthorizer)
		r.Results = append(r.Results, one)
	}
	return r
}
