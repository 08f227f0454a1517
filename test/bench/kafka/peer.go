package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// peer is a broker that can be started again over its data.
type peer struct {
	name string
	dir  string
	pin  bool
	addr string
	cmd  *exec.Cmd
	// args makes the command line that serves Kafka at addr with its data in dir; prepare
	// runs once for an empty dir.
	args    func(p *peer) []string
	prepare func(ctx context.Context, p *peer) error
}

func azud(binary string) *peer {
	return &peer{name: "azud", args: func(p *peer) []string {
		return []string{binary, "up", "--no-pipelines", "--kafka", p.addr, "--http", "127.0.0.1:0", "--data", filepath.Join(p.dir, "data")}
	}}
}

// properties are those of a single node, as its documentation's KRaft example, with
// internal topics of one replica.
const properties = `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs=%[3]s
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
`

func kafka(jars string) *peer {
	classes := filepath.Join(jars, "*")
	file := func(p *peer) string { return filepath.Join(p.dir, "server.properties") }
	return &peer{
		name: "kafka",
		args: func(p *peer) []string {
			return []string{"java", "-Xms1g", "-Xmx1g", "-XX:+UseG1GC", "-cp", classes, "kafka.Kafka", file(p)}
		},
		prepare: func(ctx context.Context, p *peer) error {
			controller, err := free()
			if err != nil {
				return err
			}
			text := fmt.Sprintf(properties, p.addr, controller, filepath.Join(p.dir, "logs"))
			if err := os.WriteFile(file(p), []byte(text), 0o644); err != nil {
				return err
			}
			return command(ctx, "java", "-cp", classes, "kafka.tools.StorageTool", "format", "-t", "AAAAAAAAAAAAAAAAAAAAAg", "-c", file(p))
		},
	}
}

// start runs the broker; the time is until it answers a metadata request.
func (p *peer) start(ctx context.Context) (time.Duration, error) {
	if p.addr == "" {
		var err error
		if p.addr, err = free(); err != nil {
			return 0, err
		}
	}
	if p.prepare != nil {
		if _, err := os.Stat(filepath.Join(p.dir, "server.properties")); err != nil {
			if err := p.prepare(ctx, p); err != nil {
				return 0, err
			}
		}
	}
	args := p.args(p)
	if p.pin {
		args = append([]string{"taskset", "-c", "0"}, args...)
	}
	out, err := os.OpenFile(filepath.Join(p.dir, "out.txt"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, err
	}
	defer out.Close()
	p.cmd = exec.Command(args[0], args[1:]...)
	p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = out, out, p.dir
	began := time.Now()
	if err := p.cmd.Start(); err != nil {
		return 0, err
	}
	if err := p.answers(ctx); err != nil {
		p.kill()
		return 0, err
	}
	return time.Since(began), nil
}

func (p *peer) answers(ctx context.Context) error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline) && ctx.Err() == nil; {
		c, err := net.DialTimeout("tcp", p.addr, 100*time.Millisecond)
		if err != nil {
			time.Sleep(2 * time.Millisecond)
			continue
		}
		c.Close()
		cl, err := kgo.NewClient(kgo.SeedBrokers(p.addr), kgo.DisableClientMetrics())
		if err != nil {
			return err
		}
		err = cl.Ping(ctx)
		cl.Close()
		if err == nil {
			return nil
		}
	}
	return errors.New("it does not answer")
}

// stop ends the broker as Ctrl+C or a service manager does.
func (p *peer) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	p.cmd.Wait() //nolint:errcheck // Java ends with 130
	return nil
}

func (p *peer) kill() {
	p.cmd.Process.Kill() //nolint:errcheck // it may be gone
	p.cmd.Wait()         //nolint:errcheck // killed
}

// cpu is the broker's CPU time so far, in seconds (proc(5): utime and stime, in ticks of 10 ms).
func (p *peer) cpu() float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	f := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}

// rss is the broker's resident memory in MB.
func (p *peer) rss() float64 { return p.status("VmRSS:") }

// peak is the most it has been.
func (p *peer) peak() float64 { return p.status("VmHWM:") }

func (p *peer) status(field string) float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), field)
	var kib float64
	fmt.Sscan(rest, &kib) //nolint:errcheck // 0 then
	return kib * 1024 / 1e6
}

// free is a loopback address that nobody uses now.
func free() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

func command(ctx context.Context, name string, args ...string) error {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}
