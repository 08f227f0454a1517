package json

import (
	"strings"
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
)

// Mode is what becomes of a message that cannot be read as the schema says. Spark: ParseMode.
type Mode uint8

// The modes of reading.
const (
	Permissive    Mode = iota // what cannot be read is NULL
	DropMalformed             // the message gives no row
	FailFast                  // the query fails
)

// Options of decoding and encoding, as Spark's JSON options. The zero value is Spark's defaults in
// UTC, without a column for corrupt records.
type Options struct {
	Zone *time.Location // for timestamps without a zone; nil is UTC
	Mode Mode
	// CorruptColumn names the STRING column that takes the text of bad messages, where the schema has
	// it; "": none.
	CorruptColumn string

	KeepNulls bool // write NULL fields (ignoreNullFields = false)
	Pretty    bool // write over several lines
	ASCIIOnly bool // write all else as \uXXXX (writeNonAsciiCharacterAsCodePoint)

	SingleQuotesOff  bool // allowSingleQuotes = false
	NonNumericOff    bool // allowNonNumericNumbers = false
	UnquotedControls bool // allowUnquotedControlChars = true
	UnquotedNames    bool // allowUnquotedFieldNames = true
	Comments         bool // allowComments = true
	LeadingZeros     bool // allowNumericLeadingZeros = true
	AnyEscape        bool // allowBackslashEscapingAnyCharacter = true

	// Patterns of times; nil is Spark's default.
	Date, Timestamp, NTZ *fn.DateFormat

	// What schema_of_json makes of values.
	PrimitivesAsString, PrefersDecimal, InferTimestamp, KeepNullFields bool
}

// DefaultCorruptColumn is the name of the column of bad messages unless another is given.
const DefaultCorruptColumn = "_corrupt_record"

// ParseOptions reads Spark's JSON options; get ignores case, and names that are not known are not
// looked at. zone is the session's, used unless the option timeZone is given.
func ParseOptions(get func(name string) (string, bool), zone *time.Location) (Options, error) {
	o := Options{Zone: zone, CorruptColumn: DefaultCorruptColumn}
	r := optionReader{get: get}
	switch v, _ := get("mode"); strings.ToUpper(v) {
	case "FAILFAST":
		o.Mode = FailFast
	case "DROPMALFORMED":
		o.Mode = DropMalformed
	}
	if v, ok := get("columnNameOfCorruptRecord"); ok {
		o.CorruptColumn = v
	}
	if v, ok := get("timeZone"); ok {
		z, ok := fn.ParseZone(v)
		if !ok {
			return o, errs.New("INVALID_TIMEZONE", "the timezone '%s' is invalid", v).State("22009")
		}
		o.Zone = z
	}
	o.KeepNulls = !r.flag("ignoreNullFields", true)
	o.Pretty = r.flag("pretty", false)
	o.ASCIIOnly = r.flag("writeNonAsciiCharacterAsCodePoint", false)
	o.SingleQuotesOff = !r.flag("allowSingleQuotes", true)
	o.NonNumericOff = !r.flag("allowNonNumericNumbers", true)
	o.UnquotedControls = r.flag("allowUnquotedControlChars", false)
	o.UnquotedNames = r.flag("allowUnquotedFieldNames", false)
	o.Comments = r.flag("allowComments", false)
	o.LeadingZeros = r.flag("allowNumericLeadingZeros", false)
	o.AnyEscape = r.flag("allowBackslashEscapingAnyCharacter", false)
	o.PrimitivesAsString = r.flag("primitivesAsString", false)
	o.PrefersDecimal = r.flag("prefersDecimal", false)
	o.InferTimestamp = r.flag("inferTimestamp", false)
	o.Date, o.Timestamp, o.NTZ = r.pattern("dateFormat"), r.pattern("timestampFormat"), r.pattern("timestampNTZFormat")
	return o, r.err
}

// optionReader keeps the first error.
type optionReader struct {
	get func(name string) (string, bool)
	err error
}

func (r *optionReader) flag(name string, other bool) bool {
	v, ok := r.get(name)
	switch {
	case !ok:
		return other
	case strings.EqualFold(v, "true"):
		return true
	case !strings.EqualFold(v, "false") && r.err == nil:
		r.err = errs.New("_LEGACY_ERROR_TEMP_2248", "the option %s is %q, which is neither true nor false", name, v)
	}
	return false
}

func (r *optionReader) pattern(name string) *fn.DateFormat {
	v, ok := r.get(name)
	if !ok {
		return nil
	}
	f, err := fn.NewDateFormat(v)
	if err != nil && r.err == nil {
		r.err = err
	}
	return f
}
