package broker

import (
	"net"
	"net/netip"

	"github.com/azud/azud/internal/errs"
)

// CheckExposure refuses listeners that other machines reach and that ask neither for a
// certificate nor for a login, unless insecure says that this is meant.
func CheckExposure(listeners []Listener, insecure bool) error {
	if insecure {
		return nil
	}
	for _, l := range listeners {
		if l.Security != Plaintext || loopback(l.Addr) {
			continue
		}
		return errs.New("LISTENER_EXPOSED", "anybody who reaches %s could read and write all topics: the listener asks for no login and speaks no TLS", l.Addr).
			WithHint("listen on localhost:PORT, set up TLS or SASL for this listener, or say --insecure if the network is trusted")
	}
	return nil
}

// loopback reports whether only this machine reaches addr.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return addr == ""
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || (err == nil && ip.Unmap().IsLoopback())
}
