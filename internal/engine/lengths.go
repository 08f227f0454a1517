package engine

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// length is that of CHAR(n) or VARCHAR(n).
type length struct {
	n    int
	char bool
}

// String is the length as a type.
func (n length) String() string {
	if n.char {
		return fmt.Sprintf("CHAR(%d)", n.n)
	}
	return fmt.Sprintf("VARCHAR(%d)", n.n)
}

// fits refuses texts that are too long for their CHAR or VARCHAR columns, and fills those of CHAR up
// with spaces.
func (t *Table) fits(b *vec.Batch) (*vec.Batch, error) {
	if t.stored == nil || len(t.stored.lengths) == 0 {
		return b, nil
	}
	out := *b
	out.Cols = slices.Clone(b.Cols)
	for i, f := range t.columns {
		most, ok := t.stored.lengths[strings.ToLower(f.Name)]
		if !ok || i >= len(b.Cols) {
			continue
		}
		padded, err := most.fit(&b.Cols[i], b, f.Name)
		if err != nil {
			return nil, err
		}
		if most.char {
			out.Cols[i] = padded
		}
	}
	return &out, nil
}

// fit checks the selected texts of a column and pads them to the length of a CHAR.
func (n length) fit(c *vec.Col, b *vec.Batch, name string) (vec.Col, error) {
	cb := vec.NewColBuilder(types.StringType)
	next := 0
	for row := range b.Each() {
		for ; next < row; next++ {
			cb.AppendNull() // not selected
		}
		next++
		if c.IsNull(row) {
			cb.AppendNull()
			continue
		}
		text := c.Str(row)
		used := utf8.RuneCountInString(text)
		if used > n.n {
			text = strings.TrimRight(text, " ")
			if used = utf8.RuneCountInString(text); used > n.n {
				return vec.Col{}, errs.New("EXCEED_LIMIT_LENGTH", "a text of %d characters does not fit into the column %s, which takes %d", used, name, n.n).
					State("54006").WithHint("shorten it: left(%s, %d)", name, n.n)
			}
		}
		cb.AppendString(text + strings.Repeat(" ", n.n-used))
	}
	for ; next < b.N; next++ {
		cb.AppendNull()
	}
	return cb.Finish(), nil
}
