package parquet

import (
	"strings"

	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/compress"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// Codecs are the values of the option compression, with the endings that Spark gives file names.
var codecs = map[string]struct {
	codec  compress.Compression
	ending string
}{
	"none": {compress.Codecs.Uncompressed, ""}, "uncompressed": {compress.Codecs.Uncompressed, ""},
	"snappy": {compress.Codecs.Snappy, ".snappy"}, "gzip": {compress.Codecs.Gzip, ".gz"},
	"zstd": {compress.Codecs.Zstd, ".zstd"}, "lz4_raw": {compress.Codecs.Lz4Raw, ".lz4raw"},
	"brotli": {compress.Codecs.Brotli, ".br"},
}

// Ending is what comes before ".parquet" in the name of a file that is compressed so.
func Ending(compression string) (string, error) {
	c, ok := codecs[strings.ToLower(compression)]
	if !ok {
		return "", errs.New("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "Parquet files cannot be compressed with %q here", compression).
			State("56038").WithHint("the codecs are none, snappy, gzip, zstd, lz4_raw and brotli")
	}
	return c.ending, nil
}

// decimalBytes is how many bytes a decimal of a precision needs.
var decimalBytes = [39]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 6, 6, 6, 7, 7, 8, 8, 9, 9, 9, 10, 10, 11, 11, 11, 12, 12, 13, 13, 14, 14, 14, 15, 15, 16, 16, 16}

// nodeOf is the Parquet form of a field, as Spark writes it. Everything but a map's key is optional:
// what the plan promises of NULLs is not worth a file that cannot be read.
func nodeOf(name string, t types.Type, rep pq.Repetition) (schema.Node, error) {
	switch t.Kind {
	case types.Array:
		e, err := nodeOf("element", *t.Elem, pq.Repetitions.Optional)
		if err != nil {
			return nil, err
		}
		list, err := schema.NewGroupNode("list", pq.Repetitions.Repeated, schema.FieldList{e}, -1)
		if err != nil {
			return nil, err
		}
		return schema.NewGroupNodeLogical(name, rep, schema.FieldList{list}, schema.NewListLogicalType(), -1)
	case types.Map:
		k, err := nodeOf("key", *t.Key, pq.Repetitions.Required)
		if err != nil {
			return nil, err
		}
		v, err := nodeOf("value", *t.Elem, pq.Repetitions.Optional)
		if err != nil {
			return nil, err
		}
		kv, err := schema.NewGroupNode("key_value", pq.Repetitions.Repeated, schema.FieldList{k, v}, -1)
		if err != nil {
			return nil, err
		}
		return schema.NewGroupNodeLogical(name, rep, schema.FieldList{kv}, schema.MapLogicalType{}, -1)
	case types.Struct:
		fields, err := nodesOf(t.Fields)
		if err != nil {
			return nil, err
		}
		return schema.NewGroupNode(name, rep, fields, -1)
	}
	logical, physical, size := physicalOf(t)
	return schema.NewPrimitiveNodeLogical(name, rep, logical, physical, size, -1)
}

func nodesOf(s []types.Field) (schema.FieldList, error) {
	var out schema.FieldList
	if len(s) == 0 {
		return nil, errs.New("EMPTY_SCHEMA_NOT_SUPPORTED_FOR_DATASOURCE", "a Parquet file needs columns, and a struct in it fields").State("0A000")
	}
	for _, f := range s {
		n, err := nodeOf(f.Name, f.Type, pq.Repetitions.Optional)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	return out, nil
}

// physicalOf is how Spark writes a type. Spark: SparkToParquetSchemaConverter.
func physicalOf(t types.Type) (l schema.LogicalType, p pq.Type, size int) {
	switch t.Kind {
	case types.Null:
		return schema.NullLogicalType{}, pq.Types.Boolean, -1
	case types.Boolean:
		return nil, pq.Types.Boolean, -1
	case types.Byte:
		return schema.NewIntLogicalType(8, true), pq.Types.Int32, -1
	case types.Short:
		return schema.NewIntLogicalType(16, true), pq.Types.Int32, -1
	case types.Int, types.YearMonth:
		return nil, pq.Types.Int32, -1
	case types.Long, types.DayTime:
		return nil, pq.Types.Int64, -1
	case types.Float:
		return nil, pq.Types.Float, -1
	case types.Double:
		return nil, pq.Types.Double, -1
	case types.Date:
		return schema.DateLogicalType{}, pq.Types.Int32, -1
	case types.Timestamp:
		return nil, pq.Types.Int96, -1
	case types.TimestampNTZ:
		return schema.NewTimestampLogicalTypeForce(false, schema.TimeUnitMicros), pq.Types.Int64, -1
	case types.String:
		return schema.StringLogicalType{}, pq.Types.ByteArray, -1
	case types.Decimal:
		l = schema.NewDecimalLogicalType(int32(t.Precision), int32(t.Scale))
		switch {
		case t.Precision <= 9:
			return l, pq.Types.Int32, -1
		case t.Precision <= 18:
			return l, pq.Types.Int64, -1
		}
		return l, pq.Types.FixedLenByteArray, decimalBytes[t.Precision]
	}
	return nil, pq.Types.ByteArray, -1
}
