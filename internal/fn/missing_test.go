package fn

import "testing"

func TestMissingNamesAReason(t *testing.T) {
	for name, want := range map[string]bool{
		"parse_json": true, "XPATH_INT": true, "xpath": true, "kll_sketch_merge_double": true, "make_interval": true,
		"upper": false, "nosuchfunction": false, "time_bucket": false, "st": false, "hllx": false,
	} {
		if reason, ok := Missing(name); ok != want || ok == (reason == "") {
			t.Errorf("%s: %q, %v", name, reason, ok)
		}
	}
}

// What is said to be missing must not be there.
func TestMissingIsMissing(t *testing.T) {
	for _, name := range Builtin().Names() {
		if reason, ok := Missing(name); ok {
			t.Errorf("%s is there, and said to be missing: %s", name, reason)
		}
	}
}
