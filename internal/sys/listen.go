package sys

import (
	"errors"
	"net"
	"syscall"
)

// InUse reports whether listening failed because the address is taken.
func InUse(err error) bool {
	const wsaEADDRINUSE = 10048 // Windows: not mapped to EADDRINUSE
	var no syscall.Errno
	return errors.As(err, &no) && (no == syscall.EADDRINUSE || uintptr(no) == wsaEADDRINUSE)
}

// Listen opens host:port; the host "localhost" means 127.0.0.1 and, where IPv6 exists, ::1 on
// the same port. Port 0 takes a free one. Errors are those of Net.Listen.
func Listen(n Net, addr string) ([]net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	if host != "localhost" {
		ln, err := n.Listen("tcp", addr)
		if err != nil {
			return nil, err
		}
		return []net.Listener{ln}, nil
	}
	const tries = 8 // a port free on one loopback may be taken on the other
	for try := 1; ; try++ {
		v4, err := n.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			return nil, err
		}
		_, got, _ := net.SplitHostPort(v4.Addr().String())
		v6, err := n.Listen("tcp", net.JoinHostPort("::1", got))
		switch {
		case err == nil:
			return []net.Listener{v4, v6}, nil
		case !InUse(err): // without IPv6 the other loopback is enough
			return []net.Listener{v4}, nil
		case port != "0" || try == tries:
			v4.Close()
			return nil, err
		}
		v4.Close()
	}
}
