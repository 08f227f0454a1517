package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/engine"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/registry"
	"github.com/azud/azud/internal/web"
	"github.com/azud/azud/pipelines"
)

// hostOptions say what a host has.
type hostOptions struct {
	listen       listenerOptions
	console      bool // whether to serve one, at http
	http         string
	data         string
	ephemeral    bool
	noPipelines  bool
	pipelinesDir string // "": the shipped ones
	demo         bool   // needs the console, which serves the recorded feed
	env          func(string) (string, bool)
	logFormat    string // text or json; "": text
	logLevel     string // "": info
	memory       int64  // bytes of a batch query; 0: a quarter of the machine's
}

// host is a broker, an engine with its pipelines and, perhaps, the console, in this process.
type host struct {
	a      *app
	opts   hostOptions
	slog   *slog.Logger
	data   *dataDir // nil: ephemeral
	store  *log.Log
	broker *broker.Broker
	schema *registry.Registry
	engine *engine.Engine
	web    *web.Server
	token  string // lets requests of the SQL API name files
	temp   string // the folder of tables and spilled rows without a data directory; "": none
}

// where is the data's place as people see it.
func (h *host) where() string {
	if h.data == nil {
		return "(memory)"
	}
	return h.data.path
}

func (h *host) log(line string) { h.slog.Info(line) }

// startHost starts everything but the flows; on an error nothing is left running.
func (a *app) startHost(ctx context.Context, opts hostOptions) (_ *host, err error) {
	h := &host{a: a, opts: opts}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.slog, err = newLogger(a.sys.Err, cmp.Or(opts.logFormat, "text"), cmp.Or(opts.logLevel, "info")); err != nil {
		return nil, err
	}
	if !opts.ephemeral {
		if h.data, err = openDataDir(a.sys, opts.data); err != nil {
			return nil, err
		}
	}
	h.token = fmt.Sprintf("%016x%016x", a.sys.Rand.Uint64(), a.sys.Rand.Uint64())
	env, extra, console := opts.env, map[string]http.Handler{}, ""
	if opts.console {
		demo := newDemo(a.sys.Clock)
		if h.web, err = web.Listen(h.webConfig(demo, extra)); err != nil {
			return nil, err
		}
		console = "http://" + h.web.Addr()
		if opts.demo {
			env = demo.env(h.web.Addr(), env)
		}
	}
	if err := h.startBroker(ctx, console); err != nil {
		return nil, err
	}
	if opts.console {
		if err := h.serveAlso(ctx, extra); err != nil {
			return nil, err
		}
	}
	flowsDir, flowsFS := "", vfs.FS(vfs.NewMem())
	if h.data != nil {
		flowsDir, flowsFS = filepath.Join(h.data.path, "flows"), a.sys.FS
	}
	own, err := h.ownFolder()
	if err != nil {
		return nil, err
	}
	h.engine, err = engine.Open(engine.Config{Sys: a.sys, FS: flowsFS, Dir: flowsDir, Embedded: h.broker, Kafka: h.broker.Addr(), Version: version, Log: h.log,
		Warehouse: filepath.Join(own, "warehouse"), Memory: a.queryMemory(opts.memory), Spill: filepath.Join(own, "spill")})
	if err != nil {
		return nil, err
	}
	if err = h.loadPipelines(ctx, env); err != nil {
		return nil, err
	}
	if h.web != nil {
		h.web.Serve(h.engine, h.broker.Addr())
	}
	if h.data != nil {
		r := running{PID: os.Getpid(), Kafka: h.broker.Addr()}
		if h.web != nil {
			r.HTTP, r.Token = h.web.Addr(), h.token
		}
		err = h.data.announce(r)
	}
	return h, err
}

func (h *host) webConfig(demo *demo, extra map[string]http.Handler) web.Config {
	if h.opts.demo {
		extra["GET "+demoPath] = demo
	}
	return web.Config{Sys: h.a.sys, Addr: h.opts.http, Data: h.where(), Demo: h.opts.demo, Version: version,
		Log: h.log, Topics: h.topics, Extra: extra, Token: h.token,
		Dial: func() (net.Conn, error) { return h.broker.Dial() }}
}

func (h *host) topics() []web.Topic {
	var out []web.Topic
	for _, t := range h.broker.Topics() {
		bytes := t.Bytes
		out = append(out, web.Topic{Name: t.Name, Partitions: t.Partitions, Records: t.Records, Bytes: &bytes, Internal: t.Internal})
	}
	return out
}

// loadPipelines loads the shipped pipelines, one folder that is a pipeline, or a folder of them.
func (h *host) loadPipelines(ctx context.Context, env func(string) (string, bool)) error {
	if h.opts.noPipelines {
		return nil
	}
	if h.opts.pipelinesDir == "" {
		return h.loadFolder(ctx, pipelines.FS, ".", "pipelines", env)
	}
	return h.loadFolder(ctx, os.DirFS(h.opts.pipelinesDir), ".", h.opts.pipelinesDir, env)
}

func (h *host) loadFolder(ctx context.Context, fsys fs.FS, dir, where string, env func(string) (string, bool)) error {
	if engine.IsPipeline(fsys, dir) {
		return h.loadOne(ctx, fsys, dir, where, env)
	}
	entries, err := fs.ReadDir(fsys, dir)
	if err != nil {
		return engine.UnreadablePipelines(reason(err), where)
	}
	loaded := 0
	for _, e := range entries {
		if !e.IsDir() || !engine.IsPipeline(fsys, e.Name()) {
			continue
		}
		if err := h.loadOne(ctx, fsys, e.Name(), filepath.Join(where, e.Name()), env); err != nil {
			return err
		}
		loaded++
	}
	if loaded == 0 {
		return engine.UnreadablePipelines(nil, where)
	}
	return nil
}

func (h *host) loadOne(ctx context.Context, fsys fs.FS, dir, where string, env func(string) (string, bool)) error {
	p, err := engine.LoadPipeline(fsys, dir, where, env)
	if err != nil {
		return err
	}
	return h.engine.Add(ctx, p)
}

// close stops what was started: first who asks and who works, then the broker that both
// need. It takes less than two seconds.
func (h *host) close() error {
	var engine, console error
	var wg sync.WaitGroup
	if h.web != nil {
		wg.Go(func() { console = h.web.Close() })
	}
	if h.engine != nil {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 1500*time.Millisecond)
			defer cancel()
			engine = h.engine.Close(ctx)
		})
	}
	wg.Wait()
	list := []error{engine, console}
	if h.schema != nil {
		list = append(list, h.schema.Close())
	}
	if h.broker != nil {
		list = append(list, h.broker.Close())
	}
	if h.store != nil {
		list = append(list, h.store.Close())
	}
	if h.temp != "" {
		list = append(list, os.RemoveAll(h.temp))
	}
	if h.data != nil {
		list = append(list, h.data.close())
	}
	return errors.Join(list...)
}
