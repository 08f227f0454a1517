package broker

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// topicBy finds a topic by its name, or, if that is "", by its id; nil if there is none.
func (b *Broker) topicBy(name string, id log.TopicID) *log.Topic {
	if name != "" {
		return b.store.Topics().ByName(name)
	}
	return b.store.Topics().ByID(id)
}

// partitionOf is a partition of t; nil if there is none.
func partitionOf(t *log.Topic, n int32) *log.Partition {
	if t == nil {
		return nil
	}
	return t.Partition(n)
}

// behind reports whether p has records that are written but not readable yet, because they
// are not durable. Producers with acks=1 have had their answers for them.
func behind(p *log.Partition) bool { return p != nil && p.High() < p.End() }

// catchUp waits until all that is written is readable, or ctx ends, or the disk fails: those
// who call it then answer with what there is.
func (b *Broker) catchUp(ctx context.Context) {
	_ = b.store.Wait(ctx) //nolint:errcheck // see above
}

func allTopics(l *log.Log) []*log.Topic { return l.Topics().All() }

// newTopicID is a random id, neither of Kafka's reserved ones.
func newTopicID(r sys.Rand) log.TopicID {
	var id log.TopicID
	binary.BigEndian.PutUint64(id[:], r.Uint64()|1<<63)
	binary.BigEndian.PutUint64(id[8:], r.Uint64())
	id[6] = id[6]&0x0f | 0x40 // a random UUID, as Kafka's
	id[8] = id[8]&0x3f | 0x80
	return id
}

// Where TableIDs keeps what is made once for a store.
const (
	keyCluster = "cluster" // the cluster's id
	keySalt    = "salt"    // makes the salts of users without stored credentials
)

// identify reads the cluster's id and the key of salts, or gives the store new ones.
func (b *Broker) identify(ctx context.Context) error {
	var puts []log.Put
	stored := func(key string, fresh func() []byte) []byte {
		v, ok := b.store.Get(log.TableIDs, key)
		if !ok {
			v = fresh()
			puts = append(puts, log.Put{Table: log.TableIDs, Key: key, Value: v})
		}
		return v
	}
	b.clusterID = string(stored(keyCluster, func() []byte {
		if b.cfg.ClusterID != "" {
			return []byte(b.cfg.ClusterID)
		}
		id := newTopicID(b.cfg.Sys.Rand)
		return []byte(base64.RawURLEncoding.EncodeToString(id[:]))
	}))
	b.saltKey = stored(keySalt, func() []byte {
		key := binary.BigEndian.AppendUint64(nil, b.cfg.Sys.Rand.Uint64())
		return binary.BigEndian.AppendUint64(key, b.cfg.Sys.Rand.Uint64())
	})
	if len(puts) == 0 {
		return nil
	}
	if err := b.store.Write(log.Write{Puts: puts}); err != nil {
		return err
	}
	return b.store.Wait(ctx)
}

// autoCreate makes a topic because a client asked for it; the caller syncs before it
// answers. The name is legal and not reserved.
func (b *Broker) autoCreate(name, client string) (*log.Topic, error) {
	b.making.Lock()
	defer b.making.Unlock()
	if t := b.store.Topics().ByName(name); t != nil {
		return t, nil
	}
	var names []string
	for _, t := range allTopics(b.store) {
		names = append(names, t.Name())
	}
	const many = 1000 // topics, among which a near name says little
	if len(names) > many {
		names = nil
	}
	t, err := b.store.CreateTopic(name, newTopicID(b.cfg.Sys.Rand), b.cfg.DefaultPartitions, nil)
	if errors.Is(err, log.ErrTopicExists) { // CreateTopics was faster
		if t := b.store.Topics().ByName(name); t != nil {
			return t, nil
		}
	}
	if err != nil {
		return nil, err
	}
	attrs := []any{"topic", name, "partitions", b.cfg.DefaultPartitions, "client", client}
	if near := errs.Near(name, names); len(near) > 0 {
		attrs = append(attrs, "near", strings.Join(near, ", "))
	}
	b.log.Info("topic made, because a client asked for it", attrs...)
	return t, nil
}
