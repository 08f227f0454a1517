package parquet

import (
	"strings"

	pq "github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/schema"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// place is a node of a file's schema.
type place struct {
	name     string
	node     schema.Node
	optional bool
	def, rep int16 // levels at which the node itself is there
	leaf     int   // a leaf's column; a group's first one
	kids     []*place
}

// tree lists the places of a file's schema; leaves are numbered from *leaf on.
func tree(n schema.Node, def, rep int16, leaf *int) *place {
	p := &place{name: n.Name(), node: n, leaf: *leaf, def: def, rep: rep}
	switch n.RepetitionType() {
	case pq.Repetitions.Optional:
		p.optional = true
		p.def++
	case pq.Repetitions.Repeated:
		p.def++
		p.rep++
	}
	g, ok := n.(*schema.GroupNode)
	if !ok {
		*leaf++
		return p
	}
	for i := range g.NumFields() {
		p.kids = append(p.kids, tree(g.Field(i), p.def, p.rep, leaf))
	}
	return p
}

func (p *place) repeated() bool { return p.node.RepetitionType() == pq.Repetitions.Repeated }

func (p *place) isGroup() bool { return p.node.Type() == schema.Group }

// isList and isMap look at both kinds of annotations.
func (p *place) isList() bool {
	_, ok := p.node.LogicalType().(schema.ListLogicalType)
	return p.isGroup() && (ok || p.node.ConvertedType() == schema.ConvertedTypes.List) && len(p.kids) == 1 && p.kids[0].repeated()
}

func (p *place) isMap() bool {
	_, ok := p.node.LogicalType().(schema.MapLogicalType)
	c := p.node.ConvertedType()
	return p.isGroup() && (ok || c == schema.ConvertedTypes.Map || c == schema.ConvertedTypes.MapKeyValue) &&
		len(p.kids) == 1 && p.kids[0].repeated() && len(p.kids[0].kids) == 2
}

// element is the place of a list's elements: the repeated node itself in the older layouts.
// Spark: ParquetSchemaConverter.isElementType; Parquet's rules of compatibility.
func (p *place) element() *place {
	r := p.kids[0]
	if !r.isGroup() || len(r.kids) != 1 || r.name == "array" || r.name == p.name+"_tuple" {
		return r
	}
	return r.kids[0]
}

// typeOf is the Spark type of a place. Spark: ParquetToSparkSchemaConverter.
func typeOf(p *place) (types.Type, error) {
	switch {
	case p.isList():
		e := p.element()
		t, err := bare(e)
		return types.ArrayOf(t, e.optional), err
	case p.isMap():
		kv := p.kids[0].kids
		k, err := typeOf(kv[0])
		if err != nil {
			return types.Type{}, err
		}
		v, err := typeOf(kv[1])
		return types.MapOf(k, v, kv[1].optional), err
	case p.repeated():
		t, err := bare(p)
		return types.ArrayOf(t, false), err
	}
	return bare(p)
}

// bare is the type of a place without its own repetition.
func bare(p *place) (types.Type, error) {
	if !p.isGroup() {
		return leafType(p.node.(*schema.PrimitiveNode))
	}
	if !p.repeated() && (p.isList() || p.isMap()) {
		return typeOf(p)
	}
	fields := make([]types.Field, len(p.kids))
	for i, k := range p.kids {
		t, err := typeOf(k)
		if err != nil {
			return t, err
		}
		fields[i] = types.Field{Name: k.name, Type: t, Nullable: true}
	}
	return types.StructOf(fields...), nil
}

// leafType is the Spark type of a column. Spark: ParquetToSparkSchemaConverter.convertPrimitiveField.
func leafType(n *schema.PrimitiveNode) (types.Type, error) {
	switch l := n.LogicalType().(type) {
	case schema.DecimalLogicalType:
		return decimalType(n, int(l.Precision()), int(l.Scale()))
	case schema.IntLogicalType:
		return intType(l.BitWidth(), l.IsSigned()), nil
	case schema.DateLogicalType:
		return types.DateType, nil
	case schema.TimestampLogicalType:
		switch {
		case l.TimeUnit() == schema.TimeUnitNanos:
			return types.Type{}, illegal(n, "PARQUET_TYPE_ILLEGAL")
		case l.IsAdjustedToUTC():
			return types.TimestampType, nil
		}
		return types.TimestampNTZType, nil
	case schema.StringLogicalType, schema.EnumLogicalType, schema.JSONLogicalType:
		return types.StringType, nil
	case schema.NullLogicalType:
		return types.NullType, nil
	case schema.TimeLogicalType:
		return types.Type{}, illegal(n, "PARQUET_TYPE_NOT_SUPPORTED")
	}
	switch n.ConvertedType() {
	case schema.ConvertedTypes.UTF8, schema.ConvertedTypes.Enum, schema.ConvertedTypes.JSON:
		return types.StringType, nil
	case schema.ConvertedTypes.Decimal:
		return decimalType(n, int(n.DecimalMetadata().Precision), int(n.DecimalMetadata().Scale))
	case schema.ConvertedTypes.Interval:
		return types.Type{}, illegal(n, "PARQUET_TYPE_ILLEGAL")
	}
	switch n.PhysicalType() {
	case pq.Types.Boolean:
		return types.BooleanType, nil
	case pq.Types.Int32:
		return types.IntType, nil
	case pq.Types.Int64:
		return types.LongType, nil
	case pq.Types.Int96:
		return types.TimestampType, nil
	case pq.Types.Float:
		return types.FloatType, nil
	case pq.Types.Double:
		return types.DoubleType, nil
	case pq.Types.ByteArray, pq.Types.FixedLenByteArray:
		return types.BinaryType, nil
	}
	return types.Type{}, illegal(n, "PARQUET_TYPE_ILLEGAL")
}

func illegal(n *schema.PrimitiveNode, class string) error {
	return errs.New("_LEGACY_"+class, "the Parquet type of the column %s (%s %s) has no type in Spark SQL", n.Path(), n.PhysicalType(), n.LogicalType()).State("42K0G")
}

func intType(bits int8, signed bool) types.Type {
	switch {
	case bits == 8 && signed:
		return types.ByteType
	case bits == 8, bits == 16 && signed:
		return types.ShortType
	case bits == 16, bits == 32 && signed:
		return types.IntType
	case bits == 32, signed:
		return types.LongType
	}
	return types.DecimalType(20, 0)
}

func decimalType(n *schema.PrimitiveNode, p, s int) (types.Type, error) {
	if p < 1 || p > types.MaxPrecision || s < 0 || s > p {
		return types.Type{}, errs.New("DECIMAL_PRECISION_EXCEEDS_MAX_PRECISION", "the column %s is a decimal of %d digits, %d of them behind the point", n.Path(), p, s).State("22003")
	}
	return types.DecimalType(p, s), nil
}

// find is the child of a group with a name: the exact one, or else the one that differs by case.
func (p *place) find(name string) *place {
	var near *place
	for _, k := range p.kids {
		if k.name == name {
			return k
		}
		if near == nil && strings.EqualFold(k.name, name) {
			near = k
		}
	}
	return near
}
