package broker

import (
	"encoding/binary"
	"sync"

	"github.com/azud/azud/internal/log"
)

// keyProducers is where TableIDs keeps the first producer id that is not taken.
const keyProducers = "producers"

// producerBlock is how many producer ids are taken at once (Kafka: PRODUCER_ID_BLOCK_SIZE).
const producerBlock = 1000

// producerIDs gives out producer ids, each once.
type producerIDs struct {
	store *log.Log

	mu        sync.Mutex
	next, end int64
}

// take is a new id. It may be told to nobody before a Sync: its block could come anew.
func (p *producerIDs) take() (int64, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.next == p.end {
		first := int64(0)
		if v, ok := p.store.Get(log.TableIDs, keyProducers); ok && len(v) == 8 {
			first = int64(binary.BigEndian.Uint64(v))
		}
		end := binary.BigEndian.AppendUint64(nil, uint64(first+producerBlock))
		if err := p.store.Write(log.Write{Puts: []log.Put{{Table: log.TableIDs, Key: keyProducers, Value: end}}}); err != nil {
			return 0, storeError(err)
		}
		p.next, p.end = first, first+producerBlock
	}
	p.next++
	return p.next - 1, nil
}
