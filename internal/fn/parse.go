package fn

import (
	"time"

	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// The readers and printers of single values that formats share with casts.

// ParseTimestamp reads a TIMESTAMP as Spark's cast from STRING does, in microseconds UTC; a
// text without a zone is in the zone given.
func ParseTimestamp(s string, zone *time.Location) (int64, bool) {
	return parseTimestamp(s, &Context{Zone: zone})
}

// ParseTimestampNTZ reads a TIMESTAMP_NTZ, in microseconds of local time.
func ParseTimestampNTZ(s string) (int64, bool) { return parseLocal(s) }

// ParseDate reads a DATE, in days since 1970-01-01.
func ParseDate(s string) (int32, bool) { return parseDate(s) }

// ParseInterval reads an interval of the type given, in microseconds or months, as a cast does.
func ParseInterval(s string, t types.Type) (int64, bool) { return parseInterval(s, t) }

// TextColumn prints a column as to_csv does the parts that CSV has no form for: as a cast, with
// nothing for NULLs inside and binary values in hexadecimal, [61 62].
func TextColumn(c *Context, col *vec.Col) vec.Col {
	p := printer{zone: zoneOf(c), hex: true}
	b := vec.NewColBuilder(types.StringType)
	var buf []byte
	for i := range col.Len {
		if col.IsNull(i) {
			b.AppendNull()
			continue
		}
		buf = p.append(buf[:0], col, i)
		b.AppendBytes(buf)
	}
	return b.Finish()
}

// AppendDouble appends a double (bits 64) or float (bits 32) as Java's toString writes it.
func AppendDouble(dst []byte, v float64, bits int) []byte { return appendDouble(dst, v, bits) }
