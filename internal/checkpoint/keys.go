package checkpoint

import (
	"encoding/binary"

	"github.com/azud/azud/internal/errs"
)

const (
	tagMeta      = 'm'
	tagSetup     = 'q'
	tagPlan      = 'e'
	tagDone      = 'c'
	tagState     = 's'
	tagJournal   = 'j'
	tagJournalTo = 'J'
	tagSink      = 'k'
)

const (
	kindSnapshot = 0
	kindDelta    = 1
)

func epochKey(tag byte, epoch int64) []byte {
	return binary.BigEndian.AppendUint64([]byte{tag}, uint64(epoch))
}

func stateKey(op, shard int, epoch int64, kind byte) []byte {
	k := binary.BigEndian.AppendUint32([]byte{tagState}, uint32(op))
	k = binary.BigEndian.AppendUint16(k, uint16(shard))
	k = binary.BigEndian.AppendUint64(k, uint64(epoch))
	return append(k, kind)
}

const stateKeyLen = 1 + 4 + 2 + 8 + 1

// parseStateKey returns what follows the operator.
func parseStateKey(k []byte) (shard int, epoch int64, kind byte, err error) {
	if len(k) != stateKeyLen {
		return 0, 0, 0, errs.New("CHECKPOINT_CORRUPT", "a state key of %d bytes", len(k))
	}
	return int(binary.BigEndian.Uint16(k[5:])), int64(binary.BigEndian.Uint64(k[7:])), k[15], nil
}

func operatorPrefix(op int) []byte {
	return binary.BigEndian.AppendUint32([]byte{tagState}, uint32(op))
}

func journalKey(source int, n int64) []byte {
	return binary.BigEndian.AppendUint64(journalPrefix(source), uint64(n))
}

func journalPrefix(source int) []byte {
	return binary.BigEndian.AppendUint32([]byte{tagJournal}, uint32(source))
}

func journalEndKey(source int) []byte {
	return binary.BigEndian.AppendUint32([]byte{tagJournalTo}, uint32(source))
}

// after returns the first key that has not the prefix; the prefixes here never end in 0xff
// bytes only.
func after(prefix []byte) []byte {
	end := append([]byte(nil), prefix...)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i]++; end[i] != 0 {
			return end[:i+1]
		}
	}
	return nil
}
