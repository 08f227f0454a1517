package vec

import (
	"bytes"
	"io"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
)

// IPC reads and writes batches of one schema as Arrow IPC record batch messages without
// the schema message, for places that keep many small batches of a known schema. It is
// not safe for concurrent use.
type IPC struct {
	schema *arrow.Schema
	head   []byte // the schema message, put before what is read
	buf    bytes.Buffer
}

// NewIPC makes a codec for a schema.
func NewIPC(s types.Schema) (*IPC, error) {
	c := &IPC{schema: ArrowSchema(s, "UTC")}
	p := ipc.GetSchemaPayload(c.schema, memory.DefaultAllocator)
	defer p.Release()
	if _, err := p.WritePayload(&c.buf); err != nil {
		return nil, err
	}
	c.head = bytes.Clone(c.buf.Bytes())
	return c, nil
}

// Encode returns the selected rows as one message; the caller owns it.
func (c *IPC) Encode(b *Batch) ([]byte, error) {
	if len(b.Cols) != c.schema.NumFields() {
		return nil, errs.New("INTERNAL_ERROR", "a batch of %d columns for a schema of %d", len(b.Cols), c.schema.NumFields())
	}
	rec := ToArrow(c.schema, b)
	defer rec.Release()
	p, err := ipc.GetRecordBatchPayload(rec)
	if err != nil {
		return nil, err
	}
	defer p.Release()
	c.buf.Reset()
	if _, err := p.WritePayload(&c.buf); err != nil {
		return nil, err
	}
	return bytes.Clone(c.buf.Bytes()), nil
}

// Decode reads what Encode wrote; the batch shares nothing with msg.
func (c *IPC) Decode(msg []byte) (*Batch, error) {
	_, list, err := readIPC(io.MultiReader(bytes.NewReader(c.head), bytes.NewReader(msg)), len(c.head)+len(msg))
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, errs.New("MALFORMED_ARROW", "%d record batches where one was expected", len(list))
	}
	return list[0], nil
}

// EncodeIPC writes batches as a complete Arrow IPC stream: schema, batches, end.
func EncodeIPC(w io.Writer, s types.Schema, batches ...*Batch) error {
	schema := ArrowSchema(s, "UTC")
	out := ipc.NewWriter(w, ipc.WithSchema(schema))
	for _, b := range batches {
		rec := ToArrow(schema, b)
		err := out.Write(rec)
		rec.Release()
		if err != nil {
			return err
		}
	}
	return out.Close()
}

// DecodeIPC reads a complete Arrow IPC stream; a message of more than 1 GiB is refused.
func DecodeIPC(r io.Reader) (types.Schema, []*Batch, error) { return readIPC(r, 1<<30) }

// bounded allocates no more than its value at once, so that a broken length cannot take
// all memory (arrow-go checks such limits only in its file reader). Its panic is turned
// into an error by readIPC.
type bounded int

func (b bounded) check(size int) {
	if size > int(b) || size < 0 {
		panic(errs.New("MALFORMED_ARROW", "%d bytes announced where at most %d can follow", size, int(b)))
	}
}

func (b bounded) Allocate(size int) []byte {
	b.check(size)
	return memory.DefaultAllocator.Allocate(size)
}

func (b bounded) Reallocate(size int, old []byte) []byte {
	b.check(size)
	return memory.DefaultAllocator.Reallocate(size, old)
}

func (b bounded) Free(old []byte) { memory.DefaultAllocator.Free(old) }

// readIPC reads a stream whose parts are at most limit bytes.
func readIPC(r io.Reader, limit int) (s types.Schema, list []*Batch, err error) {
	defer func() {
		if p := recover(); p != nil { // arrow-go panics on some malformed messages
			list, err = nil, errs.New("MALFORMED_ARROW", "malformed Arrow data: %v", p)
		}
	}()
	in, err := ipc.NewReader(r, ipc.WithAllocator(bounded(limit+1024)))
	if err != nil {
		return nil, nil, errs.Wrap(err, "MALFORMED_ARROW", "cannot read the Arrow schema")
	}
	defer in.Release()
	if s, err = SchemaFromArrow(in.Schema()); err != nil {
		return nil, nil, err
	}
	for in.Next() {
		b, err := FromArrow(in.RecordBatch())
		if err != nil {
			return nil, nil, err
		}
		list = append(list, b)
	}
	if err := in.Err(); err != nil && err != io.EOF {
		return nil, nil, errs.Wrap(err, "MALFORMED_ARROW", "cannot read an Arrow record batch")
	}
	return s, list, nil
}
