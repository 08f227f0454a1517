package fn

import (
	"strings"

	"github.com/azud/azud/internal/types"
)

// ShownCall is how Spark shows a call whose expression does not print as name(arguments): it prints
// under another name, fills in what was left out, or leaves out what only steers it. name is in lower
// case, ts are the types of the arguments and args how they are shown. False: the call is shown as
// it was written. All of it as a running Spark 4.2.0 printed it.
func ShownCall(name string, ts []types.Type, args []string) (string, bool) {
	n := len(args)
	call := func(name string, args ...string) (string, bool) {
		return name + "(" + strings.Join(args, ", ") + ")", true
	}
	switch name {
	case "acosh", "asinh", "atanh", "cot", "csc", "sec", "spark_partition_id":
		return call(strings.ToUpper(name), args...)
	case "timestampadd", "dateadd", "date_add":
		if n == 3 {
			return call("timestampadd", args...)
		}
	case "timestampdiff", "timediff", "datediff", "date_diff":
		if n == 3 {
			return call("timestampdiff", args...)
		}
	case "raise_error":
		if n == 1 {
			return call(name, "USER_RAISED_EXCEPTION", "map(errorMessage, "+args[0]+")")
		}
	case "current_database":
		return call("current_schema", args...)
	case "lpad", "rpad":
		if n == 2 && ts[0].Kind == types.Binary {
			return call(name, args[0], args[1], "X'00'")
		}
	case "from_csv", "to_csv", "schema_of_csv", "schema_of_json", "shuffle":
		if n > 1 {
			return call(name, args[0])
		}
	case "from_json":
		if n > 1 && strings.HasPrefix(strings.ToLower(strings.TrimSpace(args[1])), "map<") {
			return "entries", true
		}
	case "try_make_timestamp":
		if n == 7 {
			return call(name, args[:6]...)
		}
	case "to_char", "to_varchar":
		if n == 2 {
			return shownToChar(name, ts[0], args)
		}
	case "time_bucket":
		if n == 2 {
			kind := "TIMESTAMP"
			if ts[1].Kind == types.TimestampNTZ {
				kind = "TIMESTAMP_NTZ"
			}
			return call(name, args[0], args[1], kind+" '1970-01-01 00:00:00'")
		}
	case "convert_timezone":
		if n == 2 {
			return call(name, "current_timezone()", args[0], args[1])
		}
	case "div":
		if n == 2 {
			return "(" + args[0] + " div " + args[1] + ")", true
		}
	case "in":
		if n > 0 {
			return "(" + args[0] + " IN (" + strings.Join(args[1:], ", ") + "))", true
		}
	case "and", "or":
		if n == 2 {
			return "(" + args[0] + " " + strings.ToUpper(name) + " " + args[1] + ")", true
		}
	case "not":
		if n == 1 {
			return "(NOT " + args[0] + ")", true
		}
	case "when":
		return shownCase(args), true
	}
	if full, ok := filledIn[name]; ok && n < len(full) {
		return call(name, append(append([]string{}, args...), full[n:]...)...)
	}
	return "", false
}

// filledIn are the arguments that Spark shows where they were left out, by position.
var filledIn = map[string][]string{
	"mask":             {"", "X", "x", "n", "NULL"},
	"sentences":        {"", "", ""},
	"str_to_map":       {"", ",", ":"},
	"aes_encrypt":      {"", "", "GCM", "DEFAULT", "", ""},
	"aes_decrypt":      {"", "", "GCM", "DEFAULT", ""},
	"try_aes_decrypt":  {"", "", "GCM", "DEFAULT", ""},
	"vector_norm":      {"", "2.0"},
	"vector_normalize": {"", "2.0"},
	"make_dt_interval": {"0", "0", "0", "0.000000"},
	"make_ym_interval": {"0", "0"},
}

// shownToChar shows the function that to_char stands for.
func shownToChar(name string, t types.Type, args []string) (string, bool) {
	switch t.Kind {
	case types.Date, types.Timestamp, types.TimestampNTZ:
		return "date_format(" + args[0] + ", " + args[1] + ")", true
	case types.Binary:
		switch strings.ToLower(args[1]) {
		case "base64":
			return "base64(" + args[0] + ")", true
		case "hex":
			if name == "to_char" {
				name = "hex"
			}
			return name + "(" + args[0] + ")", true
		}
		return "decode(" + args[0] + ", " + args[1] + ")", true
	}
	return "to_char(" + args[0] + ", " + args[1] + ")", true
}

func shownCase(args []string) string {
	var b strings.Builder
	b.WriteString("CASE")
	for len(args) > 1 {
		b.WriteString(" WHEN " + args[0] + " THEN " + args[1])
		args = args[2:]
	}
	if len(args) == 1 {
		b.WriteString(" ELSE " + args[0])
	}
	return b.String() + " END"
}
