package broker

import (
	"errors"

	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/azud/azud/internal/log"
)

// codes are Kafka's errors for those of the log.
var codes = []struct {
	err   error
	kafka *kerr.Error
}{
	{log.ErrNoTopic, kerr.UnknownTopicOrPartition},
	{log.ErrNoPartition, kerr.UnknownTopicOrPartition},
	{log.ErrTopicExists, kerr.TopicAlreadyExists},
	{log.ErrOutOfRange, kerr.OffsetOutOfRange},
	{log.ErrCorruptBatch, kerr.CorruptMessage},
	{log.ErrBatchTooLarge, kerr.MessageTooLarge},
	{log.ErrBadTimestamp, kerr.InvalidTimestamp},
	{log.ErrNoKey, kerr.InvalidRecord},
	{log.ErrOldFormat, kerr.UnsupportedForMessageFormat},
	{log.ErrOutOfOrder, kerr.OutOfOrderSequenceNumber},
	{log.ErrUnknownProducer, kerr.UnknownProducerID},
	{log.ErrProducerFenced, kerr.InvalidProducerEpoch},
	{log.ErrTxnState, kerr.InvalidTxnState},
	{log.ErrDamaged, kerr.CorruptMessage},
	{log.ErrStorage, kerr.KafkaStorageError},
	{log.ErrDiskFull, kerr.KafkaStorageError},
	{log.ErrClosed, kerr.NotLeaderForPartition},
}

// code is the Kafka error code of err: 0 for nil, that of a *kerr.Error, what codes says of
// the log's, else UNKNOWN_SERVER_ERROR.
func code(err error) int16 {
	if err == nil {
		return 0
	}
	var k *kerr.Error
	if errors.As(err, &k) {
		return k.Code
	}
	for _, c := range codes {
		if errors.Is(err, c.err) {
			return c.kafka.Code
		}
	}
	return kerr.UnknownServerError.Code
}
