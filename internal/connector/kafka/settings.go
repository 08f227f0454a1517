package kafka

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/record"
)

// transactionTimeout ends a transaction that nobody ends: a writer's epoch must be shorter,
// and readers wait at most as long behind a writer that died and never came back. 15 minutes
// is the most that Kafka's brokers allow by default.
const transactionTimeout = 15 * time.Minute

// tuning is what the table's kafka.* options say, where a producer or client takes it.
type tuning struct {
	maxRequest int // bytes of a batch
	timeout    time.Duration
	codec      record.Codec // none by default, as Kafka's own producers: every client can read that
}

// opts are the same for a client.
func (t tuning) opts() []kgo.Opt {
	codecs := [...]kgo.CompressionCodec{kgo.NoCompression(), kgo.GzipCompression(), kgo.SnappyCompression(), kgo.Lz4Compression(), kgo.ZstdCompression()}
	return []kgo.Opt{
		kgo.ProducerBatchMaxBytes(int32(t.maxRequest)), kgo.TransactionTimeout(t.timeout), kgo.ProducerBatchCompression(codecs[t.codec]),
	}
}

// tuningOf reads the table's kafka.* options. Those that guard a connection are refused
// rather than left out; what has no meaning here is logged.
func tuningOf(env connector.Env, t connector.Table) (tuning, error) {
	out := tuning{maxRequest: maxRequest, timeout: transactionTimeout}
	for name, value := range t.Options {
		key, ok := strings.CutPrefix(strings.ToLower(name), "kafka.")
		if !ok || key == "bootstrap.servers" {
			continue
		}
		known, err := out.set(key, value)
		if err != nil {
			return out, errs.Wrap(err, "INVALID_OPTION", "table %s: %s '%s'", t.Name, name, value)
		}
		if !known {
			env.Report.Log("table " + t.Name + ": the setting " + name + " has no effect")
		}
	}
	return out, nil
}

func (t *tuning) set(key, value string) (known bool, err error) {
	switch {
	case key == "security.protocol" && strings.EqualFold(value, "PLAINTEXT"):
	case key == "security.protocol", strings.HasPrefix(key, "sasl."), strings.HasPrefix(key, "ssl."):
		return true, errs.New("UNSUPPORTED_FEATURE", "encrypted and authenticated connections are not supported yet")
	case key == "max.request.size":
		t.maxRequest, err = atLeast(value, 1024)
	case key == "transaction.timeout.ms":
		var ms int
		ms, err = atLeast(value, 1000)
		t.timeout = time.Duration(ms) * time.Millisecond
	case key == "compression.type":
		if t.codec, known = record.ParseCodec(strings.ToLower(value)); !known {
			err = errs.New("", "it is one of none, gzip, snappy, lz4, zstd")
		}
	default:
		return false, nil
	}
	return true, err
}

// atLeast reads a number of 32 bits.
func atLeast(value string, min int64) (int, error) {
	n, err := strconv.ParseInt(value, 10, 32)
	if err == nil && n < min {
		err = errs.New("", "it must be at least %d", min)
	}
	return int(n), err
}
