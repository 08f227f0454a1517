package cli

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/azud/azud/internal/broker"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/registry"
)

// Folders of a data directory. The broker of before the first release kept its data in
// earlierFolder.
const (
	logFolder     = "log"
	earlierFolder = "broker"
)

// startBroker opens the log and serves it. console is told to browsers that come to the Kafka
// port; "" if there is none.
func (h *host) startBroker(ctx context.Context, console string) error {
	env, err := broker.FromEnv(h.a.sys)
	if err != nil {
		return err
	}
	for _, w := range env.Warnings {
		h.slog.Warn(w)
	}
	listeners, err := h.a.listeners(h.opts.listen, env)
	if err != nil {
		return err
	}
	cfg := log.Config{Sys: h.a.sys, Dir: logFolder, Log: h.slog, Owner: fmt.Sprintf("process %d", os.Getpid()), Defaults: env.Topics,
		RetainEvery:  millisOf(env.Settings["log.retention.check.interval.ms"]),
		CompactEvery: millisOf(env.Settings["log.cleaner.backoff.ms"])}
	if h.data != nil {
		cfg.Dir = filepath.Join(h.data.path, logFolder)
		if _, err := os.Stat(filepath.Join(h.data.path, earlierFolder)); err == nil {
			h.slog.Warn("the records of an earlier Azud are not read; remove the folder when they are not needed", "folder", filepath.Join(h.data.path, earlierFolder))
		}
	} else {
		memory := *h.a.sys
		memory.FS = vfs.NewMem()
		cfg.Sys, cfg.Volatile = &memory, true
	}
	if h.store, err = log.Open(ctx, cfg); err != nil {
		return err
	}
	h.broker, err = broker.Start(ctx, broker.Config{
		Sys: h.a.sys, Log: h.slog, Store: h.store, Listeners: listeners, Console: console, Version: version,
		DefaultPartitions: env.DefaultPartitions, NoAutoCreate: env.NoAutoCreate, NodeID: env.NodeID,
		ClusterID: env.ClusterID, Settings: env.Settings,
	})
	return err
}

// serveAlso adds to the console's paths what programs ask for: metrics and the schema registry.
// The registry answers at the root, where Confluent's does, and below /registry.
func (h *host) serveAlso(ctx context.Context, paths map[string]http.Handler) (err error) {
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(h.broker.Collector(), collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	paths["GET /metrics"] = promhttp.HandlerFor(metrics, promhttp.HandlerOpts{})
	h.schema, err = registry.Open(ctx, registry.Config{Sys: h.a.sys, Store: &lazyStore{b: h.broker}, Log: h.slog})
	if err != nil {
		return err
	}
	for _, root := range []string{"subjects", "schemas", "config", "mode", "compatibility", "contexts"} {
		paths["/"+root], paths["/"+root+"/"] = h.schema, h.schema
	}
	paths["/registry/"] = http.StripPrefix("/registry", h.schema)
	return nil
}

// millisOf reads a number of milliseconds; 0, which stands for the default, if there is none.
func millisOf(text string) time.Duration {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 1 {
		return 0
	}
	return time.Duration(n) * time.Millisecond
}
