package registry

import (
	"net"
	"net/http"
	"os"
	"testing"
)

// TestServe serves an empty registry for clients of other languages, until it is killed:
//
//	AZUD_REGISTRY_LISTEN=127.0.0.1:8081 go test -run TestServe -timeout 0 ./internal/registry
func TestServe(t *testing.T) {
	addr := os.Getenv("AZUD_REGISTRY_LISTEN")
	if addr == "" {
		t.Skip("AZUD_REGISTRY_LISTEN is not set")
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(http.Serve(ln, open(t, &memory{})))
}
