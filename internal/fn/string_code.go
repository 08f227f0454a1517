package fn

import (
	"crypto/md5"  // #nosec: the SQL function of that name
	"crypto/sha1" // #nosec: the SQL function of that name
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash/crc32"
	"math/bits"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func codeFuncs() []Scalar {
	s, i, l, b := types.StringType, types.IntType, types.LongType, types.BinaryType
	return []Scalar{
		scalar("string", "ascii(str)", "The code point of the first character, 0 for an empty string.", fixed(i, sure1(i, ascii), str)),
		scalar("string", "chr(n)", "The character with the code n modulo 256.", fixed(s, sure1(s, chr), integer64), "char"),
		scalar("hash", "md5(expr)", "The MD5 checksum, 32 hexadecimal digits.", fixed(s, sure1(s, func(v string) string { h := md5.Sum([]byte(v)); return hex.EncodeToString(h[:]) }), bin)),
		scalar("hash", "sha1(expr)", "The SHA-1 checksum, 40 hexadecimal digits.", fixed(s, sure1(s, func(v string) string { h := sha1.Sum([]byte(v)); return hex.EncodeToString(h[:]) }), bin), "sha"),
		scalar("hash", "sha2(expr, bits)", "The SHA-2 checksum of 224, 256 (or 0), 384 or 512 bits in hexadecimal; NULL for other sizes.", orNullable(fixed(s, row2(s, sha2), bin, integer32))),
		scalar("hash", "crc32(expr)", "The cyclic redundancy check value.", fixed(l, sure1(l, func(v string) int64 { return int64(crc32.ChecksumIEEE([]byte(v))) }), bin)),
		scalar("string", "base64(bin)", "The value in base 64.", fixed(s, sure1(s, func(v string) string { return base64.StdEncoding.EncodeToString([]byte(v)) }), bin)),
		scalar("string", "unbase64(str)", "The bytes that a base 64 string stands for.", fixed(b, row1(b, unbase64), str)),
		scalar("math", "hex(expr)", "The number, or the bytes, in hexadecimal.", byFirst(1, hexOf, hexParam)),
		scalar("math", "unhex(str)", "The bytes that a hexadecimal string stands for; NULL if it is none.", orNullable(fixed(b, row1(b, unhex), str))),
		scalar("math", "bin(n)", "The number in binary.", fixed(s, sure1(s, func(v int64) string { return strconv.FormatUint(uint64(v), 2) }), integer64)),
		scalar("url", "url_encode(str)", "The string in application/x-www-form-urlencoded form.", fixed(s, sure1(s, urlEncode), str)),
		scalar("url", "url_decode(str)", "The string that a form-urlencoded string stands for.", fixed(s, row1(s, urlDecode), str)),
		scalar("hash", "xxhash64(a, ...)", "A 64-bit hash of the arguments, the same as Spark's.", direct(bindXXHash)),
		scalar("hash", "hash(a, ...)", "A 32-bit Murmur3 hash of the arguments, the same as Spark's.", direct(bindMurmur)),
	}
}

func ascii(s string) int32 {
	if s == "" {
		return 0
	}
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func chr(n int64) string {
	if n < 0 {
		return ""
	}
	return string(rune(n & 0xff))
}

func sha2(_ *Context, s string, size int32) (string, error) {
	switch v := []byte(s); size {
	case 224:
		h := sha256.Sum224(v)
		return hex.EncodeToString(h[:]), nil
	case 0, 256:
		h := sha256.Sum256(v)
		return hex.EncodeToString(h[:]), nil
	case 384:
		h := sha512.Sum384(v)
		return hex.EncodeToString(h[:]), nil
	case 512:
		h := sha512.Sum512(v)
		return hex.EncodeToString(h[:]), nil
	}
	return "", errNull
}

func unbase64(_ *Context, s string) (string, error) {
	clean := strings.Map(func(r rune) rune {
		if r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
	v, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(clean, "="))
	if err != nil {
		return "", conversionError(s, "BASE64")
	}
	return string(v), nil
}

func conversionError(s, format string) error {
	return errs.New("CONVERSION_INVALID_INPUT",
		`the value '%s' ("STRING") cannot be converted to "BINARY" because it is not %s`, s, format).State("22018")
}

// hexParam takes integers as BIGINT, and strings and binary values as they are.
func hexParam(a Arg) (types.Type, string) {
	if a.Type.IsNumeric() {
		return types.LongType, ""
	}
	return strOrBin(a)
}

func hexOf(t types.Type) (types.Type, Kernel) {
	s := types.StringType
	if t.Kind == types.Long {
		return s, sure1(s, func(v int64) string { return strings.ToUpper(strconv.FormatUint(uint64(v), 16)) })
	}
	return s, sure1(s, func(v string) string { return strings.ToUpper(hex.EncodeToString([]byte(v))) })
}

func unhex(_ *Context, s string) (string, error) {
	if len(s)%2 == 1 {
		s = "0" + s
	}
	v, err := hex.DecodeString(s)
	if err != nil {
		return "", errNull
	}
	return string(v), nil
}

func urlEncode(s string) string {
	return strings.NewReplacer("%2A", "*", "~", "%7E").Replace(url.QueryEscape(s))
}

func urlDecode(_ *Context, s string) (string, error) {
	v, err := url.QueryUnescape(s)
	if err != nil {
		return "", errs.New("CANNOT_DECODE_URL", "the value '%s' is not a form-urlencoded string", s).State("22546")
	}
	return strings.ToValidUTF8(v, "\uFFFD"), nil
}

// bindHash takes any number of arguments of any types but maps; NULLs leave the hash as it is.
func bindHash[T int32 | int64](name string, args []Arg, t types.Type, seed T, f func(h T, c *vec.Col, i int) T) (Bound, error) {
	ts, err := resolveAll(name, args, 1, anyType)
	for _, a := range args {
		if mapInside(a.Type) {
			return Bound{}, errs.New("DATATYPE_MISMATCH.HASH_MAP_TYPE", `%s cannot be over maps: they have no order`, name).State("42K09")
		}
	}
	kernel := func(_ *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		return rowLoop(t, n, sel, nil, func(i int) (T, error) {
			h := seed
			for k := range args {
				h = hashPart(h, &args[k], i, f)
			}
			return h, nil
		})
	}
	return Bound{Params: ts, Result: t, Kernel: kernel}, err
}

func mapInside(t types.Type) bool {
	return t.Kind == types.Map || t.IsNested() && slices.ContainsFunc(partTypes(t), mapInside)
}

// hashPart walks nested values, hashing their parts one after the other.
func hashPart[T int32 | int64](h T, c *vec.Col, i int, f func(h T, c *vec.Col, i int) T) T {
	if c.IsNull(i) {
		return h
	}
	switch c.Type.Kind {
	case types.Struct:
		x, j := c.Phys(i)
		for k := range x.Kids {
			h = hashPart(h, &x.Kids[k], j, f)
		}
		return h
	case types.Array:
		kids, lo, hi := c.List(i)
		for j := lo; j < hi; j++ {
			h = hashPart(h, &kids[0], j, f)
		}
		return h
	}
	return f(h, c, i)
}

func bindXXHash(name string, args []Arg) (Bound, error) {
	return bindHash(name, args, types.LongType, int64(42), xxhashValue)
}

func bindMurmur(name string, args []Arg) (Bound, error) {
	return bindHash(name, args, types.IntType, int32(42), murmurValue)
}

// wideInt is a value that Spark hashes as an int (wide false) or a long.
func hashBits(c *vec.Col, i int) (v int64, wide, bytes bool) {
	switch c.Type.Kind {
	case types.Boolean:
		return int64(boolInt(vec.Get[bool](c, i))), false, false
	case types.Float:
		return int64(int32(floatBits32(vec.Get[float32](c, i)))), false, false
	case types.Double:
		return int64(floatBits64(vec.Get[float64](c, i))), true, false
	case types.Byte, types.Short, types.Int, types.Date, types.YearMonth:
		return intValue(c, i), false, false
	case types.String, types.Binary:
		return 0, false, true
	case types.Decimal:
		if c.Type.Precision <= 18 {
			lo, _ := small(vec.Get[num](c, i))
			return lo, true, false
		}
		return 0, false, true
	}
	return intValue(c, i), true, false
}

// hashBytes are the bytes that Spark hashes of a string, binary value or wide decimal.
func hashBytes(c *vec.Col, i int) []byte {
	if c.Type.Kind != types.Decimal {
		return c.Bytes(i)
	}
	return twosComplement(vec.Get[num](c, i))
}

// twosComplement is Java's BigInteger.toByteArray.
func twosComplement(d num) []byte {
	hi, lo := uint64(d.HighBits()), d.LowBits()
	var b [16]byte
	for k := range 8 {
		b[k], b[8+k] = byte(hi>>(56-8*k)), byte(lo>>(56-8*k))
	}
	k := 0
	for k < 15 && (b[k] == 0 && b[k+1] < 0x80 || b[k] == 0xff && b[k+1] >= 0x80) {
		k++
	}
	return b[k:]
}

// murmurValue is Spark's Murmur3_x86_32, in which each trailing byte is mixed as a word.
func murmurValue(seed int32, c *vec.Col, i int) int32 {
	h := uint32(seed)
	v, wide, isBytes := hashBits(c, i)
	switch {
	case isBytes:
		b := hashBytes(c, i)
		n := len(b) &^ 3
		for k := 0; k < n; k += 4 {
			h = murmurMix(h, uint32(b[k])|uint32(b[k+1])<<8|uint32(b[k+2])<<16|uint32(b[k+3])<<24)
		}
		for _, x := range b[n:] {
			h = murmurMix(h, uint32(int32(int8(x))))
		}
		return murmurEnd(h, uint32(len(b)))
	case wide:
		h = murmurMix(h, uint32(v))
		return murmurEnd(murmurMix(h, uint32(v>>32)), 8)
	}
	return murmurEnd(murmurMix(h, uint32(v)), 4)
}

func murmurMix(h, k uint32) uint32 {
	k = bits.RotateLeft32(k*0xcc9e2d51, 15) * 0x1b873593
	return bits.RotateLeft32(h^k, 13)*5 + 0xe6546b64
}

func murmurEnd(h, length uint32) int32 {
	h ^= length
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return int32(h ^ h>>16)
}
