package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/registry"
)

// schemasTopic is where Confluent's registry keeps its schemas too.
const schemasTopic = "_schemas"

// schemaStore keeps the registry in a compacted topic.
type schemaStore struct{ *broker.TopicStore }

func (s schemaStore) Append(ctx context.Context, key, value []byte) (int64, error) {
	offset, err := s.TopicStore.Append(ctx, key, value)
	if errors.Is(err, kerr.MessageTooLarge) {
		err = fmt.Errorf("%w: %w", registry.ErrTooLarge, err)
	}
	return offset, err
}

// lazyStore makes the topic with the first schema: who uses none has no such topic.
type lazyStore struct {
	b     *broker.Broker
	store *schemaStore
}

func (s *lazyStore) Load(ctx context.Context, each func(key, value []byte, offset int64) error) error {
	if s.b.Store().Topics().ByName(schemasTopic) == nil {
		return nil
	}
	if err := s.open(ctx); err != nil {
		return err
	}
	return s.store.Load(ctx, each)
}

func (s *lazyStore) Append(ctx context.Context, key, value []byte) (int64, error) {
	if err := s.open(ctx); err != nil {
		return 0, err
	}
	return s.store.Append(ctx, key, value)
}

func (s *lazyStore) open(ctx context.Context) error {
	if s.store != nil {
		return nil
	}
	t, err := s.b.TopicStore(ctx, schemasTopic)
	if err == nil {
		s.store = &schemaStore{t}
	}
	return err
}
