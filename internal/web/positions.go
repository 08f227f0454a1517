package web

import (
	"encoding/base64"
	"encoding/json"
	"errors"

	"github.com/twmb/franz-go/pkg/kgo"
)

// place is how far a stream has come in a topic.
type place struct {
	ID   string          `json:"id"` // of the topic: one made anew has another, and is read from its start
	Next map[int32]int64 `json:"next"`
}

// positions are the places by topic; an event's id is their text.
type positions map[string]place

// encode is the positions as an event's id.
func (p positions) encode() string {
	data, err := json.Marshal(p)
	if err != nil { // strings and numbers always marshal
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// set notes the next offset of a partition.
func (p positions) set(topic, id string, partition int32, next int64) {
	at := p[topic]
	if at.ID != id || at.Next == nil {
		at = place{id, map[int32]int64{}}
		p[topic] = at
	}
	at.Next[partition] = next
}

// offset is where to read a partition: at its position, or from its start.
func (p positions) offset(topic, id string, partition int32) kgo.Offset {
	if at := p[topic]; at.ID == id {
		if next, ok := at.Next[partition]; ok {
			return kgo.NewOffset().At(next)
		}
	}
	return kgo.NewOffset().AtStart()
}

// start is where a stream's records begin.
type start struct {
	at     positions // never nil
	latest bool      // what has no position begins with what comes from now on
}

// startOf reads the last event's id, else the from parameter: earliest, or latest (the default).
func startOf(id, from string) (start, error) {
	st := start{at: positions{}, latest: id == "" && from != "earliest"}
	if from != "" && from != "earliest" && from != "latest" {
		return st, errors.New("from is earliest or latest")
	}
	if id == "" {
		return st, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err == nil {
		err = json.Unmarshal(raw, &st.at)
	}
	if err != nil || st.at == nil || !st.at.valid() {
		return st, errors.New("Last-Event-ID is not an id of this stream")
	}
	return st, nil
}

// valid reports whether all positions can be ones.
func (p positions) valid() bool {
	for _, at := range p {
		for partition, next := range at.Next {
			if partition < 0 || next < 0 {
				return false
			}
		}
	}
	return true
}
