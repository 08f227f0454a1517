package cli

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/functions"
	"github.com/azud/azud/internal/plan/analyze"
)

// catalogNames are the names that the session knows, asked for when they are needed and forgotten
// after each statement.
type catalogNames struct {
	mu       sync.Mutex
	tables   []string
	columns  map[string][]string // by table
	settings []string
}

func (c *catalogNames) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables, c.columns, c.settings = nil, nil, nil
}

// keywords are offered by completion.
var keywords = strings.Fields(`ADD ALL ALTER ANALYZE AND ANTI AS ASC BETWEEN BY CACHE CASE CAST COLUMN COLUMNS COMMENT CREATE CROSS CUBE
CURRENT CURRENT_DATE CURRENT_TIMESTAMP DATE DECLARE DEFAULT DELETE DESC DESCRIBE DIRECTORY DISTINCT DROP ELSE END ESCAPE EXCEPT EXECUTE
EXISTS EXPLAIN EXTENDED FALSE FILTER FIRST FOLLOWING FORMATTED FROM FULL FUNCTION FUNCTIONS GROUP GROUPING HAVING IF ILIKE IMMEDIATE IN
INNER INSERT INTERSECT INTERVAL INTO IS JOIN LAST LATERAL LEFT LIKE LIMIT LOCATION MAP NATURAL NOT NULL NULLS OFFSET ON OPTIONS OR ORDER
OUTER OVER OVERWRITE PARTITION PARTITIONED PIVOT PRECEDING QUALIFY RANGE RECURSIVE REFRESH RENAME REPLACE RESET RIGHT RLIKE ROLLUP ROW
ROWS SCHEMA SCHEMAS SELECT SEMI SET SETS SHOW STREAM STRUCT TABLE TABLES TABLESAMPLE TBLPROPERTIES TEMPORARY THEN TIMESTAMP TO TRUE
TRUNCATE TRY_CAST UNBOUNDED UNION UNPIVOT USE USING VALUES VAR VARIABLE VIEW VIEWS WHEN WHERE WINDOW WITH WITHIN`)

// beforeTable are the words behind which a table comes.
var beforeTable = []string{"FROM", "JOIN", "INTO", "TABLE", "DESCRIBE", "DESC", "REFRESH", "OVERWRITE", "TRUNCATE", "COLUMNS", "STREAM", "VIEW"}

// metaCommands are the shell's own.
var metaCommands = []string{`\?`, `\d`, `\q`, `\timing`}

// complete completes the word before pos, a byte of the line. It returns the line with what all that
// fit have in common, and those that fit.
func (sh *shell) complete(line string, pos int) (newLine string, newPos int, fit []string) {
	before := line[:pos]
	word := lastWord(before)
	fit = sh.fitting(line, before[:len(before)-len(word)], word)
	if len(fit) == 0 {
		return line, pos, nil
	}
	made := common(fit)
	if len(made) < len(word) {
		made = word // names in other cases have less in common
	}
	if len(fit) == 1 && !strings.HasSuffix(made, "(") && !strings.HasPrefix(line[pos:], " ") {
		made += " "
	}
	return before[:len(before)-len(word)] + made + line[pos:], len(before) - len(word) + len(made), fit
}

// lastWord is the name that a text ends with: letters, digits and the like.
func lastWord(text string) string {
	i := len(text)
	for i > 0 {
		r, n := utf8.DecodeLastRuneInString(text[:i])
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(`_.$\?`, r) {
			break
		}
		i -= n
	}
	return text[i:]
}

// fitting are the names that a word may become, sorted.
func (sh *shell) fitting(line, before, word string) []string {
	last := strings.ToUpper(lastWord(strings.TrimRight(before, " \t\n")))
	var fit []string
	add := func(names []string, make func(string) string) {
		for _, n := range names {
			if made := make(n); len(made) >= len(word) && strings.EqualFold(made[:len(word)], word) {
				fit = append(fit, made)
			}
		}
	}
	same := func(s string) string { return s }
	table := func() { add(sh.tables(), same) }
	alias, _, dotted := strings.Cut(word, ".")
	switch {
	case strings.HasPrefix(strings.TrimSpace(before+word), `\`):
		if last == `\D` {
			table()
		} else {
			add(metaCommands, same)
		}
	case inString(before):
	case last == "SET" || last == "RESET":
		add(sh.settings(), same)
		add([]string{"VAR", "TIME ZONE"}, cased(word))
	case slices.Contains(beforeTable, last):
		table()
		if word != "" {
			add(keywords, cased(word))
		}
	case dotted:
		add(sh.columnsOf(line, alias), func(c string) string { return alias + "." + c })
		add(sh.settings(), same)
	default:
		add(sh.columnsOf(line, ""), same)
		if word == "" {
			break
		}
		add(keywords, cased(word))
		add(analyze.FunctionNames(functions.Registry()), func(f string) string { return cased(word)(f) + "(" })
		table()
	}
	slices.Sort(fit)
	return slices.Compact(fit)
}

// cased writes keywords and functions as the word begins: in capitals, unless it has small letters.
func cased(word string) func(string) string {
	if strings.ContainsFunc(word, unicode.IsUpper) && !strings.ContainsFunc(word, unicode.IsLower) {
		return strings.ToUpper
	}
	return strings.ToLower
}

// inString reports whether a text ends within a string.
func inString(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c == '\'' || c == '"' {
			n := quoted(text[i:], false)
			if n < 0 {
				return true
			}
			i += n - 1
		}
	}
	return false
}

// common is what all names begin with, in the first one's letters.
func common(names []string) string {
	out := names[0]
	for _, n := range names[1:] {
		for !strings.HasPrefix(strings.ToLower(n), strings.ToLower(out)) {
			_, size := utf8.DecodeLastRuneInString(out)
			out = out[:len(out)-size]
		}
	}
	return out
}

var (
	tableInText = regexp.MustCompile("(?i)\\b(?:from|join|into|update|table)\\s+([\\pL\\pN_.`]+)")
	aliasBehind = regexp.MustCompile(`(?i)^\s+(?:as\s+)?([\pL_][\pL\pN_]*)`)
)

// columnsOf are the columns of the tables that a statement names; with an alias, of that one.
func (sh *shell) columnsOf(statement, alias string) (out []string) {
	text := sh.written + statement
	for _, m := range tableInText.FindAllStringSubmatchIndex(text, -1) {
		table := text[m[2]:m[3]]
		bare, called := strings.Trim(table[strings.LastIndexByte(table, '.')+1:], "`"), ""
		if a := aliasBehind.FindStringSubmatch(text[m[3]:]); a != nil {
			called = a[1]
		}
		if alias == "" || strings.EqualFold(alias, bare) || strings.EqualFold(alias, called) {
			out = append(out, sh.columns(table)...)
		}
	}
	return out
}

// tables are those of the catalog and of the session; each schema's are also offered with its name.
func (sh *shell) tables() []string {
	sh.known.mu.Lock()
	defer sh.known.mu.Unlock()
	if sh.known.tables == nil {
		sh.known.tables = []string{}
		for _, r := range sh.look("SHOW TABLES") {
			if len(r) >= 2 {
				sh.known.tables = append(sh.known.tables, backquoted(r[1]))
				if r[0] != "" && r[0] != "default" {
					sh.known.tables = append(sh.known.tables, backquoted(r[0])+"."+backquoted(r[1]))
				}
			}
		}
	}
	return sh.known.tables
}

func (sh *shell) columns(table string) []string {
	sh.known.mu.Lock()
	defer sh.known.mu.Unlock()
	if _, ok := sh.known.columns[table]; !ok {
		if sh.known.columns == nil {
			sh.known.columns = map[string][]string{}
		}
		sh.known.columns[table] = nil
		for _, r := range sh.look("SHOW COLUMNS IN " + table) {
			sh.known.columns[table] = append(sh.known.columns[table], backquoted(r[0]))
		}
	}
	return sh.known.columns[table]
}

func (sh *shell) settings() []string {
	sh.known.mu.Lock()
	defer sh.known.mu.Unlock()
	if sh.known.settings == nil {
		for _, r := range sh.look("SET -v") {
			sh.known.settings = append(sh.known.settings, r[0])
		}
	}
	return sh.known.settings
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

func backquoted(name string) string {
	if plainName.MatchString(name) {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

// look asks for names; whoever completes waits for it only so long, and hears of no error.
func (sh *shell) look(statement string) (rows [][]string) {
	ctx, cancel := context.WithTimeout(context.Background(), completionTime)
	defer cancel()
	_ = sh.k.ask(ctx, question{src: &errs.Source{Name: "completion", Text: statement}, output: "json"}, func(ans answer) error {
		var got struct{ Rows [][]any }
		if err := json.Unmarshal(ans.json, &got); err != nil {
			return nil // an error, which has no rows
		}
		for _, r := range got.Rows {
			var texts []string
			for _, v := range r {
				text, _ := v.(string)
				texts = append(texts, text)
			}
			if len(texts) > 0 {
				rows = append(rows, texts)
			}
		}
		return nil
	})
	return rows
}
