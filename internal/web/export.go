package web

import "github.com/azud/azud/internal/errs"

// Export is one page as a self-contained HTML document that asks its source itself.
func Export(name string) ([]byte, error) {
	return nil, errs.New("EXPORT", "there is no page %q", name)
}
