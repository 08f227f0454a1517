package format

import "github.com/azud/azud/internal/vec"

// Reject is a message that could not be read as the schema says.
type Reject struct {
	Row    int    // its position among the messages of the call
	Reason string // what was expected and found, and where
}

// Decoder turns messages into rows. Not safe for concurrent use.
type Decoder interface {
	// Decode always appends len(msgs) rows to dst: what cannot be read becomes NULL (Spark's
	// PERMISSIVE) and is named in the rejects. A nil message is a row of NULLs and no reject.
	// It does not keep msgs. The error is for what no message can cause.
	Decode(dst *vec.Builder, msgs [][]byte) ([]Reject, error)
}

// Encoder turns rows into messages. Not safe for concurrent use.
type Encoder interface {
	// Encode appends one message for each selected row to dst and returns it; the messages are
	// valid until the next call.
	Encode(dst [][]byte, b *vec.Batch) ([][]byte, error)
}
