package fn

import (
	"slices"
	"strings"
)

// missing are the functions of Spark 4.2 that Azud does not have, by the reason. A name that ends
// with * stands for all that begin so.
var missing = map[string]string{
	"parse_json try_parse_json variant_get try_variant_get is_valid_variant is_variant_null schema_of_variant schema_of_variant_agg to_variant_object variant_explode variant_explode_outer": "there is no type VARIANT: use from_json and get_json_object",
	"make_interval try_make_interval": "there is no INTERVAL of months, days and microseconds together: use make_ym_interval or make_dt_interval",
	"current_time make_time time time_diff time_trunc to_time try_to_time time_from_micros time_from_millis time_from_seconds time_to_micros time_to_millis time_to_seconds": "there is no type TIME",
	"from_avro to_avro schema_of_avro":             "Avro is read by tables, not by functions",
	"from_protobuf to_protobuf":                    "Protocol Buffers are not supported",
	"from_xml to_xml schema_of_xml":                "XML is not supported",
	"xpath xpath_*":                                "XML is not supported",
	"count_min_sketch hll_* kll_* theta_* tuple_*": "sketches are not supported: use approx_count_distinct and approx_percentile",
	"approx_top_k_*":                               "sketches of frequent values are not supported",
	"st_*":                                         "there are no types of geography and geometry",
	"java_method reflect try_reflect":              "there is no Java to call",
	"collate":                                      "there is one collation, UTF8_BINARY: compare lower(a) with lower(b)",
}

// Missing says why Azud does not have a function of Spark; false if it is none of Spark's, or one that
// Azud has. Names may be in any case.
func Missing(name string) (reason string, ok bool) {
	name = strings.ToLower(name)
	for names, reason := range missing {
		for _, n := range strings.Fields(names) {
			prefix, wild := strings.CutSuffix(n, "*")
			if n == name || wild && strings.HasPrefix(name, prefix) {
				return reason, true
			}
		}
	}
	return "", false
}

// MissingGroup are functions that are missing for one reason; Names are separated by spaces.
type MissingGroup struct{ Names, Reason string }

// MissingNames lists what Missing knows, sorted.
func MissingNames() []MissingGroup {
	var out []MissingGroup
	for names, reason := range missing {
		out = append(out, MissingGroup{names, reason})
	}
	slices.SortFunc(out, func(a, b MissingGroup) int { return strings.Compare(a.Names, b.Names) })
	return out
}
