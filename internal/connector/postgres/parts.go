package postgres

import (
	"context"
	"fmt"
	"math/big"
	"strconv"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/types"
)

// piece is a part of a relation: the rows whose column, or place in the table (pages), is in
// [lo, hi); nil is no bound. Without a column it is all.
type piece struct {
	column string
	pages  bool
	lo, hi *param
	share  string // the snapshot that all parts have; "": there is but one
}

// pagesOfPart is the least number of pages (8 KiB) for which a connection of its own is worth it.
const (
	pagesOfPart = 4096
	mostParts   = 8
)

func (r *source) Parts(ctx context.Context, sc connector.Scan) ([]connector.Part, error) {
	pieces, err := r.pieces(ctx, sc)
	if err != nil {
		return nil, err
	}
	if len(pieces) > 1 {
		id, err := r.snapshot(ctx)
		if err != nil {
			return nil, err
		}
		for i := range pieces {
			pieces[i].share = id
		}
	}
	out := make([]connector.Part, len(pieces))
	for i, p := range pieces {
		out[i] = connector.Part{ID: r.rel.shown(), Data: p}
		if len(pieces) > 1 {
			out[i].ID = fmt.Sprintf("%s[%d]", r.rel.shown(), i)
		}
	}
	return out, nil
}

func (r *source) pieces(ctx context.Context, sc connector.Scan) ([]piece, error) {
	name, given := r.table.Options.Lookup("partitionColumn")
	n, most := r.conn.Int(r.table.Options, "numPartitions"), int64(0)
	if _, ok := r.table.Options.Lookup("numPartitions"); ok {
		if n < 1 {
			return nil, errs.New("INVALID_OPTION", "numPartitions is %d, but must be at least 1", n)
		}
		most = n
	}
	if given {
		return r.byColumn(name, most)
	}
	for _, o := range []string{"lowerBound", "upperBound"} {
		if _, ok := r.table.Options.Lookup(o); ok {
			return nil, errs.New("MISSING_OPTION", "When reading JDBC data sources, users need to specify all or none for the following options: 'partitionColumn', 'lowerBound', 'upperBound', and 'numPartitions'").
				WithHint("add partitionColumn, or leave %s out", o)
		}
	}
	if sc.Limit >= 0 && len(sc.Filters) == 0 {
		return []piece{{}}, nil
	}
	return r.byPages(ctx, most)
}

// byColumn cuts [lowerBound, upperBound) of a column into strides.
func (r *source) byColumn(name string, n int64) ([]piece, error) {
	lower, l := r.table.Options.Lookup("lowerBound")
	upper, u := r.table.Options.Lookup("upperBound")
	if !l || !u || n == 0 {
		return nil, errs.New("MISSING_OPTION", "When reading JDBC data sources, users need to specify all or none for the following options: 'partitionColumn', 'lowerBound', 'upperBound', and 'numPartitions'").
			WithHint("of large tables that are named by dbtable parts are made without them")
	}
	c := r.find(name)
	if c == nil {
		return nil, errs.New("UNRESOLVED_COLUMN.WITH_SUGGESTION", "the option partitionColumn names %s, which %s does not have", name, r.rel.shown()).State("42703").
			WithHint("the columns are %v", r.names())
	}
	lo, err := r.bound(c, "lowerBound", lower)
	if err != nil {
		return nil, err
	}
	hi, err := r.bound(c, "upperBound", upper)
	if err != nil {
		return nil, err
	}
	if lo > hi {
		return nil, errs.New("INVALID_OPTION", "lowerBound %s is more than upperBound %s", lower, upper)
	}
	width := new(big.Int).Sub(big.NewInt(hi), big.NewInt(lo))
	if width.IsInt64() {
		n = max(1, min(n, width.Int64()))
	}
	out := make([]piece, n)
	for i := range out {
		out[i].column = c.name
		if i > 0 {
			at := new(big.Int).Mul(width, big.NewInt(int64(i)))
			cut := r.cut(c, lo+at.Div(at, big.NewInt(n)).Int64())
			out[i].lo, out[i-1].hi = &cut, &cut
		}
	}
	return out, nil
}

// bound reads a bound: a number, a date in days or a time in microseconds.
func (r *source) bound(c *column, option, v string) (n int64, err error) {
	ok := false
	switch c.typ.Kind {
	case types.Short, types.Int, types.Long, types.Decimal:
		n, err = strconv.ParseInt(v, 10, 64)
		ok = err == nil
	case types.Date:
		if n, ok = fn.ParseTimestampNTZ(v); ok {
			n = floorDiv(n, 86400e6)
		}
	case types.Timestamp:
		n, ok = fn.ParseTimestamp(v, r.zone)
		if c.local {
			n = toLocal(n, r.zone)
		}
	case types.TimestampNTZ:
		n, ok = fn.ParseTimestampNTZ(v)
	default:
		return 0, errs.New("INVALID_OPTION", "partitionColumn %s is %s", c.name, c.typ.SQL()).
			WithHint("it must be a number, a date or a timestamp")
	}
	if !ok {
		return 0, errs.New("INVALID_OPTION", "%s %q is not a value of column %s, which is %s", option, v, c.name, c.typ.SQL())
	}
	return n, nil
}

// cut is a bound as a parameter.
func (r *source) cut(c *column, n int64) param {
	switch c.typ.Kind {
	case types.Date:
		return param{be.AppendUint32(nil, uint32(int32(n)-epochDays)), oidDate, 1}
	case types.Timestamp, types.TimestampNTZ:
		oid := uint32(oidTimestamptz)
		if c.oid == oidTimestamp {
			oid = oidTimestamp
		}
		return timeParam(oid, n)
	}
	return textParam(oidNumeric, strconv.FormatInt(n, 10))
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// byPages cuts a large table by where its rows lie.
func (r *source) byPages(ctx context.Context, most int64) ([]piece, error) {
	size, err := r.size(ctx)
	if err != nil || size.kind != "r" || size.version < 140000 { // earlier ones read the whole table for each part
		return []piece{{}}, err
	}
	n := min(size.pages/pagesOfPart, mostParts)
	if most > 0 {
		n = min(most, max(size.pages, 1))
	}
	if n < 2 {
		return []piece{{}}, nil
	}
	out := make([]piece, n)
	for i := range out {
		out[i].column, out[i].pages = "ctid", true
		if i > 0 {
			cut := textParam(oidTID, fmt.Sprintf("(%d,0)", size.pages*int64(i)/n))
			out[i].lo, out[i-1].hi = &cut, &cut
		}
	}
	return out, nil
}
