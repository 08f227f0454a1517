package analyze

import (
	"strings"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// sqlLiteral is a constant as SQL writes it. Spark: Literal.sql.
func (a *analyzer) sqlLiteral(v *vec.Col) string {
	t := v.Type
	if v.IsNull(0) {
		if t.Kind == types.Null {
			return "NULL"
		}
		return "CAST(NULL AS " + t.SQL() + ")"
	}
	text := a.textOf(v)
	switch t.Kind {
	case types.Byte:
		return text + "Y"
	case types.Short:
		return text + "S"
	case types.Long:
		return text + "L"
	case types.Float:
		return "CAST(" + text + " AS FLOAT)"
	case types.Double:
		return text + "D"
	case types.Decimal:
		return text + "BD"
	case types.String:
		return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
	case types.Binary:
		return "X'" + strings.ToUpper(hexOf(v.Bytes(0))) + "'"
	case types.Date, types.Timestamp, types.TimestampNTZ:
		return t.SQL() + " '" + text + "'"
	case types.Array:
		kids, lo, hi := v.List(0)
		var list []string
		for i := lo; i < hi; i++ {
			item := vec.Slice(&kids[0], i, i+1)
			list = append(list, a.sqlLiteral(&item))
		}
		return "ARRAY(" + strings.Join(list, ", ") + ")"
	}
	return text
}
