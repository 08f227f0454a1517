package kafka

import (
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// transactionTimeout ends a transaction that nobody ends: a writer's epoch must be shorter,
// and readers wait at most as long behind a writer that died and never came back. 15 minutes
// is the most that Kafka's brokers allow by default.
const transactionTimeout = 15 * time.Minute

// settings are the table's kafka.* options that a client takes. Those that guard a
// connection are refused rather than left out; tuning that has no meaning here is logged.
func settings(env connector.Env, t connector.Table) ([]kgo.Opt, error) {
	var opts []kgo.Opt
	for name, value := range t.Options {
		key, ok := strings.CutPrefix(strings.ToLower(name), "kafka.")
		if !ok {
			continue
		}
		opt, err := setting(key, value)
		if err != nil {
			return nil, errs.Wrap(err, "INVALID_OPTION", "table %s: %s '%s'", t.Name, name, value)
		}
		if opt != nil {
			opts = append(opts, opt)
		} else if key != "bootstrap.servers" {
			env.Report.Log("table " + t.Name + ": the setting " + name + " has no effect")
		}
	}
	return opts, nil
}

func setting(key, value string) (kgo.Opt, error) {
	switch {
	case key == "security.protocol" && strings.EqualFold(value, "PLAINTEXT"):
		return kgo.WithHooks(), nil
	case key == "security.protocol", strings.HasPrefix(key, "sasl."), strings.HasPrefix(key, "ssl."):
		return nil, errs.New("UNSUPPORTED_FEATURE", "encrypted and authenticated connections are not supported yet")
	case key == "max.request.size":
		n, err := strconv.ParseInt(value, 10, 32)
		if err == nil && n < 1024 {
			err = errs.New("", "it must be at least 1024")
		}
		return kgo.ProducerBatchMaxBytes(int32(n)), err
	case key == "transaction.timeout.ms":
		n, err := strconv.ParseInt(value, 10, 32)
		if err == nil && n < 1000 {
			err = errs.New("", "it must be at least 1000")
		}
		return kgo.TransactionTimeout(time.Duration(n) * time.Millisecond), err
	case key == "compression.type":
		codec, ok := map[string]kgo.CompressionCodec{"none": kgo.NoCompression(), "gzip": kgo.GzipCompression(),
			"snappy": kgo.SnappyCompression(), "lz4": kgo.Lz4Compression(), "zstd": kgo.ZstdCompression()}[strings.ToLower(value)]
		if !ok {
			return nil, errs.New("", "it is one of none, gzip, snappy, lz4, zstd")
		}
		return kgo.ProducerBatchCompression(codec), nil
	}
	return nil, nil
}
