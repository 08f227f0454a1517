package json

// Elements cuts the outermost array of a text into its elements; false if the text is not one
// array. Spark's readers take each element of an array as a row.
func Elements(text []byte, o Options) ([][]byte, bool) {
	d := &Decoder{opts: o, buf: text}
	d.space()
	if d.peek() != '[' {
		return nil, false
	}
	d.pos++
	d.space()
	var out [][]byte
	if d.peek() == ']' {
		return out, true
	}
	for {
		start := d.pos
		if d.skip(0) != nil {
			return nil, false
		}
		out = append(out, text[start:d.pos])
		d.space()
		switch d.peek() {
		case ',':
			d.pos++
			d.space()
		case ']':
			return out, true
		default:
			return nil, false
		}
	}
}
