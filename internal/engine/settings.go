package engine

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/sql"
	"github.com/azud/azud/internal/types"
)

// settings are what SET has set, by the key as written.
type settings map[string]string

// setting is one that Azud knows: it has an effect here, or only one value is possible.
type setting struct {
	key, fallback, doc string
	check              func(v string) error // nil: any value
}

// The settings with an effect.
const (
	keyZone       = "spark.sql.session.timeZone"
	keyANSI       = "spark.sql.ansi.enabled"
	keyCase       = "spark.sql.caseSensitive"
	keyExcluded   = "spark.sql.optimizer.excludedRules"
	keyOptimizer  = "azud.sql.optimizer"
	keyMemory     = "azud.sql.memory"
	keyWorkers    = "azud.sql.workers"
	keyBatch      = "azud.sql.batchSize"
	keyShuffle    = "spark.sql.shuffle.partitions"
	keyPartitions = "spark.sql.sources.partitionOverwriteMode"
)

// knownSettings is every setting that is looked at.
func knownSettings() []setting {
	return []setting{
		{keyZone, "UTC", "session time zone", checkZone},
		{keyANSI, "true", "errors instead of NULL or wrapped values; only true", only(keyANSI, "true")},
		{keyCase, "false", "names of columns match in any case; only false", only(keyCase, "false")},
		onlySetting("spark.sql.groupByOrdinal", "true", "GROUP BY 1 is the first column that is selected; only true"),
		onlySetting("spark.sql.orderByOrdinal", "true", "ORDER BY 1 is the first column that is selected; only true"),
		onlySetting("spark.sql.mapKeyDedupPolicy", "EXCEPTION", "a key that a map has twice is an error; only EXCEPTION"),
		onlySetting("spark.sql.timestampType", "TIMESTAMP_LTZ", "what TIMESTAMP means; only TIMESTAMP_LTZ"),
		onlySetting("spark.sql.decimalOperations.allowPrecisionLoss", "true", "results of DECIMAL give digits of the scale up when they have no room; only true"),
		{keyExcluded, "", "optimizer rules that are left out, separated by commas", nil},
		{keyOptimizer, "on", "off: only the rules without which a query cannot run", oneOf(keyOptimizer, "on", "off")},
		{keyMemory, "", "bytes that a query may hold before it spills to disk; empty: what the process was started with", checkCount(keyMemory, 0)},
		{keyWorkers, "", "goroutines of a query; empty: one for each processor", checkCount(keyWorkers, 1)},
		{keyShuffle, "200", "without effect", checkCount(keyShuffle, 1)},
		{keyPartitions, "static", "what INSERT OVERWRITE replaces: static, the partitions that it names, or dynamic, those that it writes", oneOf(keyPartitions, "static", "dynamic")},
		{keyBatch, "", "rows in a batch; empty: 4096", checkCount(keyBatch, 1)},
	}
}

func findSetting(key string) (setting, bool) {
	for _, s := range knownSettings() {
		if strings.EqualFold(s.key, key) {
			return s, true
		}
	}
	return setting{}, false
}

func invalid(key, value, want string) error {
	return errs.New("INVALID_CONF_VALUE.REQUIREMENT", "the setting %s cannot be %q: %s", key, value, want).State("22022")
}

func only(key, value string) func(string) error {
	return func(v string) error {
		if strings.EqualFold(v, value) {
			return nil
		}
		return errs.New("UNSUPPORTED_FEATURE", "%s is always %s here", key, value).State("0A000")
	}
}

// onlySetting is a setting of Spark's of which Azud has one value.
func onlySetting(key, value, doc string) setting {
	return setting{key, value, doc, only(key, value)}
}

func oneOf(key string, values ...string) func(string) error {
	return func(v string) error {
		if slices.ContainsFunc(values, func(s string) bool { return strings.EqualFold(s, v) }) {
			return nil
		}
		return invalid(key, v, "it is one of "+strings.Join(values, ", "))
	}
}

func checkCount(key string, least int64) func(string) error {
	return func(v string) error {
		if _, err := parseBytes(v); v == "" || err == nil && mustBytes(v) >= least {
			return nil
		}
		return invalid(key, v, "it is a whole number, perhaps with k, m or g")
	}
}

func mustBytes(v string) int64 { n, _ := parseBytes(v); return n }

// parseBytes reads 1024, 64k, 64m, 64MiB or 2g.
func parseBytes(v string) (int64, error) {
	t := strings.ToLower(strings.TrimSpace(v))
	t = strings.TrimSuffix(strings.TrimSuffix(t, "b"), "i")
	shift := 0
	if n := len(t); n > 0 {
		if i := strings.IndexByte("kmgt", t[n-1]); i >= 0 {
			shift, t = 10*(i+1), t[:n-1]
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(t), 10, 64)
	if err != nil || n < 0 || n > (1<<62)>>shift {
		return 0, errs.New("INVALID_CONF_VALUE.REQUIREMENT", "%q is not a number of bytes", v)
	}
	return n << shift, nil
}

func checkZone(v string) error {
	if _, ok := fn.ParseZone(v); ok {
		return nil
	}
	return errs.New("INVALID_CONF_VALUE.TIME_ZONE", "there is no time zone %q", v).State("22022").
		WithHint("write a region such as Europe/Madrid, or an offset such as +02:00")
}

// set changes a setting. Keys of Spark's that have no effect here are kept and shown; a key of ours
// that does not exist is refused.
func (s *Session) set(key, value string) (string, error) {
	known, ok := findSetting(key)
	switch {
	case ok && known.check != nil:
		if err := known.check(value); err != nil {
			return "", err
		}
		key = known.key
	case !ok && strings.HasPrefix(strings.ToLower(key), "azud.sql."):
		var names []string
		for _, k := range knownSettings() {
			names = append(names, k.key)
		}
		e := errs.New("UNKNOWN_OPTION", "there is no setting %s", key)
		if near := errs.Near(key, names); len(near) > 0 {
			e.WithHint("did you mean %s?", strings.Join(near, ", "))
		}
		return "", e
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settings[key] = value
	if key == keyZone {
		s.zone, _ = fn.ParseZone(value)
	}
	return key, nil
}

// get is a setting's value; false if it has none.
func (s *Session) get(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k, v := range s.settings {
		if strings.EqualFold(k, key) {
			return v, true
		}
	}
	known, ok := findSetting(key)
	return known.fallback, ok
}

// setStatement is SET in its forms.
func (s *Session) setStatement(at scope, st *sql.Set) (Result, error) {
	columns := types.Schema{{Name: "key", Type: types.StringType}, {Name: "value", Type: types.StringType}}
	switch {
	case st.HasValue:
		key, err := s.set(st.Key, st.Value)
		if err != nil {
			return Result{}, at.at(err, st.Span())
		}
		return s.rows(columns, [][]any{{key, st.Value}}), nil
	case st.Key != "":
		v, ok := s.get(st.Key)
		if !ok {
			v = "<undefined>"
		}
		return s.rows(columns, [][]any{{st.Key, v}}), nil
	}
	var rows [][]any
	if st.Verbose {
		columns = append(columns, texts("meaning", "Since version")...)
		for _, k := range knownSettings() {
			v, _ := s.get(k.key)
			rows = append(rows, []any{k.key, v, k.doc, ""})
		}
		return s.rows(columns, rows), nil
	}
	s.mu.Lock()
	all := maps.Clone(s.settings)
	s.mu.Unlock()
	for _, k := range slices.Sorted(maps.Keys(all)) {
		rows = append(rows, []any{k, all[k]})
	}
	return s.rows(columns, rows), nil
}

// reset puts one setting or all back.
func (s *Session) reset(st *sql.Reset) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := range s.settings {
		if st.Key == "" || strings.EqualFold(k, st.Key) {
			delete(s.settings, k)
		}
	}
	if st.Key == "" || strings.EqualFold(st.Key, keyZone) {
		s.zone = s.e.zone
	}
	return nil
}
