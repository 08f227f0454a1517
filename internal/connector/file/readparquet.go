package file

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/format/parquet"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// parquetFormat reads and writes Parquet files; a part is a row group.
type parquetFormat struct{}

func (parquetFormat) check(*table, types.Schema) error { return nil }

// footer reads a file's footer.
func footer(t *table, f found) (*parquet.Footer, error) {
	r, err := t.store.Open(f.name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	foot, err := parquet.ReadFooter(r, f.size)
	if err != nil {
		return nil, errs.Wrap(err, errs.ClassOf(err), "Encountered error while reading file %s", f.name).State("KD001")
	}
	return foot, nil
}

// keep remembers footers: a query asks for its parts' more than once.
func (s *source) keep(f found) (*parquet.Footer, error) {
	s.mu.Lock()
	foot := s.footers[f.name]
	s.mu.Unlock()
	if foot != nil {
		return foot, nil
	}
	foot, err := footer(s.table, f)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.footers == nil {
		s.footers = map[string]*parquet.Footer{}
	}
	s.footers[f.name] = foot
	return foot, nil
}

// infer takes the schema of one file, or with mergeSchema of all.
func (parquetFormat) infer(ctx context.Context, t *table, files []found) (types.Schema, error) {
	var out types.Schema
	for i, f := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		foot, err := footer(t, f)
		if err != nil {
			return nil, err
		}
		s, err := foot.Schema()
		if err != nil {
			return nil, err
		}
		if i == 0 {
			if out = s; !t.bool("mergeSchema") {
				break
			}
			continue
		}
		merged, err := merge(out.Struct(), s.Struct())
		if err != nil {
			return nil, errs.Wrap(err, "CANNOT_MERGE_SCHEMAS", "Failed merging schemas: that of %s does not go with the others", f.name).
				State("42KD9").WithHint("declare the table's columns, or leave out the option mergeSchema")
		}
		out = types.Schema(merged.Fields)
	}
	return out, nil
}

// merge puts two types together: structs get the fields of both. Spark: StructType.merge.
func merge(a, b types.Type) (types.Type, error) {
	switch {
	case a.Kind == types.Struct && b.Kind == types.Struct:
		fields := append([]types.Field(nil), a.Fields...)
		for _, f := range b.Fields {
			i := types.Schema(fields).Index(f.Name)
			if i < 0 {
				fields = append(fields, f)
				continue
			}
			t, err := merge(fields[i].Type, f.Type)
			if err != nil {
				return t, err
			}
			fields[i].Type, fields[i].Nullable = t, fields[i].Nullable || f.Nullable
		}
		return types.StructOf(fields...), nil
	case a.Kind == types.Array && b.Kind == types.Array:
		e, err := merge(*a.Elem, *b.Elem)
		return types.ArrayOf(e, a.HasNull || b.HasNull), err
	case a.Kind == types.Map && b.Kind == types.Map:
		k, err := merge(*a.Key, *b.Key)
		if err != nil {
			return k, err
		}
		v, err := merge(*a.Elem, *b.Elem)
		return types.MapOf(k, v, a.HasNull || b.HasNull), err
	case a.Equal(b):
		return a, nil
	case a.Kind == types.Decimal && b.Kind == types.Decimal && a.Scale == b.Scale:
		return types.DecimalType(int(max(a.Precision, b.Precision)), int(a.Scale)), nil
	}
	return a, errs.New("CANNOT_MERGE_INCOMPATIBLE_DATA_TYPE", "Failed to merge incompatible data types %q and %q", a.SQL(), b.SQL()).State("42825")
}

func (parquetFormat) rows(ctx context.Context, s *source) (n int64, err error) {
	for _, f := range s.files {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		foot, err := s.keep(f)
		if err != nil {
			return 0, err
		}
		n += foot.Rows()
	}
	return n, nil
}

func (parquetFormat) cut(t *table, s *source, f found, filters []connector.Predicate) ([]piece, error) {
	foot, err := s.keep(f)
	if err != nil {
		return nil, err
	}
	var out []piece
groups:
	for g := range foot.Groups() {
		for _, p := range filters {
			col := s.data[p.Column]
			if b, ok := foot.Bounds(g, col.Name, col.Type); ok && !mayHold(p, b) {
				continue groups
			}
		}
		out = append(out, piece{file: f, group: g})
	}
	return out, nil
}

func (parquetFormat) read(_ context.Context, s *source, p piece, want []int) iter.Seq2[*vec.Batch, error] {
	return func(yield func(*vec.Batch, error) bool) {
		foot, err := s.keep(p.file)
		if err != nil {
			yield(nil, err)
			return
		}
		r, err := s.store.Open(p.file.name)
		if err != nil {
			yield(nil, err)
			return
		}
		defer r.Close()
		schema := make(types.Schema, len(want))
		for i, w := range want {
			schema[i] = s.data[w]
		}
		_, row := foot.GroupRows(p.group)
		name := s.shown(p.file)
		for b, err := range foot.Read(r, p.group, schema) {
			if err == nil {
				first := row
				b.Origin = func(i int) string { return fmt.Sprintf("%s row %d", name, first+int64(i)+1) }
				row += int64(b.N)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// parquetEncoder writes one file.
type parquetEncoder struct{ *parquet.Writer }

func (parquetFormat) create(t *table, s types.Schema) (func(Writer) (encoder, error), string, error) {
	codec := strings.ToLower(t.text("compression"))
	ending, err := parquet.Ending(codec)
	return func(w Writer) (encoder, error) {
		pw, err := parquet.NewWriter(w, s, codec)
		return parquetEncoder{pw}, err
	}, ending + ".parquet", err
}
