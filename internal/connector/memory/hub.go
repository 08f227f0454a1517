package memory

import (
	"sync"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// Hub holds the live tables of a process. Flows write to it, queries and pages read.
// Safe for concurrent use.
type Hub struct {
	mu     sync.Mutex
	tables map[string]*table
}

// NewHub makes an empty hub.
func NewHub() *Hub { return &Hub{tables: map[string]*table{}} }

type table struct {
	schema  types.Schema
	rows    *vec.Batch // immutable; replaced on change
	version int64
	changed chan struct{} // closed at the next change
}

// Snapshot is a table's rows, or ok = false if no flow has opened it. The batch is shared
// and must not be modified. changed is closed when a newer version exists.
func (h *Hub) Snapshot(name string) (s types.Schema, rows *vec.Batch, version int64, changed <-chan struct{}, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tables[name]
	if t == nil {
		return nil, nil, 0, nil, false
	}
	return t.schema, t.rows, t.version, t.changed, true
}

// put replaces a table's content.
func (h *Hub) put(name string, s types.Schema, rows *vec.Batch) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.tables[name]
	if t == nil {
		t = &table{changed: make(chan struct{})}
		h.tables[name] = t
	}
	t.schema, t.rows = s, rows
	t.version++
	close(t.changed)
	t.changed = make(chan struct{})
}
