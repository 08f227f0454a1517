package file

import (
	"compress/bzip2"
	"encoding/binary"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/snappy"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"

	"github.com/azud/azud/internal/errs"
)

// endings are those of compressed files of text, with the values of the option compression.
var endings = map[string]string{"gzip": ".gz", "deflate": ".deflate", "bzip2": ".bz2", "snappy": ".snappy", "lz4": ".lz4", "zstd": ".zst",
	"none": "", "uncompressed": ""}

func compressed(name string) bool {
	for _, e := range endings {
		if e != "" && strings.HasSuffix(name, e) {
			return true
		}
	}
	return false
}

// decompress reads a file by its name's ending; done frees what that took.
func decompress(name string, r io.Reader) (out io.Reader, done func(), err error) {
	done = func() {}
	switch name[strings.LastIndexByte(name, '.')+1:] {
	case "gz":
		out, err = gzip.NewReader(r)
	case "deflate":
		out, err = zlib.NewReader(r)
	case "bz2":
		out = bzip2.NewReader(r)
	case "zst":
		var z *zstd.Decoder
		if z, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1)); err == nil {
			out, done = z, z.Close
		}
	case "snappy":
		out = &hadoopReader{r: r, decode: func(dst, src []byte) (int, error) {
			b, err := snappy.Decode(dst, src)
			return len(b), err
		}}
	case "lz4":
		out = &hadoopReader{r: r, decode: func(dst, src []byte) (int, error) {
			return lz4.UncompressBlock(src, dst)
		}}
	default:
		out = r
	}
	if err != nil {
		return nil, nil, errs.Wrap(err, "FAILED_READ_FILE.NO_HINT", "the file is not compressed as its name says").State("KD001")
	}
	return out, done, nil
}

// compress writes in a codec of the option compression.
func compress(codec string, w io.Writer) (io.WriteCloser, error) {
	switch codec {
	case "none", "uncompressed":
		return plain{w}, nil
	case "gzip":
		return gzip.NewWriter(w), nil
	case "deflate":
		return zlib.NewWriter(w), nil
	case "zstd":
		return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
	case "snappy":
		return &hadoopWriter{w: w, encode: func(dst, src []byte) ([]byte, error) { return snappy.Encode(dst[:0], src), nil }}, nil
	case "lz4":
		var c lz4.Compressor
		return &hadoopWriter{w: w, encode: func(dst, src []byte) ([]byte, error) {
			if need := lz4.CompressBlockBound(len(src)); cap(dst) < need {
				dst = make([]byte, need)
			}
			n, err := c.CompressBlock(src, dst[:cap(dst)])
			return dst[:n], err
		}}, nil
	}
	return nil, errs.New("CODEC_NOT_AVAILABLE.WITH_AVAILABLE_CODECS_SUGGESTION", "files cannot be compressed with %q here", codec).
		State("56038").WithHint("the codecs are none, gzip, deflate, snappy, lz4 and zstd")
}

type plain struct{ io.Writer }

func (plain) Close() error { return nil }

// maxChunk bounds what a damaged file can make us allocate.
const maxChunk = 64 << 20

// hadoopReader reads Hadoop's own frame around block codecs: the length of a block in the clear,
// then chunks, each its length and its bytes.
type hadoopReader struct {
	r      io.Reader
	decode func(dst, src []byte) (int, error)
	left   int // of the block, in the clear
	src    []byte
	out    []byte
	at     int
}

func (h *hadoopReader) Read(p []byte) (int, error) {
	for h.at == len(h.out) {
		if err := h.chunk(); err != nil {
			return 0, err
		}
	}
	n := copy(p, h.out[h.at:])
	h.at += n
	return n, nil
}

func (h *hadoopReader) chunk() error {
	for h.left == 0 {
		n, err := h.length()
		if err != nil {
			return err // io.EOF between blocks is the end
		}
		h.left = n
	}
	n, err := h.length()
	if err != nil {
		return noEOF(err)
	}
	h.src = sized(h.src, n)
	if _, err := io.ReadFull(h.r, h.src); err != nil {
		return noEOF(err)
	}
	h.out = sized(h.out[:0], h.left)
	m, err := h.decode(h.out, h.src)
	if err != nil {
		return err
	}
	h.out, h.at = h.out[:m], 0
	h.left -= m
	return nil
}

func noEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func sized(b []byte, n int) []byte {
	if cap(b) < n {
		return make([]byte, n)
	}
	return b[:n]
}

func (h *hadoopReader) length() (int, error) {
	var b [4]byte
	if _, err := io.ReadFull(h.r, b[:]); err != nil {
		return 0, err
	}
	n := binary.BigEndian.Uint32(b[:])
	if n > maxChunk {
		return 0, errs.New("FAILED_READ_FILE.NO_HINT", "the file is damaged: a block of %d bytes", n).State("KD001")
	}
	return int(n), nil
}

// hadoopBlock is how much goes into a block.
const hadoopBlock = 128 << 10

// hadoopWriter writes what hadoopReader reads.
type hadoopWriter struct {
	w      io.Writer
	encode func(dst, src []byte) ([]byte, error)
	buf    []byte
	out    []byte
}

func (h *hadoopWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), hadoopBlock-len(h.buf))
		h.buf = append(h.buf, p[:k]...)
		p = p[k:]
		if len(h.buf) == hadoopBlock {
			if err := h.flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, nil
}

func (h *hadoopWriter) flush() error {
	if len(h.buf) == 0 {
		return nil
	}
	var err error
	if h.out, err = h.encode(h.out, h.buf); err != nil {
		return err
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(h.buf)))
	head = binary.BigEndian.AppendUint32(head, uint32(len(h.out)))
	h.buf = h.buf[:0]
	if _, err := h.w.Write(head); err != nil {
		return err
	}
	_, err = h.w.Write(h.out)
	return err
}

func (h *hadoopWriter) Close() error { return h.flush() }
