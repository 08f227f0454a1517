package tpch

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

//go:embed answers/*.json.gz
var recorded embed.FS

// Answer is what a query gives: columns with their types, and rows as JSON lists, as `azud sql -o json`
// prints both.
type Answer struct {
	Schema [][2]string
	Rows   []json.RawMessage
}

// Answers are Spark's, by the number of the query, of the data of a scale ("0.1" or "1"). record.py
// has written them.
func Answers(scale string) (map[int]Answer, error) {
	packed, err := recorded.ReadFile("answers/sf" + scale + ".json.gz")
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(z)
	if err != nil {
		return nil, err
	}
	var doc struct{ Queries map[int]Answer }
	err = json.Unmarshal(text, &doc)
	return doc.Queries, err
}

// OrderedBy are the output columns that a query is ordered by in the end; none if it is not.
func OrderedBy(query string) []string {
	low := strings.ToLower(query)
	i := strings.LastIndex(low, "order by")
	if i < 0 || strings.Contains(low[i:], ")") { // within a subquery
		return nil
	}
	keys, _, _ := strings.Cut(strings.TrimRight(strings.TrimSpace(low[i+len("order by"):]), ";"), "limit")
	var out []string
	for key := range strings.SplitSeq(keys, ",") {
		out = append(out, strings.TrimSuffix(strings.TrimSpace(key), " desc"))
	}
	return out
}

// Compare says how an answer differs from what is expected, or nothing. Rows are compared exactly, in
// any order; the columns of `by` must come in the expected order, which is the order of all rows where
// they determine them.
func Compare(want, got Answer, by []string) (string, error) {
	if !slices.Equal(want.Schema, got.Schema) {
		return fmt.Sprintf("columns\nwant %v\ngot  %v", want.Schema, got.Schema), nil
	}
	w, err := decoded(want.Rows)
	if err != nil {
		return "", err
	}
	g, err := decoded(got.Rows)
	if err != nil {
		return "", err
	}
	if d := difference(texts(w, nil), texts(g, nil)); d != "" {
		return d, nil
	}
	var keys []int
	for _, name := range by {
		i := slices.IndexFunc(want.Schema, func(c [2]string) bool { return c[0] == name })
		if i < 0 {
			return "", fmt.Errorf("it is ordered by %s, which is none of its columns", name)
		}
		keys = append(keys, i)
	}
	if len(keys) == 0 {
		return "", nil
	}
	wk, gk := texts(w, keys), texts(g, keys)
	for i := range wk {
		if wk[i] != gk[i] {
			return fmt.Sprintf("order: row %d has %s, want %s", i+1, gk[i], wk[i]), nil
		}
	}
	return "", nil
}

func decoded(rows []json.RawMessage) ([][]any, error) {
	out := make([][]any, len(rows))
	for i, r := range rows {
		d := json.NewDecoder(bytes.NewReader(r))
		d.UseNumber()
		if err := d.Decode(&out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// texts are the rows, or some of their columns, in one form.
func texts(rows [][]any, columns []int) []string {
	out := make([]string, len(rows))
	for i, r := range rows {
		if columns != nil {
			var some []any
			for _, c := range columns {
				some = append(some, r[c])
			}
			r = some
		}
		b, _ := json.Marshal(r) // of what was read from JSON
		out[i] = string(b)
	}
	return out
}

// difference shows the first rows that only one of two bags has.
func difference(want, got []string) string {
	count := map[string]int{}
	for _, r := range want {
		count[r]++
	}
	var extra, missing []string
	for _, r := range got {
		if count[r]--; count[r] < 0 {
			extra = append(extra, r)
		}
	}
	for _, r := range want {
		if count[r] > 0 {
			count[r]--
			missing = append(missing, r)
		}
	}
	if len(extra)+len(missing) == 0 {
		return ""
	}
	const shown = 3
	return fmt.Sprintf("%d rows, want %d\nextra   %s\nmissing %s", len(got), len(want),
		strings.Join(extra[:min(shown, len(extra))], "\n        "), strings.Join(missing[:min(shown, len(missing))], "\n        "))
}
