package log

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Topic is a topic as it is at one time: immutable, but its partitions live on.
type Topic struct {
	id        TopicID
	name      string
	parts     []*Partition
	overrides map[string]string
	settings  *Settings
	created   int64
}

// ID is the topic's id.
func (t *Topic) ID() TopicID { return t.id }

// Name is the topic's name.
func (t *Topic) Name() string { return t.name }

// Partitions are all partitions, by number. Not to be changed.
func (t *Topic) Partitions() []*Partition { return t.parts }

// Partition is the partition of a number; nil if there is none.
func (t *Topic) Partition(n int32) *Partition {
	if n < 0 || int(n) >= len(t.parts) {
		return nil
	}
	return t.parts[n]
}

// Settings are the settings in force.
func (t *Topic) Settings() *Settings { return t.settings }

// Overrides are the settings that were given for this topic, by name. Not to be changed.
func (t *Topic) Overrides() map[string]string { return t.overrides }

// Created is when the topic was made, in ms.
func (t *Topic) Created() int64 { return t.created }

// String is the id as Kafka writes it.
func (id TopicID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// IsZero reports whether the id is the one that Kafka uses for "none".
func (id TopicID) IsZero() bool { return id == TopicID{} }

func (id TopicID) folder(p int32) string { return fmt.Sprintf("%s-%d", hex.EncodeToString(id[:]), p) }

// parseFolder is the reverse of folder.
func parseFolder(name string) (id TopicID, p int32, ok bool) {
	text, num, ok := strings.Cut(name, "-")
	if !ok || hex.DecodedLen(len(text)) != len(id) {
		return id, 0, false
	}
	if _, err := hex.Decode(id[:], []byte(text)); err != nil {
		return id, 0, false
	}
	_, err := fmt.Sscanf(num, "%d", &p)
	return id, p, err == nil && id.folder(p) == name
}

// Topics are all topics at one time. Immutable.
type Topics struct {
	byName map[string]*Topic
	byID   map[TopicID]*Topic
	all    []*Topic
}

// ByName finds a topic; nil if there is none.
func (t *Topics) ByName(name string) *Topic { return t.byName[name] }

// ByID finds a topic; nil if there is none.
func (t *Topics) ByID(id TopicID) *Topic { return t.byID[id] }

// All are the topics by name. Not to be changed.
func (t *Topics) All() []*Topic { return t.all }

// Partition finds a partition; nil if there is none.
func (t *Topics) Partition(id TopicID, n int32) *Partition {
	if topic := t.byID[id]; topic != nil {
		return topic.Partition(n)
	}
	return nil
}

func makeTopics(all []*Topic) *Topics {
	t := &Topics{byName: make(map[string]*Topic, len(all)), byID: make(map[TopicID]*Topic, len(all)), all: all}
	slices.SortFunc(all, func(a, b *Topic) int { return strings.Compare(a.name, b.name) })
	for _, topic := range all {
		t.byName[topic.name], t.byID[topic.id] = topic, topic
	}
	return t
}

// with is the topics with one more or another, or without it if fresh is nil.
func (t *Topics) with(id TopicID, fresh *Topic) *Topics {
	all := make([]*Topic, 0, len(t.all)+1)
	for _, topic := range t.all {
		if topic.id != id {
			all = append(all, topic)
		}
	}
	if fresh != nil {
		all = append(all, fresh)
	}
	return makeTopics(all)
}

// Topics are the topics as they are now.
func (l *Log) Topics() *Topics { return l.topics.Load() }

// CreateTopic makes a topic. Settings are overrides, by name. It is durable after a Sync.
func (l *Log) CreateTopic(name string, id TopicID, partitions int, settings map[string]string) (*Topic, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	st, err := ParseSettings(l.Defaults(), settings)
	if err != nil {
		return nil, err
	}
	switch topics := l.topics.Load(); {
	case l.closed.Load():
		return nil, ErrClosed
	case partitions < 1:
		return nil, fmt.Errorf("a topic with %d partitions", partitions)
	case topics.ByName(name) != nil || topics.ByID(id) != nil || id.IsZero():
		return nil, ErrTopicExists
	}
	t := &Topic{id: id, name: name, overrides: maps.Clone(settings), settings: st, created: l.now()}
	if err := l.grow(t, partitions); err != nil {
		return nil, err
	}
	return t, l.publish(t)
}

// AddPartitions makes the topic have total partitions. It is durable after a Sync.
func (l *Log) AddPartitions(id TopicID, total int) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	old := l.topics.Load().ByID(id)
	switch {
	case l.closed.Load():
		return ErrClosed
	case old == nil:
		return ErrNoTopic
	case total < len(old.parts):
		return fmt.Errorf("topic %s has %d partitions already", old.name, len(old.parts))
	}
	t := *old
	t.parts = slices.Clone(old.parts)
	if err := l.grow(&t, total); err != nil {
		return err
	}
	return l.publish(&t)
}

// SetTopic replaces all overrides of a topic. It is durable after a Sync.
func (l *Log) SetTopic(id TopicID, settings map[string]string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	st, err := ParseSettings(l.Defaults(), settings)
	if err != nil {
		return err
	}
	old := l.topics.Load().ByID(id)
	switch {
	case l.closed.Load():
		return ErrClosed
	case old == nil:
		return ErrNoTopic
	}
	t := *old
	t.settings, t.overrides = st, maps.Clone(settings)
	return l.publish(&t)
}

// DeleteTopic removes a topic at once; its files go after the next Sync.
func (l *Log) DeleteTopic(id TopicID) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.topics.Load().ByID(id)
	switch {
	case l.closed.Load():
		return ErrClosed
	case t == nil:
		return ErrNoTopic
	}
	if err := l.change(Write{Puts: []Put{{Table: tableTopics, Key: string(id[:])}}}); err != nil {
		return err
	}
	l.topics.Store(l.topics.Load().with(id, nil))
	for _, p := range t.parts {
		p.markDeleted()
	}
	l.wg.Add(1)
	l.Sync(func(err error) { go l.removeFolders(t.parts, err) })
	return nil
}

// markDeleted makes a deleted partition refuse everything.
func (p *Partition) markDeleted() {
	p.mu.Lock()
	p.deleted = true
	p.mu.Unlock()
	p.wake()
}

// removeFolders removes the files of deleted partitions, once their deletion is durable.
// What a reader still has open is removed when it is done.
func (l *Log) removeFolders(parts []*Partition, err error) {
	defer l.wg.Done()
	for _, p := range parts {
		p.mu.Lock()
		segs := p.segs
		p.segs = segs[len(segs)-1:] // never empty; nobody reads it any more
		p.mu.Unlock()
		for _, s := range segs {
			if err == nil {
				s.gone.Store(true)
			}
			s.release()
		}
		if err == nil {
			_ = l.sys.FS.Remove(p.dir) // not while a reader has files; the next start removes it
		}
	}
}

// publish stores a changed topic. The caller holds mu.
func (l *Log) publish(t *Topic) error {
	if err := l.change(Write{Puts: []Put{{Table: tableTopics, Key: string(t.id[:]), Value: encodeTopic(t)}}}); err != nil {
		return err
	}
	for _, p := range t.parts {
		p.settings.Store(t.settings)
	}
	l.topics.Store(l.topics.Load().with(t.id, t))
	return nil
}

// grow makes the partitions up to total, on disk too.
func (l *Log) grow(t *Topic, total int) error {
	for n := int32(len(t.parts)); int(n) < total; n++ {
		p := l.newPartition(t, n)
		if err := l.sys.FS.MkdirAll(p.dir, 0o755); err != nil {
			return err
		}
		s, err := p.createSegment(0, l.now())
		if err != nil {
			return err
		}
		p.segs = []*segment{s}
		if !l.cfg.Volatile {
			if err := s.sync(0); err != nil {
				return err
			}
		}
		t.parts = append(t.parts, p)
	}
	if l.cfg.Volatile {
		return nil
	}
	return syncDir(l.sys.FS, l.topicsDir())
}

func (l *Log) topicsDir() string { return l.sys.FS.PathJoin(l.cfg.Dir, "topics") }

// newPartition makes the object of an empty partition, without a segment.
func (l *Log) newPartition(t *Topic, n int32) *Partition {
	p := &Partition{
		l: l, topic: t.id, index: n, name: t.name, dir: l.sys.FS.PathJoin(l.topicsDir(), t.id.folder(n)),
		producers: map[int64]*producer{}, epochs: []epochStart{{0, 0}}, aborted: -1,
	}
	p.settings.Store(t.settings)
	return p
}

func encodeTopic(t *Topic) []byte {
	e := enc{}
	e.str(t.name)
	e.u32(uint32(len(t.parts)))
	e.i64(t.created)
	e.n(len(t.overrides))
	for _, k := range slices.Sorted(maps.Keys(t.overrides)) {
		e.str(k)
		e.str(t.overrides[k])
	}
	return e.b
}

// decodeTopic makes a topic of its entry in the table, without partitions; count is theirs.
// Settings that are not known any more are left out.
func (l *Log) decodeTopic(key string, data []byte) (t *Topic, count int, err error) {
	d := dec{b: data}
	t = &Topic{overrides: map[string]string{}}
	copy(t.id[:], key)
	t.name = d.str()
	count = int(d.u32())
	t.created = d.i64()
	for range d.n() {
		k := d.str()
		t.overrides[k] = d.str()
	}
	if d.bad || len(key) != len(t.id) {
		return nil, 0, fmt.Errorf("%w: the entry of a topic cannot be read", ErrDamaged)
	}
	usable := maps.Clone(t.overrides)
	maps.DeleteFunc(usable, func(k, v string) bool { return CheckSetting(k, v) != nil })
	t.settings, err = ParseSettings(l.Defaults(), usable)
	return t, count, err
}
