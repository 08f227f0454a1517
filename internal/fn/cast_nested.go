package fn

import (
	"errors"
	"sort"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// partRows selects the rows of a flat nested column's children that belong to live rows.
func partRows(src, x *vec.Col, n int, sel []uint32) []uint32 {
	rows := []uint32{}
	for i := range vec.Each(n, sel) {
		if src.IsNull(i) {
			continue
		}
		lo, hi := i, i+1
		if x.Type.Kind != types.Struct {
			lo, hi = int(x.Off[i]), int(x.Off[i+1])
		}
		for r := lo; r < hi; r++ {
			rows = append(rows, uint32(r))
		}
	}
	return rows
}

// ownRow makes an error of a child's row one of the row of x it is part of.
func ownRow(err error, x *vec.Col) error {
	var re *RowError
	if !errors.As(err, &re) || x.Type.Kind == types.Struct {
		return err
	}
	row := sort.Search(x.Len, func(i int) bool { return int(x.Off[i+1]) > re.Row })
	return &RowError{Row: row, Err: re.Err}
}
