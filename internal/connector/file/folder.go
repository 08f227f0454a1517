package file

import (
	"fmt"
	"strings"

	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// folder is where a row goes below the target: k=v/… Spark: PartitioningUtils.getPathFragment.
func (w *writer) folder(b *vec.Batch, row int) string {
	ctx := fn.Context{Zone: w.zone()}
	var out []byte
	for i, c := range w.by {
		if i > 0 {
			out = append(out, '/')
		}
		out = append(append(out, escape(w.names[i])...), '=')
		col := &b.Cols[c]
		text := ""
		if !col.IsNull(row) {
			text = fn.Text(&ctx, col, row)
		}
		if text == "" && (col.IsNull(row) || col.Type.Kind == types.String) {
			text = nullPartition
		}
		out = append(out, escape(text)...)
	}
	return string(out)
}

// escape writes the characters that a folder's name cannot have as %XX. Spark: ExternalCatalogUtils.escapePathName.
func escape(s string) string {
	if !strings.ContainsFunc(s, escaped) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if escaped(r) {
			fmt.Fprintf(&out, "%%%02X", r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String()
}

func escaped(r rune) bool { return r < ' ' || r == 0x7f || strings.ContainsRune("\"#%'*/:=?\\{[]^", r) }
