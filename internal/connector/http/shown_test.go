package http_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/conformance"
	"github.com/azud/azud/internal/errs"
)

// An address may hold a password and a key: no message repeats them, whatever goes wrong.
func TestSecretsOfTheAddressAreNotShown(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"status": http.NotFound, "body": body("<html>"), "cut": cut, "rejected": body(`{"rows":[{"v":1}]}`),
		"gone":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"moved": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.String(), http.StatusFound) },
	} {
		t.Run(name, func(t *testing.T) {
			w := conformance.NewWorld(t)
			srv := newWeb(t, answer)
			address := strings.Replace(srv.URL, "http://", "http://ana:S3CRET@", 1) + "/feed?apikey=S3CRET&S3CRET#S3CRET"
			start(t, w, address, nil)
			told := strings.Join(append(w.Reporter.Troubles(), append(w.Reporter.Rejects(), w.Reporter.Logs()...)...), "\n")
			if want := srv.URL + "/feed?apikey=…&…"; !strings.Contains(told, want) || strings.Contains(told, "S3CRET") || strings.Contains(told, "ana") {
				t.Errorf("told %q, want %s in it", told, want)
			}
		})
	}
}

func TestSecretsOfARefusedAddressAreNotShown(t *testing.T) {
	for address, want := range map[string]string{
		"ftp://ana:S3CRET@x/y?k=S3CRET":  "ftp://x/y?k=…",
		"ana:S3CRET@x":                   "x",
		"http://ana:S3CRET@:port/y":      ":port/y",
		"http://ana:S3/CRET@x/y":         "…/x/y",
		"http://x\x7f/?S3CRET":           "?…",
		"http://?=S3CRET&apikey=S3=CRET": "http://?=…&apikey=…",
	} {
		_, err := source(t, conformance.NewWorld(t), address, connector.Options{})
		if err == nil {
			t.Fatalf("%q is taken", address)
		}
		got := errs.Render(err)
		if !strings.Contains(got, want) || strings.Contains(got, "S3CRET") || strings.Contains(got, "CRET") || strings.Contains(got, "ana") {
			t.Errorf("%q: %s", address, got)
		}
	}
}
