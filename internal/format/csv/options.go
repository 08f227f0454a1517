package csv

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
)

// Mode is what happens to a record that cannot be read as the schema says. Spark: ParseMode.
type Mode uint8

// The modes.
const (
	Permissive    Mode = iota // what cannot be read is NULL
	DropMalformed             // the record is left out
	FailFast                  // the query fails
)

// ParseMode reads a mode's name; one that Spark does not know means Permissive, as there.
func ParseMode(name string) Mode {
	switch strings.ToUpper(name) {
	case "DROPMALFORMED":
		return DropMalformed
	case "FAILFAST":
		return FailFast
	}
	return Permissive
}

// Options are Spark's CSV options, checked and with their defaults. Immutable once made.
type Options struct {
	Sep                                 string
	Quote, Escape, EscapeQuote, Comment byte // 0: none
	Header, InferSchema, MultiLine      bool
	EnforceSchema, PreferDate           bool
	TrimLeft, TrimRight                 bool // when reading
	WriteTrimLeft, WriteTrimRight       bool
	QuoteAll, EscapeQuotes              bool
	NullValue, EmptyValue, EmptyWrite   string
	NaN, PositiveInf, NegativeInf       string
	LineSep                             string // "": \n, \r\n or \r
	MaxColumns                          int
	SamplingRatio                       float64
	Mode                                Mode
	CorruptColumn                       string
	Zone                                *time.Location
	date, inferDate, timestamp, ntz     *fn.DateFormat // nil: Spark's default
	dateFallback                        bool
	dateWrite, timestampWrite, ntzWrite *fn.DateFormat
}

// get reads an option by name without regard to case.
type get func(name string) (string, bool)

func (g get) text(name, def string) string {
	if v, ok := g(name); ok {
		return v
	}
	return def
}

func (g get) bool(name string, def bool, err *error) bool {
	v, ok := g(name)
	if !ok {
		return def
	}
	b, e := strconv.ParseBool(strings.ToLower(strings.TrimSpace(v)))
	if e != nil && *err == nil {
		*err = errs.New("_LEGACY_ERROR_TEMP_2248", "the option %s is %q, which is neither true nor false", name, v)
	}
	return b
}

// char is an option of one character, or none.
func (g get) char(name string, def byte, err *error) byte {
	v, ok := g(name)
	switch {
	case !ok:
		return def
	case v == "" || v == "\x00":
		return 0
	case len(v) == 1 && v[0] < utf8.RuneSelf:
		return v[0]
	}
	if *err == nil {
		*err = errs.New("_LEGACY_ERROR_TEMP_1060", "the option %s is %q, and must be one character of ASCII", name, v)
	}
	return 0
}

// NewOptions reads Spark's options; look ignores case and the caller refuses names that it does not
// know. zone is the session's, used unless the option timeZone is given.
func NewOptions(look func(name string) (string, bool), zone *time.Location) (*Options, error) {
	g := get(look)
	var err error
	o := &Options{
		Header: g.bool("header", false, &err), InferSchema: g.bool("inferSchema", false, &err),
		MultiLine: g.bool("multiLine", false, &err), EnforceSchema: g.bool("enforceSchema", true, &err),
		PreferDate: g.bool("preferDate", true, &err),
		TrimLeft:   g.bool("ignoreLeadingWhiteSpace", false, &err), TrimRight: g.bool("ignoreTrailingWhiteSpace", false, &err),
		WriteTrimLeft: g.bool("ignoreLeadingWhiteSpace", true, &err), WriteTrimRight: g.bool("ignoreTrailingWhiteSpace", true, &err),
		QuoteAll: g.bool("quoteAll", false, &err), EscapeQuotes: g.bool("escapeQuotes", true, &err),
		Quote: g.char("quote", '"', &err), Escape: g.char("escape", '\\', &err), Comment: g.char("comment", 0, &err),
		NullValue: g.text("nullValue", ""), EmptyValue: g.text("emptyValue", ""), EmptyWrite: g.text("emptyValue", `""`),
		NaN: g.text("nanValue", "NaN"), PositiveInf: g.text("positiveInf", "Inf"), NegativeInf: g.text("negativeInf", "-Inf"),
		LineSep: g.text("lineSep", ""), Mode: ParseMode(g.text("mode", "")),
		CorruptColumn: g.text("columnNameOfCorruptRecord", "_corrupt_record"), Zone: zone,
	}
	o.EscapeQuote = g.char("charToEscapeQuoteEscaping", o.Escape, &err)
	if _, given := g("charToEscapeQuoteEscaping"); !given && o.Escape == o.Quote {
		o.EscapeQuote = 0
	}
	if o.Sep, err = separator(g.text("sep", g.text("delimiter", ",")), err); err != nil {
		return nil, err
	}
	if err := o.numbers(g); err != nil {
		return nil, err
	}
	return o, o.formats(g)
}

func (o *Options) numbers(g get) (err error) {
	if o.MaxColumns, err = strconv.Atoi(g.text("maxColumns", "20480")); err != nil || o.MaxColumns < 1 {
		return errs.New("INVALID_OPTION", "the option maxColumns is %q, and must be a number above 0", g.text("maxColumns", ""))
	}
	o.SamplingRatio, err = strconv.ParseFloat(g.text("samplingRatio", "1"), 64)
	if err != nil || !(o.SamplingRatio > 0) || o.SamplingRatio > 1 {
		return errs.New("INVALID_OPTION", "the option samplingRatio is %q, and must be above 0 and at most 1", g.text("samplingRatio", ""))
	}
	if e := strings.ToLower(g.text("encoding", g.text("charset", "utf-8"))); e != "utf-8" && e != "utf8" && e != "us-ascii" {
		return errs.New("INVALID_PARAMETER_VALUE.CHARSET", "files in the encoding %s cannot be read here", e).
			State("22023").WithHint("only UTF-8 can: convert them with iconv first")
	}
	if name, ok := g("timeZone"); ok {
		zone, known := fn.ParseZone(name)
		if !known {
			return errs.New("INVALID_TIMEZONE", "%q is not a time zone", name).State("22009").WithHint("write it as Europe/Madrid or +02:00")
		}
		o.Zone = zone
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if l := strings.ToLower(g.text("locale", "en-us")); l != "en-us" && l != "en_us" && l != "en" {
		return errs.New("UNSUPPORTED_FEATURE", "numbers and dates of the locale %s cannot be read here", l).WithHint("only those of en-US can")
	}
	return nil
}

// formats compiles the patterns of dates and times. Without one, Spark reads what a cast reads, and
// guesses dates by the strict ISO form.
func (o *Options) formats(g get) error {
	o.dateFallback = true
	for _, f := range []struct {
		name        string
		read, write **fn.DateFormat
	}{{"dateFormat", &o.date, &o.dateWrite}, {"timestampFormat", &o.timestamp, &o.timestampWrite}, {"timestampNTZFormat", &o.ntz, &o.ntzWrite}} {
		pattern, ok := g(f.name)
		if !ok {
			continue
		}
		c, err := fn.NewDateFormat(pattern)
		if err != nil {
			return err
		}
		*f.read, *f.write = c, c
		if f.name == "dateFormat" {
			o.dateFallback = false
		}
	}
	if o.inferDate = o.date; o.inferDate == nil {
		var err error
		if o.inferDate, err = fn.NewDateFormat("yyyy-MM-dd"); err != nil {
			return err
		}
	}
	return nil
}

// separator is what stands between values, with \t and the like resolved. Spark: CSVExprUtils.toDelimiterStr.
func separator(s string, err error) (string, error) {
	if err != nil {
		return "", err
	}
	if s == "" {
		return "", errs.New("INVALID_DELIMITER_VALUE.EMPTY_STRING", "the option sep is empty").State("42602").WithHint("write the character between the values, such as ';'")
	}
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			out = append(out, s[i])
			continue
		}
		if i++; i == len(s) {
			return "", errs.New("INVALID_DELIMITER_VALUE.SINGLE_BACKSLASH", "the option sep is one backslash").State("42602").WithHint(`write '\\' for a backslash`)
		}
		c, ok := map[byte]byte{'t': '\t', 'r': '\r', 'b': '\b', 'f': '\f', '"': '"', '\'': '\'', '\\': '\\'}[s[i]]
		switch {
		case s[i:] == "u0000" && len(out) == 0:
			return "\x00", nil
		case !ok:
			return "", errs.New("INVALID_DELIMITER_VALUE.UNSUPPORTED_SPECIAL_CHARACTER", `the option sep has \%c, which means nothing`, s[i]).State("42602")
		}
		out = append(out, c)
	}
	return string(out), nil
}
