package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Codec is a compression of record batches, by Kafka's number.
type Codec int8

// Codecs.
const (
	None Codec = iota
	Gzip
	Snappy
	LZ4
	Zstd
)

var codecNames = [...]string{"none", "gzip", "snappy", "lz4", "zstd"}

// String is the name that compression.type uses.
func (c Codec) String() string {
	if c < 0 || int(c) >= len(codecNames) {
		return fmt.Sprintf("codec %d", int8(c))
	}
	return codecNames[c]
}

// ParseCodec finds a codec by its name in compression.type; ok is false for "producer",
// "uncompressed" and whatever else is not a codec's name.
func ParseCodec(name string) (c Codec, ok bool) {
	for i, n := range codecNames {
		if n == name {
			return Codec(i), true
		}
	}
	return None, false
}

// DefaultMaxDecompressed bounds what the records of one batch may decompress to, in bytes.
const DefaultMaxDecompressed = 256 << 20

// ErrTooLarge is wrapped by the error for a batch that decompresses to more than the bound.
var ErrTooLarge = errors.New("the records decompress to more than is allowed")

// Decompressor decompresses record batches. The zero value is ready; it is for one goroutine
// at a time, keeps its buffers, and what it returns is valid until its next call.
type Decompressor struct {
	Max int // bytes of output; 0: DefaultMaxDecompressed

	out  []byte
	in   bytes.Reader
	gzip *gzip.Reader
	lz4  *lz4.Reader
	zstd *zstd.Decoder
}

func (d *Decompressor) max() int {
	if d.Max > 0 {
		return d.Max
	}
	return DefaultMaxDecompressed
}

// Decompress returns what src holds: src itself for None, else the Decompressor's buffer.
func (d *Decompressor) Decompress(src []byte, c Codec) ([]byte, error) {
	switch c {
	case None:
		return src, nil
	case Gzip:
		return d.ungzip(src)
	case Snappy:
		return d.unsnappy(src)
	case LZ4:
		d.in.Reset(src)
		if d.lz4 == nil {
			d.lz4 = lz4.NewReader(&d.in)
		} else {
			d.lz4.Reset(&d.in)
		}
		return d.drain(d.lz4)
	case Zstd:
		return d.unzstd(src)
	}
	return nil, fmt.Errorf("unknown compression %d", c)
}

// Trim lets go of a buffer of more than keep bytes, for who stays idle after a large batch.
func (d *Decompressor) Trim(keep int) {
	if cap(d.out) > keep {
		d.out = nil
	}
}

func (d *Decompressor) ungzip(src []byte) (_ []byte, err error) {
	d.in.Reset(src)
	if d.gzip == nil {
		d.gzip, err = gzip.NewReader(&d.in)
	} else {
		err = d.gzip.Reset(&d.in)
	}
	if err != nil {
		d.gzip = nil
		return nil, err
	}
	return d.drain(d.gzip)
}

func (d *Decompressor) unzstd(src []byte) (_ []byte, err error) {
	if d.zstd == nil {
		d.zstd, err = zstd.NewReader(nil, zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(1),
			zstd.WithDecoderMaxMemory(uint64(d.max())))
		if err != nil {
			return nil, err
		}
	}
	out, err := d.zstd.DecodeAll(src, d.out[:0])
	if errors.Is(err, zstd.ErrDecoderSizeExceeded) || errors.Is(err, zstd.ErrWindowSizeExceeded) || len(out) > d.max() {
		return nil, d.tooLarge()
	}
	if err != nil {
		return nil, err
	}
	d.out = out
	return out, nil
}

// xerial is the head of the stream that Java's Snappy writes: magic, version, lowest version
// that can read it. Blocks follow, each with its length in four bytes.
var xerial = []byte{0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0}

const xerialHead = 16

func (d *Decompressor) unsnappy(src []byte) ([]byte, error) {
	d.out = d.out[:0]
	if !bytes.HasPrefix(src, xerial) {
		err := d.snappyBlock(src)
		return d.out, err
	}
	for len(src) > 0 {
		if bytes.HasPrefix(src, xerial) { // streams may follow each other
			if len(src) < xerialHead {
				return nil, io.ErrUnexpectedEOF
			}
			src = src[xerialHead:]
			continue
		}
		if len(src) < 4 {
			return nil, io.ErrUnexpectedEOF
		}
		n := int64(binary.BigEndian.Uint32(src))
		src = src[4:]
		if n > int64(len(src)) {
			return nil, io.ErrUnexpectedEOF
		}
		if err := d.snappyBlock(src[:n]); err != nil {
			return nil, err
		}
		src = src[n:]
	}
	return d.out, nil
}

// snappyBlock appends one decoded block to out.
func (d *Decompressor) snappyBlock(src []byte) error {
	n, err := snappy.DecodedLen(src)
	if err != nil {
		return err
	}
	// A block of n bytes takes at least n/32: two or three bytes copy at most 64.
	if n > 32*len(src)+64 {
		return snappy.ErrCorrupt
	}
	if n > d.max()-len(d.out) {
		return d.tooLarge()
	}
	at := len(d.out)
	d.room(n)
	got, err := snappy.Decode(d.out[at:at+n:at+n], src)
	if err != nil {
		return err
	}
	d.out = append(d.out, got...) // in place: got is where it belongs already
	return nil
}

// room makes space for n more bytes after out.
func (d *Decompressor) room(n int) {
	if cap(d.out)-len(d.out) < n {
		d.out = append(make([]byte, 0, max(2*cap(d.out), len(d.out)+n)), d.out...)
	}
}

// drain reads r to its end, up to the bound.
func (d *Decompressor) drain(r io.Reader) ([]byte, error) {
	d.out = d.out[:0]
	for {
		d.room(16 << 10)
		n, err := r.Read(d.out[len(d.out):cap(d.out)])
		d.out = d.out[:len(d.out)+n]
		if len(d.out) > d.max() {
			return nil, d.tooLarge()
		}
		if err == io.EOF {
			return d.out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (d *Decompressor) tooLarge() error {
	return fmt.Errorf("%w: %d bytes", ErrTooLarge, d.max())
}
