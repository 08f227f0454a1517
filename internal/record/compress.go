package record

import (
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// Compressor compresses record batches at each codec's default level. The zero value is
// ready; it is for one goroutine at a time and keeps its working memory.
type Compressor struct {
	buf  bytes.Buffer
	gzip *gzip.Writer
	lz4  *lz4.Writer
	zstd *zstd.Encoder
}

// Compress appends src, compressed, to dst.
func (c *Compressor) Compress(dst, src []byte, codec Codec) ([]byte, error) {
	switch codec {
	case None:
		return append(dst, src...), nil
	case Gzip:
		if c.gzip == nil {
			c.gzip = gzip.NewWriter(nil)
		}
		c.gzip.Reset(&c.buf)
		return c.through(c.gzip, dst, src)
	case Snappy:
		// A plain block: Java's reader and all others take it beside the framed form.
		n := snappy.MaxEncodedLen(len(src))
		if n < 0 {
			return dst, fmt.Errorf("%d bytes are too many for snappy", len(src))
		}
		at := len(dst)
		dst = append(dst, make([]byte, n)...)
		return dst[:at+len(snappy.Encode(dst[at:], src))], nil
	case LZ4:
		if c.lz4 == nil {
			c.lz4 = lz4.NewWriter(nil)
			// As Kafka writes it: 64 KiB blocks and no checksum of the content.
			if err := c.lz4.Apply(lz4.BlockSizeOption(lz4.Block64Kb), lz4.ChecksumOption(false)); err != nil {
				return dst, err
			}
		}
		c.lz4.Reset(&c.buf)
		return c.through(c.lz4, dst, src)
	case Zstd:
		if c.zstd == nil {
			e, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true),
				zstd.WithWindowSize(256<<10), zstd.WithZeroFrames(true))
			if err != nil {
				return dst, err
			}
			c.zstd = e
		}
		return c.zstd.EncodeAll(src, dst), nil
	}
	return dst, fmt.Errorf("unknown compression %d", codec)
}

// through writes src by w, which writes to c.buf, and appends the result to dst.
func (c *Compressor) through(w io.WriteCloser, dst, src []byte) ([]byte, error) {
	c.buf.Reset()
	if _, err := w.Write(src); err != nil {
		return dst, err
	}
	if err := w.Close(); err != nil {
		return dst, err
	}
	return append(dst, c.buf.Bytes()...), nil
}
