package broker

import (
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// describeCluster tells the cluster's id and its one node.
func (b *Broker) describeCluster(c *call, q *kmsg.DescribeClusterRequest) kmsg.Response {
	const brokers = 1
	r := kmsg.NewPtrDescribeClusterResponse()
	r.ClusterID, r.ControllerID, r.EndpointType, r.ClusterAuthorizedOperations = b.clusterID, b.cfg.NodeID, brokers, noOps
	const endpointsFrom = 1
	if q.Version >= endpointsFrom && q.EndpointType != brokers {
		err := kerr.UnsupportedEndpointType
		if q.EndpointType == 2 { // controllers, which have their own port in Kafka
			err = kerr.MismatchedEndpointType
		}
		r.ErrorCode, r.ClusterID, r.ControllerID = err.Code, "", -1
		r.ErrorMessage = kmsg.StringPtr("The request was sent to an endpoint of the wrong type.")
		return r
	}
	if q.IncludeClusterAuthorizedOperations {
		r.ClusterAuthorizedOperations = clusterOps
	}
	n := kmsg.NewDescribeClusterResponseBroker()
	n.NodeID = b.cfg.NodeID
	n.Host, n.Port = b.advertised(c)
	if rack, ok := b.setting("broker.rack"); ok {
		n.Rack = &rack
	}
	r.Brokers = append(r.Brokers, n)
	return r
}
