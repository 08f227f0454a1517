package vec

// View returns rows [lo, hi) of c without copying values: it shares c's buffers. Off[0] of
// a view may be greater than 0.
func (c *Col) View(lo, hi int) Col {
	v := *c
	v.Len = hi - lo
	switch c.Enc {
	case Const:
		return v
	case Dict:
		v.Ids = c.Ids[lo:hi]
	default:
		v.viewFlat(c, lo, hi)
	}
	v.Valid = viewBits(c.Valid, lo, hi)
	return v
}

func (v *Col) viewFlat(c *Col, lo, hi int) {
	switch w := Width(c.Type); {
	case w > 0:
		v.Data = c.Data[lo*w : hi*w]
	case c.Off != nil: // the bytes or elements stay where they are
		v.Off = c.Off[lo : hi+1]
	default:
		v.Kids = make([]Col, len(c.Kids))
		for i := range c.Kids {
			v.Kids[i] = c.Kids[i].View(lo, hi)
		}
	}
}

// viewBits returns bits [lo, hi) of a bitmap; shared when lo is a multiple of 8.
func viewBits(bits []byte, lo, hi int) []byte {
	if bits == nil {
		return nil
	}
	if lo&7 == 0 {
		return bits[lo>>3 : (hi+7)>>3]
	}
	out := make([]byte, (hi-lo+7)>>3)
	for i := lo; i < hi; i++ {
		out[(i-lo)>>3] |= bits[i>>3] >> (i & 7) & 1 << ((i - lo) & 7)
	}
	return out
}

// View returns rows [lo, hi) of a batch (counted without the selection), with what the
// selection leaves of them; columns are shared with b.
func (b *Batch) View(lo, hi int) *Batch {
	out := &Batch{N: hi - lo, Cols: make([]Col, len(b.Cols))}
	for i := range b.Cols {
		out.Cols[i] = b.Cols[i].View(lo, hi)
	}
	if b.Sel != nil {
		out.Sel = []uint32{}
		for _, r := range b.Sel {
			if int(r) >= lo && int(r) < hi {
				out.Sel = append(out.Sel, r-uint32(lo))
			}
		}
	}
	return out
}
