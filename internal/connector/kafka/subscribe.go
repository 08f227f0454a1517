package kafka

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// strategies are the options that say what is read; a table has one of them.
var strategies = []string{"subscribe", "subscribePattern", "assign"}

// subscription is what a table reads.
type subscription struct {
	list     []string       // topics
	pattern  *regexp.Regexp // of topics, whole names; nil: list
	assigned map[tp]bool    // the partitions of list; nil: all
}

func subscriptionOf(t connector.Table) (sub subscription, err error) {
	var given []string
	for _, name := range strategies {
		if v, _ := t.Options.Lookup(name); v != "" {
			given = append(given, name)
		}
	}
	switch {
	case len(given) > 1:
		return sub, errs.New("INVALID_OPTION", "table %s has the options %s, of which one can be given", t.Name, strings.Join(given, " and "))
	case len(given) == 0 || given[0] == "subscribe":
		sub.list, err = topics(t)
		return sub, err
	case t.Stream:
		return sub, errs.New("UNSUPPORTED_FEATURE", "table %s cannot be read as a stream by the option %s", t.Name, given[0]).State("0A000").
			WithHint("name the topics: OPTIONS (subscribe 'a,b')")
	}
	value, _ := t.Options.Lookup(given[0])
	if given[0] == "assign" {
		return assignment(value)
	}
	if sub.pattern, err = regexp.Compile("^(?:" + value + ")$"); err != nil {
		err = errs.Wrap(err, "INVALID_OPTION", "table %s: subscribePattern %q is not a regular expression", t.Name, value)
	}
	return sub, err
}

// assignment reads {"topic":[0,1]}.
func assignment(value string) (subscription, error) {
	sub := subscription{assigned: map[tp]bool{}}
	var all map[string][]int32
	if err := json.Unmarshal([]byte(value), &all); err != nil {
		return sub, errs.Wrap(err, "INVALID_OPTION", "assign %q", value).WithHint(`write it as {"topic":[0,1]}`)
	}
	for topic, parts := range all {
		sub.list = append(sub.list, topic)
		for _, p := range parts {
			sub.assigned[tp{topic, p}] = true
		}
	}
	if len(sub.assigned) == 0 {
		return sub, errs.New("INVALID_OPTION", "assign %q names no partition", value).WithHint(`write it as {"topic":[0,1]}`)
	}
	slices.Sort(sub.list)
	return sub, nil
}

// internal are the topics that Kafka and Azud keep for themselves; a pattern does not find them.
var internal = []string{"__consumer_offsets", "__transaction_state", markTopic}

// names are the topics to read.
func (sub subscription) names(ctx context.Context, at cluster) ([]string, error) {
	if sub.pattern == nil {
		return sub.list, nil
	}
	all, err := at.all(ctx)
	if err != nil {
		return nil, err
	}
	found := slices.DeleteFunc(all, func(name string) bool {
		return slices.Contains(internal, name) || !sub.pattern.MatchString(name)
	})
	slices.Sort(found)
	return found, nil
}

// topics is the list to read.
func topics(t connector.Table) ([]string, error) {
	s, _ := t.Options.Lookup("subscribe")
	if s == "" {
		s, _ = t.Options.Lookup("topic")
	}
	var out []string
	for _, name := range strings.Split(s, ",") {
		if name = strings.TrimSpace(name); name != "" && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	if len(out) == 0 {
		return nil, errs.New("MISSING_OPTION", "table %s names no topic", t.Name).
			WithHint("add OPTIONS (subscribe 'topic')")
	}
	return out, nil
}

// bounds is the first and the next readable offset of every partition that is read.
func (s *source) bounds(ctx context.Context) (first, next positions, err error) {
	first, next = positions{}, positions{}
	if len(s.names) == 0 { // of which a cluster gives all
		return first, next, nil
	}
	allFirst, allNext, err := s.at.bounds(ctx, s.names, false)
	if err != nil || s.assigned == nil {
		return allFirst, allNext, err
	}
	for p := range s.assigned {
		end, there := allNext[p]
		if !there {
			return nil, nil, errs.New("UNKNOWN_TOPIC_OR_PARTITION", "the option assign names %s, which does not exist", p)
		}
		first[p], next[p] = allFirst[p], end
	}
	return first, next, nil
}
