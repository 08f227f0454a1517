package interim

import (
	"encoding/binary"
	"encoding/json"
	"hash/crc32"
	"math"
)

// pidEntry is a line of kfake's pids.log.
type pidEntry struct {
	Type    string `json:"type"` // init, endtx, timeout
	PID     int64  `json:"pid"`
	Epoch   int16  `json:"epoch"`
	TxID    string `json:"txid,omitempty"`
	Timeout int32  `json:"timeout,omitempty"` // ms
	Commit  *bool  `json:"commit,omitempty"`  // how the last transaction ended
}

// readFramed returns the sound entries of one of kfake's logs (little endian: length,
// CRC-32C of version and data, version, data), and the bytes they fill.
func readFramed(raw []byte) (entries [][]byte, sound int) {
	const head = 10
	for sound+head <= len(raw) {
		n := int(binary.LittleEndian.Uint32(raw[sound:]))
		if n < 2 || sound+8+n > len(raw) {
			break
		}
		body := raw[sound+8 : sound+8+n]
		if crc32.Checksum(body, castagnoli) != binary.LittleEndian.Uint32(raw[sound+4:]) {
			break
		}
		entries = append(entries, body[2:])
		sound += 8 + n
	}
	return entries, sound
}

func appendFramed(b, data []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(2+len(data)))
	at := len(b)
	b = append(b, 0, 0, 0, 0, 1, 0) // CRC, then version 1
	b = append(b, data...)
	binary.LittleEndian.PutUint32(b[at:], crc32.Checksum(b[at+4:], castagnoli))
	return b
}

// producers are the producer ids that kfake knows, in the order they were made.
type producers struct {
	order []int64
	byID  map[int64]*pidEntry
}

func readProducers(raw []byte) producers {
	p := producers{byID: map[int64]*pidEntry{}}
	entries, _ := readFramed(raw)
	for _, data := range entries {
		var e pidEntry
		if json.Unmarshal(data, &e) != nil {
			continue
		}
		old := p.byID[e.PID]
		switch {
		case e.Type == "init":
			if old == nil {
				p.order = append(p.order, e.PID)
			}
			if e.Commit == nil && old != nil {
				e.Commit = old.Commit
			}
			p.byID[e.PID] = &e
		case old != nil:
			old.Epoch = e.Epoch
			if e.Commit != nil {
				old.Commit = e.Commit
			}
		}
	}
	return p
}

// settle brings the producers to where the journal and the log say they are: one whose
// end was decided is past it, so that its EndTxn, sent again, is answered as the first;
// one whose transaction is aborted here is fenced. The epoch then rises by two: kfake
// takes an EndTxn that is one behind for a repetition, and would call it a success.
func (p producers) settle(ends map[int64]end, aborted map[int64]int16) {
	const top = math.MaxInt16 - 1 // kfake then gives a new producer id
	for _, pid := range p.order {
		e := p.byID[pid]
		if d, ok := ends[pid]; ok && d.kind != began {
			want := d.epoch
			if d.bumps {
				want = min(want, top-1) + 1
			}
			if want >= e.Epoch {
				commit := d.kind == commits
				e.Epoch, e.Commit = want, &commit
			}
		}
		if epoch, ok := aborted[pid]; ok {
			commit := false
			e.Epoch, e.Commit = min(max(e.Epoch, epoch), top-2)+2, &commit
		}
	}
}

func (p producers) bytes() ([]byte, error) {
	var out []byte
	for _, pid := range p.order {
		e := *p.byID[pid]
		e.Type = "init"
		if e.TxID == "" {
			e.Commit = nil
		}
		data, err := json.Marshal(e)
		if err != nil {
			return nil, err
		}
		out = appendFramed(out, data)
	}
	return out, nil
}
