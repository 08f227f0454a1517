package log

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// Settings are a topic's settings in typed form. Immutable.
type Settings struct {
	Delete, Compact    bool   // cleanup.policy
	Compression        string // "producer": as it came
	DeleteRetentionMs  int64
	FileDeleteDelayMs  int64
	FlushMessages      int64
	FlushMs            int64
	IndexIntervalBytes int
	LeaderThrottled    string
	FollowerThrottled  string
	MaxCompactionLagMs int64
	MaxMessageBytes    int
	TimestampAfterMs   int64
	TimestampBeforeMs  int64
	LogAppendTime      bool // message.timestamp.type
	MinCleanableRatio  float64
	MinCompactionLagMs int64
	MinInSync          int
	Preallocate        bool
	RetentionBytes     int64 // -1: no limit
	RetentionMs        int64 // -1: no limit
	SegmentBytes       int64
	SegmentIndexBytes  int
	SegmentJitterMs    int64
	SegmentMs          int64
	Unclean            bool
}

// SettingType is a setting's type, for DescribeConfigs.
type SettingType int8

// Types of settings.
const (
	TypeBool SettingType = iota
	TypeString
	TypeInt
	TypeLong
	TypeDouble
	TypeList
)

// Setting is one entry of the table of topic settings.
type Setting struct {
	Name    string
	Type    SettingType
	Default string
	Doc     string

	set func(s *Settings, v value) error
}

// value is a setting's text, read by its type.
type value struct {
	text  string
	n     int64
	f     float64
	is    bool
	words []string
}

func long(p func(*Settings) *int64, least int64) func(*Settings, value) error {
	return func(s *Settings, v value) error {
		if v.n < least {
			return fmt.Errorf("at least %d", least)
		}
		*p(s) = v.n
		return nil
	}
}

func integer(p func(*Settings) *int, least int64) func(*Settings, value) error {
	return func(s *Settings, v value) error {
		if v.n < least || v.n > math.MaxInt32 {
			return fmt.Errorf("between %d and %d", least, math.MaxInt32)
		}
		*p(s) = int(v.n)
		return nil
	}
}

func oneOf(set func(*Settings, string), words ...string) func(*Settings, value) error {
	return func(s *Settings, v value) error {
		if !slices.Contains(words, v.text) {
			return fmt.Errorf("one of %s", strings.Join(words, ", "))
		}
		set(s, v.text)
		return nil
	}
}

func boolean(p func(*Settings) *bool) func(*Settings, value) error {
	return func(s *Settings, v value) error { *p(s) = v.is; return nil }
}

func noRemote(_ *Settings, v value) error {
	if v.is {
		return fmt.Errorf("false: there is no remote storage")
	}
	return nil
}

func anything(*Settings, value) error { return nil }

func policy(s *Settings, v value) error {
	s.Delete, s.Compact = false, false
	for _, w := range v.words {
		switch w {
		case "delete":
			s.Delete = true
		case "compact":
			s.Compact = true
		default:
			return fmt.Errorf("delete, compact, or both with a comma")
		}
	}
	return nil
}

func throttle(p func(*Settings) *string) func(*Settings, value) error {
	return func(s *Settings, v value) error { *p(s) = v.text; return nil }
}

const maxLong = "9223372036854775807"

// settingsTable is every setting of a topic, sorted by name.
//
// Kafka: "Topic Configs"; segment.bytes is smaller here, so that recovery stays short.
func settingsTable() []Setting {
	return []Setting{
		{"cleanup.policy", TypeList, "delete", "What becomes of old records: delete them by time and size, compact them by key, or both.", policy},
		{"compression.gzip.level", TypeInt, "-1", "Level of gzip where the log compresses itself.", anything},
		{"compression.lz4.level", TypeInt, "9", "Level of lz4 where the log compresses itself.", anything},
		{"compression.type", TypeString, "producer", "Compression of the stored batches; producer keeps what came.",
			oneOf(func(s *Settings, v string) { s.Compression = v }, "uncompressed", "zstd", "lz4", "snappy", "gzip", "producer")},
		{"compression.zstd.level", TypeInt, "3", "Level of zstd where the log compresses itself.", anything},
		{"delete.retention.ms", TypeLong, "86400000", "How long compaction keeps tombstones.", long(func(s *Settings) *int64 { return &s.DeleteRetentionMs }, 0)},
		{"file.delete.delay.ms", TypeLong, "60000", "How long a removed file stays; here files go as soon as nobody reads them.", long(func(s *Settings) *int64 { return &s.FileDeleteDelayMs }, 0)},
		{"flush.messages", TypeLong, maxLong, "Accepted for compatibility: every acknowledged record is synced.", long(func(s *Settings) *int64 { return &s.FlushMessages }, 1)},
		{"flush.ms", TypeLong, maxLong, "Accepted for compatibility: every acknowledged record is synced.", long(func(s *Settings) *int64 { return &s.FlushMs }, 0)},
		{"follower.replication.throttled.replicas", TypeList, "", "Accepted for compatibility: there is one replica.", throttle(func(s *Settings) *string { return &s.FollowerThrottled })},
		{"index.interval.bytes", TypeInt, "4096", "Accepted for compatibility: the index has an entry every 16 KiB.", integer(func(s *Settings) *int { return &s.IndexIntervalBytes }, 0)},
		{"leader.replication.throttled.replicas", TypeList, "", "Accepted for compatibility: there is one replica.", throttle(func(s *Settings) *string { return &s.LeaderThrottled })},
		{"local.retention.bytes", TypeLong, "-2", "Accepted for compatibility: there is no remote storage.", anything},
		{"local.retention.ms", TypeLong, "-2", "Accepted for compatibility: there is no remote storage.", anything},
		{"max.compaction.lag.ms", TypeLong, maxLong, "The longest that a record stays uncompacted.", long(func(s *Settings) *int64 { return &s.MaxCompactionLagMs }, 1)},
		{"max.message.bytes", TypeInt, "1048588", "The largest record batch, in bytes.", integer(func(s *Settings) *int { return &s.MaxMessageBytes }, 0)},
		{"message.timestamp.after.max.ms", TypeLong, "3600000", "How far a record's time may be ahead of the broker's clock.", long(func(s *Settings) *int64 { return &s.TimestampAfterMs }, 0)},
		{"message.timestamp.before.max.ms", TypeLong, maxLong, "How far a record's time may be behind the broker's clock.", long(func(s *Settings) *int64 { return &s.TimestampBeforeMs }, 0)},
		{"message.timestamp.type", TypeString, "CreateTime", "Whose clock gives the records' time: the producer's or the broker's.",
			oneOf(func(s *Settings, v string) { s.LogAppendTime = v == "LogAppendTime" }, "CreateTime", "LogAppendTime")},
		{"min.cleanable.dirty.ratio", TypeDouble, "0.5", "The share of uncompacted bytes from which compaction runs.",
			func(s *Settings, v value) error {
				if v.f < 0 || v.f > 1 {
					return fmt.Errorf("between 0 and 1")
				}
				s.MinCleanableRatio = v.f
				return nil
			}},
		{"min.compaction.lag.ms", TypeLong, "0", "The least time that a record stays uncompacted.", long(func(s *Settings) *int64 { return &s.MinCompactionLagMs }, 0)},
		{"min.insync.replicas", TypeInt, "1", "Replicas that must have a record; there is one.", integer(func(s *Settings) *int { return &s.MinInSync }, 1)},
		{"preallocate", TypeBool, "false", "Accepted for compatibility: the journal is preallocated instead.", boolean(func(s *Settings) *bool { return &s.Preallocate })},
		{"remote.log.copy.disable", TypeBool, "false", "Accepted for compatibility: there is no remote storage.", anything},
		{"remote.log.delete.on.disable", TypeBool, "false", "Accepted for compatibility: there is no remote storage.", anything},
		{"remote.storage.enable", TypeBool, "false", "Remote storage; there is none.", noRemote},
		{"retention.bytes", TypeLong, "-1", "The size of a partition beyond which its oldest segments go; -1: no limit.", long(func(s *Settings) *int64 { return &s.RetentionBytes }, -1)},
		{"retention.ms", TypeLong, "604800000", "The age beyond which records go; -1: no limit.", long(func(s *Settings) *int64 { return &s.RetentionMs }, -1)},
		{"segment.bytes", TypeInt, "134217728", "The size of a segment file: what retention and compaction work on.",
			func(s *Settings, v value) error {
				if v.n < 14 || v.n > math.MaxInt32 {
					return fmt.Errorf("between 14 and %d", math.MaxInt32)
				}
				s.SegmentBytes = v.n
				return nil
			}},
		{"segment.index.bytes", TypeInt, "10485760", "The size of a segment's index at which a new segment begins.", integer(func(s *Settings) *int { return &s.SegmentIndexBytes }, 4)},
		{"segment.jitter.ms", TypeLong, "0", "Taken from segment.ms at random, so that partitions do not all roll at once.", long(func(s *Settings) *int64 { return &s.SegmentJitterMs }, 0)},
		{"segment.ms", TypeLong, "604800000", "The age at which a new segment begins even if this one is not full.", long(func(s *Settings) *int64 { return &s.SegmentMs }, 1)},
		{"unclean.leader.election.enable", TypeBool, "false", "Accepted for compatibility: there is one replica.", boolean(func(s *Settings) *bool { return &s.Unclean })},
	}
}

// TopicSettings is the table of topic settings, sorted by name: what DescribeConfigs lists
// and what settings are checked against.
func TopicSettings() []Setting { return settingsTable() }

// CheckSetting says what is wrong with a topic setting, or nil.
func CheckSetting(name, text string) error {
	var s Settings
	return s.apply(settingsTable(), name, text)
}

// ParseSettings makes the typed form of the defaults, then defaults' and overrides' entries.
func ParseSettings(defaults, overrides map[string]string) (*Settings, error) {
	table := settingsTable()
	s := new(Settings)
	for _, e := range table {
		if err := s.apply(table, e.Name, e.Default); err != nil {
			return nil, err
		}
	}
	for _, m := range []map[string]string{defaults, overrides} {
		for name, text := range m {
			if err := s.apply(table, name, text); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

// Codec is the compression that stored batches must have; ok is false if they stay as they came.
func (s *Settings) Codec() (c record.Codec, ok bool) {
	if s.Compression == "uncompressed" {
		return record.None, true
	}
	return record.ParseCodec(s.Compression)
}

func (s *Settings) apply(table []Setting, name, text string) error {
	i := slices.IndexFunc(table, func(e Setting) bool { return e.Name == name })
	if i < 0 {
		names := make([]string, len(table))
		for i, e := range table {
			names[i] = e.Name
		}
		err := errs.New("INVALID_CONFIG", "there is no topic setting %q", name)
		if near := errs.Near(name, names); len(near) > 0 {
			err.WithHint("did you mean %s?", strings.Join(near, " or "))
		}
		return err
	}
	v, err := table[i].parse(text)
	if err == nil {
		err = table[i].set(s, v)
	}
	if err != nil {
		return errs.New("INVALID_CONFIG", "topic setting %s=%q must be %v", name, text, err)
	}
	return nil
}

func (e *Setting) parse(text string) (v value, err error) {
	text = strings.TrimSpace(text)
	v.text = text
	switch e.Type {
	case TypeBool:
		switch strings.ToLower(text) {
		case "true":
			v.is = true
		case "false":
		default:
			err = fmt.Errorf("true or false")
		}
	case TypeInt, TypeLong:
		bits := 64
		if e.Type == TypeInt {
			bits = 32
		}
		if v.n, err = strconv.ParseInt(text, 10, bits); err != nil {
			err = fmt.Errorf("a whole number of %d bits", bits)
		}
	case TypeDouble:
		if v.f, err = strconv.ParseFloat(text, 64); err != nil {
			err = fmt.Errorf("a number")
		}
	case TypeList:
		for w := range strings.SplitSeq(text, ",") {
			if w = strings.TrimSpace(w); w != "" {
				v.words = append(v.words, w)
			}
		}
	}
	return v, err
}
