package fn

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"math/rand/v2"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

func aesFuncs() []Scalar {
	return []Scalar{
		scalar("misc", "aes_encrypt(expr, key[, mode[, padding[, iv[, aad]]]])", "The bytes encrypted with AES in mode GCM, CBC or ECB.", direct(bindAES(6, true, false))),
		scalar("misc", "aes_decrypt(expr, key[, mode[, padding[, aad]]])", "What was encrypted with AES.", direct(bindAES(5, false, false))),
		scalar("misc", "try_aes_decrypt(expr, key[, mode[, padding[, aad]]])", "What was encrypted with AES, or NULL if it cannot be decrypted.", direct(bindAES(5, false, true))),
	}
}

func bindAES(most int, encrypt, try bool) func(name string, args []Arg) (Bound, error) {
	return func(name string, args []Arg) (Bound, error) {
		ts, err := resolve(name, args, 2, []param{bin, bin, str, str, bin, bin}[:most]...)
		if err != nil {
			return Bound{}, err
		}
		b, src := types.BinaryType, &source{}
		k := strict(b, func(c *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
			r, unlock := src.start(c, nil, n)
			defer unlock()
			return rowLoop(b, n, sel, valid, func(i int) (string, error) {
				part := func(k int, other string) string {
					if k < len(args) {
						return args[k].Str(i)
					}
					return other
				}
				job := aesJob{name: name, text: []byte(part(0, "")), mode: strings.ToUpper(part(2, "GCM")), padding: strings.ToUpper(part(3, "DEFAULT")), random: r}
				iv, aad := "", part(4, "")
				if encrypt {
					iv, aad = aad, part(5, "")
				}
				job.iv, job.aad = []byte(iv), []byte(aad)
				out, err := job.run([]byte(part(1, "")), encrypt)
				if err != nil && try {
					err = errNull
				}
				return string(out), err
			})
		})
		return Bound{Params: ts, Result: b, Nullable: nullable(args) || try, Volatile: encrypt && len(args) < 5, Kernel: k}, nil
	}
}

// aesJob is one call. Spark: ExpressionImplUtils.
type aesJob struct {
	name, mode, padding string
	text, iv, aad       []byte
	random              *rand.Rand
}

func (j *aesJob) run(key []byte, encrypt bool) ([]byte, error) {
	if n := len(key); n != 16 && n != 24 && n != 32 {
		return nil, errs.New("INVALID_PARAMETER_VALUE.AES_KEY_LENGTH", "the key of %s must be 16, 24 or 32 bytes long, not %d", j.name, n).State("22023")
	}
	switch j.mode + " " + j.padding {
	case "GCM DEFAULT", "GCM NONE", "CBC DEFAULT", "CBC PKCS", "ECB DEFAULT", "ECB PKCS":
	default:
		return nil, errs.New("UNSUPPORTED_FEATURE.AES_MODE", "AES has no mode %s with padding %s", j.mode, j.padding).State("0A000").
			WithHint("use GCM with NONE, or CBC or ECB with PKCS")
	}
	if len(j.iv) > 0 && j.mode == "ECB" {
		return nil, errs.New("UNSUPPORTED_FEATURE.AES_MODE_IV", "mode ECB takes no initialization vector").State("0A000")
	}
	if len(j.aad) > 0 && j.mode != "GCM" {
		return nil, errs.New("UNSUPPORTED_FEATURE.AES_MODE_AAD", "only mode GCM takes additional data").State("0A000")
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, j.failed("the key cannot be used")
	}
	size := map[string]int{"GCM": 12, "CBC": aes.BlockSize}[j.mode]
	if encrypt {
		return j.encrypt(block, size)
	}
	if len(j.text) < size {
		return nil, j.failed("the input is too short")
	}
	return j.decrypt(block, j.text[:size], j.text[size:])
}

func (j *aesJob) failed(what string) error {
	return errs.New("INVALID_PARAMETER_VALUE.AES_CRYPTO_ERROR", "%s in %s", what, j.name).State("22023").
		WithHint("use the key, mode and padding that it was encrypted with")
}

// encrypt puts the initialization vector, made if none was given, before the result.
func (j *aesJob) encrypt(block cipher.Block, size int) ([]byte, error) {
	iv := j.iv
	if len(iv) == 0 {
		for len(iv) < size {
			iv = binary.LittleEndian.AppendUint64(iv, j.random.Uint64())
		}
		iv = iv[:size]
	}
	if len(iv) != size {
		return nil, errs.New("INVALID_PARAMETER_VALUE.AES_IV_LENGTH", "the initialization vector of mode %s must be %d bytes long, not %d", j.mode, size, len(iv)).State("22023")
	}
	if j.mode == "GCM" {
		g, err := cipher.NewGCM(block)
		if err != nil {
			return nil, j.failed(err.Error())
		}
		return g.Seal(append([]byte{}, iv...), iv, j.text, j.aad), nil
	}
	pad := aes.BlockSize - len(j.text)%aes.BlockSize
	text := append(append([]byte{}, j.text...), bytes.Repeat([]byte{byte(pad)}, pad)...)
	if j.mode == "CBC" {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text)
		return append(append([]byte{}, iv...), text...), nil
	}
	for k := 0; k < len(text); k += aes.BlockSize {
		block.Encrypt(text[k:], text[k:])
	}
	return text, nil
}

func (j *aesJob) decrypt(block cipher.Block, iv, text []byte) ([]byte, error) {
	if j.mode == "GCM" {
		g, err := cipher.NewGCM(block)
		if err != nil {
			return nil, j.failed(err.Error())
		}
		out, err := g.Open(nil, iv, text, j.aad)
		if err != nil {
			return nil, j.failed("the input does not fit the key")
		}
		return out, nil
	}
	if len(text) == 0 || len(text)%aes.BlockSize != 0 {
		return nil, j.failed("the input is no whole number of blocks")
	}
	out := make([]byte, len(text))
	if j.mode == "CBC" {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, text)
	} else {
		for k := 0; k < len(text); k += aes.BlockSize {
			block.Decrypt(out[k:], text[k:])
		}
	}
	pad := int(out[len(out)-1])
	if pad < 1 || pad > aes.BlockSize || !bytes.Equal(out[len(out)-pad:], bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, j.failed("the input does not fit the key")
	}
	return out[:len(out)-pad], nil
}
