package file

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/types"
)

// Connectors are the registry's entries: parquet, csv, json and text.
func Connectors() []*connector.Connector {
	return []*connector.Connector{
		newConnector("parquet", "Parquet files, as Spark reads and writes them.", parquetFormat{}, parquetSpec),
		newConnector("csv", "Files of values separated by commas, as Spark reads and writes them.", csvFormat{}, csvSpec),
		newConnector("json", "Files of JSON objects, one a line or one a file, as Spark reads and writes them.", jsonFormat{}, jsonSpec),
		newConnector("text", "Files of text: one column, a row for each line.", textFormat{}, textSpec),
	}
}

func newConnector(name, doc string, f format, spec []connector.Option) *connector.Connector {
	c := &connector.Connector{Name: name, Doc: doc, Options: append(append([]connector.Option(nil), common...), spec...)}
	c.Infer = func(ctx context.Context, env connector.Env, t connector.Table) (types.Schema, error) {
		t.Columns = nil
		s, err := open(ctx, c, f, env, t)
		if err != nil {
			return nil, err
		}
		return s.Schema(), nil
	}
	c.Batch = func(ctx context.Context, env connector.Env, t connector.Table) (connector.BatchSource, error) {
		return open(ctx, c, f, env, t)
	}
	c.Save = func(_ context.Context, env connector.Env, t connector.Table) (connector.BatchSink, error) {
		return newSink(c, f, env, t)
	}
	return c
}

func open(ctx context.Context, c *connector.Connector, f format, env connector.Env, t connector.Table) (*source, error) {
	table, err := newTable(c, f, env, t)
	if err != nil {
		return nil, err
	}
	return table.open(ctx)
}

func text(name, def, doc string) connector.Option {
	return connector.Option{Name: name, Kind: connector.Text, Default: def, Doc: doc}
}

func flag(name, def, doc string) connector.Option {
	return connector.Option{Name: name, Kind: connector.Bool, Default: def, Doc: doc}
}

// common are the options of all kinds of files.
var common = []connector.Option{
	text("path", "", "a file, a folder, or a pattern with *, ?, [a-z] and {a,b}"),
	text("paths", "", "several of them, as a JSON list"),
	text("basePath", "", "the folder where partition folders k=v begin, when path is below it"),
	text("globPaths", "true", "false: path has no pattern, whatever characters it has"),
	flag("recursiveFileLookup", "false", "read the files of all folders below, without partition columns"),
	text("pathGlobFilter", "", "read only the files whose names fit a pattern"),
	text("modifiedBefore", "", "read only the files changed before a time"),
	text("modifiedAfter", "", "read only the files changed after a time"),
	flag("ignoreMissingFiles", "false", "files that go away while they are read are no error"),
	text("partitionBy", "", "when writing: columns, separated by commas, that become folders k=v"),
	connector.Option{Name: "maxRecordsPerFile", Kind: connector.Number, Default: "0", Doc: "when writing: the most rows of a file; 0: no bound"},
}

var parquetSpec = []connector.Option{
	flag("mergeSchema", "false", "take the columns of all files together, not those of one"),
	text("compression", "snappy", "when writing: none, snappy, gzip, zstd, lz4_raw or brotli"),
}

var lines = []connector.Option{
	text("compression", "none", "when writing: none, gzip, deflate, snappy, lz4 or zstd"),
	text("lineSep", "", `what ends a line; when reading by default \n, \r\n or \r, when writing \n`),
	text("encoding", "UTF-8", "of the text; only UTF-8 is read"),
}

// times are options of formats that write dates as text.
var times = []connector.Option{
	text("mode", "PERMISSIVE", "a record that cannot be read: PERMISSIVE makes NULL of it, DROPMALFORMED drops it, FAILFAST fails"),
	text("columnNameOfCorruptRecord", "_corrupt_record", "the column that such a record goes to whole, if the table has it"),
	text("dateFormat", "", "a pattern of dates such as dd/MM/yyyy"),
	text("timestampFormat", "", "a pattern of times such as dd/MM/yyyy HH:mm:ss"),
	text("timestampNTZFormat", "", "a pattern of times without zone"),
	text("timeZone", "", "the zone of times that name none; by default the session's"),
	text("locale", "en-US", "of numbers and names of months; only en-US is read"),
	flag("multiLine", "false", "a record may go over several lines"),
	connector.Option{Name: "samplingRatio", Kind: connector.Text, Default: "1.0", Doc: "the share of records that types are guessed from"},
}

var csvSpec = together(lines, times, []connector.Option{
	text("sep", ",", "what stands between values"), text("delimiter", "", "another name of sep"),
	flag("header", "false", "the first line of a file has the names of the columns"),
	flag("inferSchema", "false", "guess the types of columns; else all are STRING"),
	text("charset", "", "another name of encoding"),
	text("nullValue", "", "the text that is NULL"), text("emptyValue", "", "the text of an empty value in quotes"),
	text("quote", `"`, "what a value is in that has separators in it; empty: nothing"),
	text("escape", `\`, "what stands before a quote inside a value"),
	text("charToEscapeQuoteEscaping", "", "what stands before an escape inside a value"),
	text("comment", "", "the character that lines without records begin with"),
	flag("enforceSchema", "true", "declared columns count, whatever the header says"),
	flag("preferDate", "true", "when types are guessed: dates are DATE, not TIMESTAMP"),
	flag("ignoreLeadingWhiteSpace", "false", "drop spaces before values (when writing by default true)"),
	flag("ignoreTrailingWhiteSpace", "false", "drop spaces behind values (when writing by default true)"),
	text("nanValue", "NaN", "the text of not-a-number"), text("positiveInf", "Inf", "the text of infinity"), text("negativeInf", "-Inf", "the text of its negative"),
	flag("quoteAll", "false", "when writing: every value in quotes"),
	flag("escapeQuotes", "true", "when writing: a value with a quote in it is put in quotes"),
	connector.Option{Name: "maxColumns", Kind: connector.Number, Default: "20480", Doc: "the most values of a record"},
	connector.Option{Name: "maxCharsPerColumn", Kind: connector.Number, Default: "-1", Doc: "has no effect: values may be of any length"},
})

var jsonSpec = together(lines, times, []connector.Option{
	flag("primitivesAsString", "false", "when types are guessed: numbers and booleans are STRING"),
	flag("prefersDecimal", "false", "when types are guessed: numbers with a point are DECIMAL where they fit"),
	flag("dropFieldIfAllNull", "false", "when types are guessed: fields that never have a value are left out"),
	flag("inferTimestamp", "false", "when types are guessed: texts that are times are TIMESTAMP"),
	flag("allowComments", "false", "/* … */, // … and # … may stand between values"),
	flag("allowUnquotedFieldNames", "false", "{a: 1}"),
	flag("allowSingleQuotes", "true", "{'a': 'x'}"),
	flag("allowNumericLeadingZeros", "false", "007 is 7"),
	flag("allowBackslashEscapingAnyCharacter", "false", `\$ is $`),
	flag("allowUnquotedControlChars", "false", "control characters inside texts"),
	flag("allowNonNumericNumbers", "true", "NaN, Infinity, -INF"),
	flag("ignoreNullFields", "true", "when writing: fields that are NULL are left out"),
})

var textSpec = together(lines, []connector.Option{flag("wholetext", "false", "each file is one row")})

func together(lists ...[]connector.Option) (out []connector.Option) {
	for _, l := range lists {
		out = append(out, l...)
	}
	return out
}

// Overlaps reports whether the files of two tables lie in one another: a query that reads one of them
// must not overwrite the other. Spark: UNSUPPORTED_OVERWRITE.
func Overlaps(env connector.Env, a, b connector.Table) bool {
	for _, x := range pathsOf(env, a) {
		for _, y := range pathsOf(env, b) {
			if x == y || strings.HasPrefix(x, strings.TrimSuffix(y, "/")+"/") || strings.HasPrefix(y, strings.TrimSuffix(x, "/")+"/") {
				return true
			}
		}
	}
	return false
}

// pathsOf are a table's paths as absolute names, of a pattern what stands before it.
func pathsOf(env connector.Env, t connector.Table) (out []string) {
	p, _ := t.Options.Lookup("path")
	written := []string{p}
	if list, ok := t.Options.Lookup("paths"); ok {
		var more []string
		if json.Unmarshal([]byte(list), &more) == nil {
			written = append(written, more...)
		}
	}
	for _, p := range written {
		w := p
		if at := strings.IndexAny(w, "*?[{"); at >= 0 {
			w = "./" + w[:strings.LastIndexByte("/"+w[:at], '/')]
			if strings.HasPrefix(p, "/") {
				w = w[2:]
			}
		}
		if name, err := absolute(w, env.Sys.Dir); err == nil && w != "" {
			out = append(out, name)
		}
	}
	return out
}
