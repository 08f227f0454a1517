package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/sys"
)

// running looks at the daemon: whether clients get through to the broker, also by the address
// that it tells them, and whether partitions have stopped.
func (x *examination) running(ctx context.Context) []finding {
	if x.daemon == nil {
		return []finding{{"daemon", fine, "none runs on " + x.data, ""}}
	}
	out := []finding{{"daemon", fine, fmt.Sprintf("runs on %s: broker %s, console %s", x.data, x.daemon.kafka, consoleURL(x.daemon.addr)), ""}}
	out = append(out, x.broker(ctx)...)
	return append(out, x.stopped(ctx)...)
}

// answerTime bounds each question to what runs.
const answerTime = 3 * time.Second

func (x *examination) broker(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	adm, done, err := x.a.admin(ctx, kafkaFlags{servers: x.daemon.kafka})
	switch {
	case err != nil && closed(err):
		return []finding{{"broker", warning, x.daemon.kafka + " sends clients away that come without TLS and login: not looked at further", ""}}
	case err != nil:
		return []finding{{"broker", broken, fmt.Sprintf("%s does not answer: %v", x.daemon.kafka, errors.Unwrap(err)), "stop the daemon and start it again; its log says more"}}
	}
	defer done()
	list, err := adm.ListBrokers(ctx)
	if err != nil {
		return []finding{{"broker", broken, fmt.Sprintf("%s does not say where clients find it: %v", x.daemon.kafka, err), "stop the daemon and start it again; its log says more"}}
	}
	var out []finding
	for _, addr := range addresses(list) {
		f := finding{"broker", fine, "clients are told " + addr + ", and it answers there", ""}
		c, err := x.a.sys.Net.DialContext(ctx, "tcp", addr)
		if err != nil {
			f.State, f.Detail = broken, fmt.Sprintf("clients are told %s, where nothing answers: %v", addr, err)
			f.Remedy = "tell them an address that they reach: azud up --advertised HOST:PORT"
		} else {
			c.Close() //nolint:errcheck // only tried
		}
		out = append(out, f)
	}
	return out
}

// closed reports that who was asked has closed the connection.
func closed(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET)
}

func addresses(list kadm.BrokerDetails) (out []string) {
	for _, b := range list {
		out = append(out, net.JoinHostPort(b.Host, fmt.Sprint(b.Port)))
	}
	return out
}

// stopped reads from the metrics which partitions a failing disk has stopped.
func (x *examination) stopped(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	body, err := x.daemon.request(ctx, "GET", "/metrics", nil)
	if err != nil {
		return nil // of another version
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, 64<<20))
	if err != nil {
		return nil
	}
	var list []string
	for line := range strings.Lines(string(text)) {
		labels, ok := strings.CutPrefix(line, "azud_topic_partition_stopped{")
		if labels, on := strings.CutSuffix(strings.TrimSpace(labels), "} 1"); ok && on {
			list = append(list, labels)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return []finding{{"partitions", broken, "a write has failed, and these take no more records: " + strings.Join(list, "; "),
		"look after the disk, then start the daemon again: what was acknowledged is recovered"}}
}

// ports tries to listen where the broker and the console will; a daemon that runs has its own.
func (x *examination) ports() []finding {
	if x.daemon != nil {
		return nil
	}
	var out []finding
	for _, p := range []struct{ name, addr, flag string }{{"broker", x.kafka, "--kafka"}, {"console", x.http, "--http"}} {
		lns, err := sys.Listen(x.a.sys.Net, p.addr)
		for _, ln := range lns {
			ln.Close() //nolint:errcheck // only tried
		}
		switch {
		case err == nil:
			out = append(out, finding{"port", fine, p.addr + " is free for the " + p.name, ""})
		case sys.InUse(err):
			out = append(out, finding{"port", broken, p.addr + ", for the " + p.name + ", is taken by another program",
				"stop that program, or choose another port: azud up " + p.flag + " localhost:PORT"})
		default:
			out = append(out, finding{"port", broken, fmt.Sprintf("%s, for the %s: %v", p.addr, p.name, err),
				"choose an address of this machine: azud up " + p.flag + " localhost:PORT"})
		}
	}
	return out
}

// names looks up what clients will look up.
func (x *examination) names(ctx context.Context) []finding {
	ctx, cancel := context.WithTimeout(ctx, answerTime)
	defer cancel()
	var out []finding
	addrs, err := x.lookup(ctx, "localhost")
	switch {
	case err != nil:
		out = append(out, finding{"names", broken, fmt.Sprintf("localhost cannot be looked up: %v", err), "add '127.0.0.1 localhost' to the hosts file"})
	case !slices.ContainsFunc(addrs, func(a string) bool { return net.ParseIP(a).IsLoopback() }):
		out = append(out, finding{"names", broken, "localhost is " + strings.Join(addrs, ", ") + ", not this machine", "mend the hosts file: '127.0.0.1 localhost'"})
	default:
		out = append(out, finding{"names", fine, "localhost is " + strings.Join(addrs, ", "), ""})
	}
	host, err := x.hostname()
	if err != nil {
		return out
	}
	if _, err = x.lookup(ctx, host); err != nil {
		out = append(out, finding{"names", warning, "this machine's name " + host + " cannot be looked up",
			"clients on other machines need a name or address that they can reach: azud up --advertised HOST:PORT"})
	}
	return out
}

// limits looks at what the system grants: segments and connections are open files.
func (x *examination) limits() []finding {
	n, ok := x.files()
	if !ok {
		return nil
	}
	f := finding{"files", fine, fmt.Sprintf("%d files may be open at once", n), ""}
	const enough = 4096
	if n < enough {
		f.State, f.Remedy = warning, "many partitions and connections need more: ulimit -n 65536"
	}
	return []finding{f}
}

// variables reads the KAFKA_* variables as azud up does.
func (x *examination) variables() []finding {
	env, err := broker.FromEnv(x.a.sys)
	if err != nil {
		return []finding{{"variables", broken, err.Error(), "mend it or unset it: azud up refuses to start with it"}}
	}
	var out []finding
	for _, w := range env.Warnings {
		out = append(out, finding{"variables", warning, w, ""})
	}
	if n := len(env.Settings); n > 0 && len(out) == 0 {
		out = append(out, finding{"variables", fine, count(n, "KAFKA_* variable") + " in effect", ""})
	}
	return out
}
