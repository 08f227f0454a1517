package fn

import (
	"encoding/binary"
	"math"
	"math/bits"

	"github.com/azud/azud/internal/vec"
)

// The primes of XXH64. Source: the xxHash specification.
const (
	prime1 uint64 = 0x9E3779B185EBCA87
	prime2 uint64 = 0xC2B2AE3D27D4EB4F
	prime3 uint64 = 0x165667B19E3779F9
	prime4 uint64 = 0x85EBCA77C2B2AE63
	prime5 uint64 = 0x27D4EB2F165667C5
)

// xxhashValue is Spark's XXH64, seeded with the hash so far.
func xxhashValue(seed int64, c *vec.Col, i int) int64 {
	v, wide, isBytes := hashBits(c, i)
	switch {
	case isBytes:
		return int64(xxh64(uint64(seed), hashBytes(c, i)))
	case wide:
		return int64(xxhEnd(xxhWord(uint64(seed)+prime5+8, uint64(v))))
	}
	h := uint64(seed) + prime5 + 4
	h ^= uint64(uint32(v)) * prime1
	return int64(xxhEnd(bits.RotateLeft64(h, 23)*prime2 + prime3))
}

func xxhWord(h, w uint64) uint64 {
	h ^= bits.RotateLeft64(w*prime2, 31) * prime1
	return bits.RotateLeft64(h, 27)*prime1 + prime4
}

func xxhEnd(h uint64) uint64 {
	h = (h ^ h>>33) * prime2
	h = (h ^ h>>29) * prime3
	return h ^ h>>32
}

func xxhRound(acc, w uint64) uint64 { return bits.RotateLeft64(acc+w*prime2, 31) * prime1 }

func xxh64(seed uint64, b []byte) uint64 {
	n := uint64(len(b))
	h := seed + prime5
	if len(b) >= 32 {
		a := [4]uint64{seed + prime1 + prime2, seed + prime2, seed, seed - prime1}
		for ; len(b) >= 32; b = b[32:] {
			for k := range a {
				a[k] = xxhRound(a[k], binary.LittleEndian.Uint64(b[8*k:]))
			}
		}
		h = bits.RotateLeft64(a[0], 1) + bits.RotateLeft64(a[1], 7) + bits.RotateLeft64(a[2], 12) + bits.RotateLeft64(a[3], 18)
		for _, v := range a {
			h = (h^xxhRound(0, v))*prime1 + prime4
		}
	}
	h += n
	for ; len(b) >= 8; b = b[8:] {
		h = xxhWord(h, binary.LittleEndian.Uint64(b))
	}
	if len(b) >= 4 {
		h ^= uint64(binary.LittleEndian.Uint32(b)) * prime1
		h = bits.RotateLeft64(h, 23)*prime2 + prime3
		b = b[4:]
	}
	for _, x := range b {
		h = bits.RotateLeft64(h^uint64(x)*prime5, 11) * prime1
	}
	return xxhEnd(h)
}

// floatBits64 and floatBits32 are Java's doubleToLongBits and floatToIntBits; -0.0 hashes as 0.0.
func floatBits64(v float64) uint64 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return 0x7ff8000000000000
	}
	return math.Float64bits(v)
}

func floatBits32(v float32) uint32 {
	switch {
	case v == 0:
		return 0
	case v != v:
		return 0x7fc00000
	}
	return math.Float32bits(v)
}
