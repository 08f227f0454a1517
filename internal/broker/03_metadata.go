package broker

import (
	"math"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// What anybody may do where there is no authorizer, as bits of Kafka's AclOperation
// (AclEntry.supportedOperations), and what is answered where nobody asked.
const (
	topicOps   = 1<<3 | 1<<4 | 1<<5 | 1<<6 | 1<<7 | 1<<8 | 1<<10 | 1<<11
	groupOps   = 1<<3 | 1<<6 | 1<<8 | 1<<10 | 1<<11
	clusterOps = 1<<5 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<11 | 1<<12
	noOps      = math.MinInt32
)

// maxMade is how many topics one request may make; clients ask again for the rest.
const maxMade = 1000

// metadata says which topics there are and who serves them. Topics that a client asks for
// are made first where that is allowed.
func (b *Broker) metadata(c *call, req *kmsg.MetadataRequest) {
	if r := badMetadata(req); r != nil {
		c.answer(r)
		return
	}
	resp := kmsg.NewPtrMetadataResponse()
	resp.ClusterID, resp.ControllerID = &b.clusterID, b.cfg.NodeID
	broker := kmsg.NewMetadataResponseBroker()
	broker.NodeID = b.cfg.NodeID
	broker.Host, broker.Port = b.advertised(c)
	resp.Brokers = append(resp.Brokers, broker)
	resp.AuthorizedOperations = noOps
	if req.IncludeClusterAuthorizedOperations {
		resp.AuthorizedOperations = clusterOps
	}
	made := b.metadataTopics(c, req, resp)
	for i := range resp.Topics {
		resp.Topics[i].AuthorizedOperations = noOps
		if req.IncludeTopicAuthorizedOperations {
			resp.Topics[i].AuthorizedOperations = topicOps
		}
	}
	if !made {
		c.answer(resp)
		return
	}
	b.store.Sync(func(err error) {
		if err != nil {
			for i := range resp.Topics {
				resp.Topics[i].ErrorCode = code(err)
			}
		}
		c.answer(resp)
	})
}

// badMetadata refuses topic ids before version 12 (MetadataRequest.convertToMetadataRequest);
// nil if there are none.
func badMetadata(req *kmsg.MetadataRequest) kmsg.Response {
	const byIDFrom = 12
	bad := false
	for _, t := range req.Topics {
		bad = bad || req.Version < byIDFrom && (t.Topic == nil || t.TopicID != [16]byte{})
	}
	if !bad {
		return nil
	}
	resp := kmsg.NewPtrMetadataResponse()
	resp.ControllerID, resp.AuthorizedOperations = -1, noOps
	for _, t := range req.Topics {
		name := ""
		if t.Topic != nil {
			name = *t.Topic
		}
		out := missing(&name, kerr.InvalidRequest.Code)
		out.TopicID, out.AuthorizedOperations = t.TopicID, noOps
		resp.Topics = append(resp.Topics, out)
	}
	return resp
}

// metadataTopics fills in the topics that are asked for; made says that some are new.
func (b *Broker) metadataTopics(c *call, req *kmsg.MetadataRequest, resp *kmsg.MetadataResponse) (made bool) {
	if req.Topics == nil || (req.Version == 0 && len(req.Topics) == 0) {
		for _, t := range allTopics(b.store) {
			resp.Topics = append(resp.Topics, b.describe(t))
		}
		return false
	}
	const alwaysBefore = 4 // older versions cannot forbid it
	create := !b.cfg.NoAutoCreate && (req.Version < alwaysBefore || req.AllowAutoTopicCreation)
	asked, count := make(map[string]bool, len(req.Topics)), 0
	for _, want := range req.Topics {
		if want.Topic == nil {
			resp.Topics = append(resp.Topics, b.describeID(want.TopicID))
			continue
		}
		name := *want.Topic
		if asked[name] {
			continue
		}
		asked[name] = true
		t, fresh, err := b.wanted(name, create && count < maxMade, c.client)
		if fresh {
			made = true
			count++
		}
		if err != nil {
			resp.Topics = append(resp.Topics, missing(&name, code(err)))
			continue
		}
		resp.Topics = append(resp.Topics, b.describe(t))
	}
	return made
}

// wanted finds a topic by name, or makes it.
func (b *Broker) wanted(name string, create bool, client string) (t *log.Topic, fresh bool, err error) {
	if t := b.store.Topics().ByName(name); t != nil {
		return t, false, nil
	}
	if !legalName(name) {
		return nil, false, kerr.InvalidTopicException
	}
	if !create || reserved(name) {
		return nil, false, kerr.UnknownTopicOrPartition
	}
	t, err = b.autoCreate(name, client)
	return t, err == nil, err
}

// describeID is a topic asked for by its id (version 12 and later).
func (b *Broker) describeID(id log.TopicID) kmsg.MetadataResponseTopic {
	if t := b.store.Topics().ByID(id); t != nil {
		return b.describe(t)
	}
	out := missing(nil, kerr.UnknownTopicID.Code)
	out.TopicID = id
	return out
}

func missing(name *string, code int16) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic, out.ErrorCode = name, code
	out.Partitions = []kmsg.MetadataResponseTopicPartition{}
	out.IsInternal = name != nil && reserved(*name)
	return out
}

func (b *Broker) describe(t *log.Topic) kmsg.MetadataResponseTopic {
	out := kmsg.NewMetadataResponseTopic()
	out.Topic, out.TopicID = kmsg.StringPtr(t.Name()), t.ID()
	replicas := []int32{b.cfg.NodeID}
	out.Partitions = make([]kmsg.MetadataResponseTopicPartition, 0, len(t.Partitions()))
	for i, p := range t.Partitions() {
		d := kmsg.NewMetadataResponseTopicPartition()
		d.Partition, d.Leader, d.LeaderEpoch = int32(i), b.cfg.NodeID, p.LeaderEpoch()
		d.Replicas, d.ISR = replicas, replicas
		out.Partitions = append(out.Partitions, d)
	}
	return out
}
