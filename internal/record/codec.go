package record

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
