package log

import (
	"slices"
	"strings"
	"testing"
)

func TestSettings(t *testing.T) {
	s, err := ParseSettings(map[string]string{"retention.ms": "5", "segment.bytes": "1000"}, map[string]string{"retention.ms": "-1", "cleanup.policy": "compact, delete"})
	if err != nil {
		t.Fatal(err)
	}
	if s.RetentionMs != -1 || s.SegmentBytes != 1000 || !s.Compact || !s.Delete || s.MaxMessageBytes != 1048588 || s.MinCleanableRatio != 0.5 {
		t.Fatalf("%+v", s)
	}
	if _, ok := s.Codec(); ok {
		t.Fatal("producer is no codec")
	}
}

func TestSettingsAreChecked(t *testing.T) {
	for name, text := range map[string]string{
		"cleanup.policy": "delete,shred", "retention.ms": "-2", "segment.bytes": "3000000000", "max.message.bytes": "x",
		"compression.type": "rar", "message.timestamp.type": "createtime", "min.cleanable.dirty.ratio": "1.5",
		"remote.storage.enable": "true", "preallocate": "yes", "min.insync.replicas": "0",
	} {
		if err := CheckSetting(name, text); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s=%s: %v", name, text, err)
		}
	}
	err := CheckSetting("retention.mss", "1")
	if err == nil || !strings.Contains(err.Error(), "retention.mss") {
		t.Fatal(err)
	}
}

func TestSettingsTable(t *testing.T) {
	table := TopicSettings()
	if !slices.IsSortedFunc(table, func(a, b Setting) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not sorted by name")
	}
	for _, e := range table {
		if err := CheckSetting(e.Name, e.Default); err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(e.Doc, ".") {
			t.Errorf("%s: %q", e.Name, e.Doc)
		}
	}
}
