package feed

import (
	"crypto/sha256"
	"fmt"
)

// Kind is what a step does to the client.
type Kind string

// The kinds of steps.
const (
	Body    Kind = "body"    // a file
	Error   Kind = "error"   // status 500
	Cut     Kind = "cut"     // half of the next file, then the connection is cut
	Invalid Kind = "invalid" // the next file with broken JSON, and its ETag
	Repeat  Kind = "repeat"  // the last file again, under another ETag
)

// Step is one answer of the server.
type Step struct {
	Kind Kind
	File string
	ETag string
	Body []byte
}

// Steps puts the files in a row, with the four faults between them in turn. A cut or
// invalid answer bears the ETag of the file that comes next: a client that keeps the
// ETag of a body that it could not use misses that file.
func Steps(files []File, faults bool) []Step {
	between := []Kind{Error, Cut, Invalid, Repeat}
	var steps []Step
	for i, f := range files {
		next := Step{Kind: Body, File: f.Name, ETag: etag(f), Body: f.Body}
		if faults && i > 0 {
			steps = append(steps, fault(between[(i-1)%len(between)], steps[len(steps)-1], next))
		}
		steps = append(steps, next)
	}
	return steps
}

func fault(k Kind, last, next Step) Step {
	switch k {
	case Cut:
		next.Kind = Cut
		return next
	case Invalid:
		next.Kind = Invalid
		next.Body = append(append([]byte{}, next.Body[:len(next.Body)*2/3]...), "<html>"...)
		return next
	case Repeat:
		last.Kind = Repeat
		last.ETag = fmt.Sprintf(`W/"again-%s`, last.ETag[1:])
		return last
	default:
		return Step{Kind: Error, File: last.File}
	}
}

// etag differs for each file, also for two of the same bytes.
func etag(f File) string {
	sum := sha256.Sum256(append([]byte(f.Name+"\n"), f.Body...))
	return fmt.Sprintf(`"%x"`, sum[:8])
}
