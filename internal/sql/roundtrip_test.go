package sql

import (
	"reflect"
	"testing"

	"github.com/azud/azud/internal/errs"
)

// same compares two trees but for places, the Quoted marks of identifiers and the text of the
// user that select items and views keep.
func same(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() {
		return false
	}
	if !a.IsValid() {
		return true
	}
	if a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return same(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !same(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Struct:
		if a.Type() == reflect.TypeFor[errs.Span]() {
			return true
		}
		for i := range a.NumField() {
			switch f := a.Type().Field(i); {
			case f.Name == "Quoted" || f.Name == "DefaultText" || f.Name == "Text" && a.Type() != reflect.TypeFor[NumberLit]():
			case !same(a.Field(i), b.Field(i)):
				return false
			}
		}
		return true
	}
	return a.Equal(b)
}

// roundTrip reports the printed text if text parses but does not survive printing.
func roundTrip(t *testing.T, text string) {
	t.Helper()
	first, err := Parse(&errs.Source{Name: "test", Text: text})
	if err != nil {
		return
	}
	for _, s := range first {
		printed := Print(s)
		again, err := Parse(&errs.Source{Name: "printed", Text: printed})
		if err != nil {
			t.Errorf("%q\nprints as %q\nwhich fails: %s", text, printed, errs.Render(err))
			return
		}
		if len(again) != 1 || !same(reflect.ValueOf(s), reflect.ValueOf(again[0])) {
			t.Errorf("%q\nprints as %q\nwhich is another tree (%q)", text, printed, Print(again[0]))
		}
	}
}
