package file

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// partitioned reads the k=v folders of files and gives their columns. Files beside the partition
// folders are dropped, as are files in folders of other names. Spark: PartitioningUtils.
func (t *table) partitioned(files []found) ([]found, types.Schema, error) {
	if t.bool("recursiveFileLookup") {
		return files, nil, nil
	}
	bases := map[string]bool{}
	var names []string
	var kept []found
	var top string
	if b := t.text("basePath"); b != "" {
		p, err := absolute(b, t.env.Sys.Dir)
		if err != nil {
			return nil, nil, err
		}
		top = p
	}
	for i := range files {
		f := &files[i]
		stop := f.root
		if top != "" {
			stop = top
		} else if f.root == f.name {
			stop = parent(f.name)
		}
		var at string
		f.vals, at = folders(parent(f.name), stop)
		if len(f.vals) == 0 {
			continue
		}
		bases[at] = true
		var own []string
		for _, v := range f.vals {
			own = append(own, v.name)
		}
		if names != nil && !slices.Equal(names, own) {
			return nil, nil, errs.New("CONFLICTING_PARTITION_COLUMN_NAMES", "Conflicting partition column names detected: %s, and %s at %s",
				strings.Join(names, ", "), strings.Join(own, ", "), f.name).State("KD009").
				WithHint("a table's folders need the same columns in the same order")
		}
		names = own
		kept = append(kept, *f)
	}
	if len(bases) > 1 {
		return nil, nil, errs.New("CONFLICTING_DIRECTORY_STRUCTURES", "Conflicting directory structures detected: partition folders begin at %d places", len(bases)).
			State("KD009").WithHint("give the folder above them all as the option basePath")
	}
	if names == nil {
		return slices.DeleteFunc(files, func(f found) bool { return f.root != f.name && parent(f.name) != f.root }), nil, nil
	}
	return kept, t.partitionSchema(kept, names), nil
}

// folders reads the k=v parts of a folder's path up from its end, and says where they begin.
func folders(dir, stop string) (vals []parts, at string) {
	for dir != stop && dir != "/" {
		name, raw, ok := strings.Cut(base(dir), "=")
		if !ok || name == "" {
			if len(vals) > 0 {
				break
			}
		} else {
			vals = append(vals, parts{unescape(name), unescape(raw), raw == nullPartition})
		}
		dir = parent(dir)
	}
	slices.Reverse(vals)
	return vals, dir
}

// partitionSchema finds the types of partition columns: those that are declared, or else what all
// values can be read as.
func (t *table) partitionSchema(files []found, names []string) types.Schema {
	s := make(types.Schema, len(names))
	for i, n := range names {
		s[i] = types.Field{Name: n, Type: types.NullType, Nullable: true}
		if d := t.declared.Index(n); d >= 0 {
			s[i].Name, s[i].Type = t.declared[d].Name, t.declared[d].Type
			continue
		}
		seen := map[string]bool{}
		for _, f := range files {
			if v := f.vals[i]; !v.null && !seen[v.raw] {
				seen[v.raw] = true
				s[i].Type = widerPartition(s[i].Type, t.guess(v.raw))
			}
		}
	}
	return s
}

// guess is the type of one value. Spark: PartitioningUtils.inferPartitionColumnValue.
func (t *table) guess(v string) types.Type {
	if _, err := strconv.ParseInt(v, 10, 32); err == nil {
		return types.IntType
	}
	if _, err := strconv.ParseInt(v, 10, 64); err == nil {
		return types.LongType
	}
	if digits := strings.TrimLeft(strings.TrimPrefix(v, "-"), "0"); digits != "" && len(digits) <= types.MaxPrecision && strings.Trim(digits, "0123456789") == "" {
		return types.DecimalType(len(digits), 0)
	}
	if f, err := strconv.ParseFloat(v, 64); err == nil && !math.IsInf(f, 0) && strings.Trim(v, "+-.eE0123456789") == "" {
		return types.DoubleType
	}
	if _, ok := fn.ParseDate(v); ok && len(v) <= 10 && strings.Contains(v, "-") {
		return types.DateType
	}
	if _, ok := fn.ParseTimestamp(v, t.zone()); ok && strings.Contains(v, "-") {
		return types.TimestampType
	}
	return types.StringType
}

// widerPartition is the type for two values. Spark: findWiderTypeForPartitionColumn.
func widerPartition(a, b types.Type) types.Type {
	if a.Kind > b.Kind {
		a, b = b, a
	}
	switch {
	case a.Kind == types.Null || a.Equal(b):
		return b
	case a.Kind == types.Int && (b.Kind == types.Long || b.Kind == types.Double), a.Kind == types.Date && b.Kind == types.Timestamp:
		return b
	case b.Kind == types.Decimal && (a.IsIntegral() || a.Kind == types.Decimal):
		return types.WiderDecimal(types.DecimalFor(a), b)
	}
	return types.StringType
}

// constant is the value of a partition column for a file, as a column of one row.
func (t *table) constant(v parts, typ types.Type) (vec.Col, error) {
	if v.null || typ.Kind == types.Null {
		return vec.NullCol(typ, 1), nil
	}
	text := vec.ConstString(types.StringType, v.raw, 1)
	if typ.Kind == types.String {
		return text, nil
	}
	cast, err := fn.CastKernel(types.StringType, typ, false)
	if err != nil {
		return vec.Col{}, err
	}
	c, err := cast(&fn.Context{Zone: t.zone()}, text, 1, nil)
	if err != nil {
		return c, errs.Wrap(err, "INVALID_PARTITION_VALUE", "the folder %s=%s does not hold %s", v.name, v.raw, typ.SQL()).State("42846").
			WithHint("declare the column %s as STRING", v.name)
	}
	return c, nil
}
