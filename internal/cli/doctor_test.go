package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/azud/azud/internal/sys"
)

// sickDisk is a disk in memory with troubles.
type sickDisk struct {
	vfs.FS
	free, total uint64
	clock       *steppingClock
	sync        time.Duration // what each sync takes
	refuse      error         // of creating files
}

func (d *sickDisk) GetDiskUsage(string) (vfs.DiskUsage, error) {
	return vfs.DiskUsage{AvailBytes: d.free, TotalBytes: d.total}, nil
}

func (d *sickDisk) Create(name string, c vfs.DiskWriteCategory) (vfs.File, error) {
	if d.refuse != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: d.refuse}
	}
	f, err := d.FS.Create(name, c)
	return &sickFile{f, d}, err
}

type sickFile struct {
	vfs.File
	d *sickDisk
}

func (f *sickFile) SyncData() error { f.d.clock.now = f.d.clock.now.Add(f.d.sync); return nil }

// steppingClock stands still but for what is done with it.
type steppingClock struct {
	sys.Clock
	now time.Time
}

func (c *steppingClock) Now() time.Time { return c.now }

// patient is a machine in good health, as an examination sees it.
func patient(t *testing.T) (*examination, *testApp, *sickDisk) {
	t.Helper()
	app := newTestApp("", "")
	clock := &steppingClock{app.a.sys.Clock, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	disk := &sickDisk{FS: vfs.NewMem(), free: 50 << 30, total: 100 << 30, clock: clock, sync: 300 * time.Microsecond}
	if err := disk.MkdirAll("/srv/azud", 0o755); err != nil {
		t.Fatal(err)
	}
	app.a.sys.Clock, app.a.sys.FS = clock, disk
	app.a.sys.Environ = func() []string { return nil }
	x := &examination{a: app.a, data: "/srv/azud", kafka: "127.0.0.1:0", http: "127.0.0.1:0",
		lookup:   func(_ context.Context, host string) ([]string, error) { return []string{"127.0.0.1"}, nil },
		hostname: func() (string, error) { return "maquina", nil },
		files:    func() (uint64, bool) { return 65536, true }}
	return x, app, disk
}

const healthy = `ok    daemon     none runs on /srv/azud
ok    port       127.0.0.1:0 is free for the broker
ok    port       127.0.0.1:0 is free for the console
ok    data       /srv/azud can be written
ok    sync       4 KiB are durable after 0.30 ms (median of 20, worst 0.30 ms)
ok    space      50.0 GiB of 100.0 GiB are free
ok    clock      2026-11-24 12:00:00 UTC (UTC+00:00)
ok    names      localhost is 127.0.0.1
ok    files      65536 files may be open at once
`

func TestDoctorOfAHealthyMachine(t *testing.T) {
	x, app, disk := patient(t)
	err := x.run(t.Context(), false)
	if got := app.out.String(); err != nil || strings.ReplaceAll(got, "12:00:00.006", "12:00:00") != healthy {
		t.Errorf("%v\n%s", err, got)
	}
	if names, err := disk.List("/srv/azud"); err != nil || len(names) > 0 {
		t.Error("it leaves", names, err)
	}
}

func TestDoctorFindings(t *testing.T) {
	port := taken(t)
	for _, c := range []struct {
		name   string
		fall   func(x *examination, disk *sickDisk)
		state  string
		detail string
		remedy string
	}{
		{"the broker's port is taken", func(x *examination, _ *sickDisk) { x.kafka = port }, "fail", port + ", for the broker, is taken by another program", "azud up --kafka localhost:PORT"},
		{"the console's port is taken", func(x *examination, _ *sickDisk) { x.http = port }, "fail", port + ", for the console, is taken by another program", "azud up --http localhost:PORT"},
		{"no address", func(x *examination, _ *sickDisk) { x.kafka = "9092" }, "fail", "9092, for the broker: ", "choose an address of this machine"},
		{"another machine's address", func(x *examination, _ *sickDisk) { x.http = "192.0.2.1:80" }, "fail", "192.0.2.1:80, for the console: ", "azud up --http"},
		{"no data yet", func(x *examination, _ *sickDisk) { x.data = "/srv/azud/a/b" }, "ok", "/srv/azud/a/b can be written, and is not there yet", ""},
		{"no permission", func(_ *examination, d *sickDisk) { d.refuse = fs.ErrPermission }, "fail", "/srv/azud cannot be written: permission denied", "--data DIR"},
		{"no permission above", func(x *examination, d *sickDisk) { d.refuse, x.data = fs.ErrPermission, "/srv/azud/a" }, "fail", "/srv/azud/a, for which /srv/azud counts, cannot be written", "write permission"},
		{"a slow disk", func(_ *examination, d *sickDisk) { d.sync = 35 * time.Millisecond }, "warn", "4 KiB are durable after 35.00 ms", "local SSD"},
		{"little space", func(_ *examination, d *sickDisk) { d.free = 4 << 30 }, "warn", "4.0 GiB of 100.0 GiB are free", "azud topic alter NAME --set retention.bytes=…"},
		{"no space", func(_ *examination, d *sickDisk) { d.free = 1 << 30 }, "fail", "1.0 GiB of 100.0 GiB are free", "takes no records below 512 MiB or 2 %"},
		{"hardly any space", func(_ *examination, d *sickDisk) { d.free, d.total = 500<<20, 1<<30 }, "fail", "0.5 GiB of 1.0 GiB", "512 MiB"},
		{"an old clock", func(_ *examination, d *sickDisk) { d.clock.now = time.Unix(0, 0).UTC() }, "fail", "1970-01-01", "set it"},
		{"a clock that was set back", func(_ *examination, d *sickDisk) {
			d.MkdirAll("/srv/azud/log", 0o755)
			if f, err := d.FS.Create("/srv/azud/log/snap-1", vfs.WriteCategoryUnspecified); err == nil { // now
				f.Write([]byte("x"))
				f.Close()
			}
			d.clock.now = time.Now().Add(-48 * time.Hour)
		}, "warn", "; the data are of ", "the clock was set back"},
		{"no localhost", func(x *examination, _ *sickDisk) {
			x.lookup = func(context.Context, string) ([]string, error) { return nil, errors.New("no such host") }
		}, "fail", "localhost cannot be looked up: no such host", "hosts file"},
		{"a wrong localhost", func(x *examination, _ *sickDisk) {
			x.lookup = func(context.Context, string) ([]string, error) { return []string{"10.1.2.3"}, nil }
		}, "fail", "localhost is 10.1.2.3, not this machine", "127.0.0.1 localhost"},
		{"an unknown name", func(x *examination, _ *sickDisk) {
			x.lookup = func(_ context.Context, host string) ([]string, error) {
				if host == "localhost" {
					return []string{"::1"}, nil
				}
				return nil, errors.New("no such host")
			}
		}, "warn", "this machine's name maquina cannot be looked up", "--advertised HOST:PORT"},
		{"few files", func(x *examination, _ *sickDisk) { x.files = func() (uint64, bool) { return 256, true } }, "warn", "256 files", "ulimit -n"},
		{"a wrong variable", func(x *examination, _ *sickDisk) {
			x.a.sys.Environ = func() []string { return []string{"KAFKA_NUM_PARTITIONS=x"} }
		}, "fail", `KAFKA_NUM_PARTITIONS is "x"`, "azud up refuses to start"},
		{"a variable without effect", func(x *examination, _ *sickDisk) {
			x.a.sys.Environ = func() []string { return []string{"KAFKA_SUPER_USERS=User:a"} }
		}, "warn", "KAFKA_SUPER_USERS has no effect", ""},
		{"variables", func(x *examination, _ *sickDisk) {
			x.a.sys.Environ = func() []string { return []string{"KAFKA_NUM_PARTITIONS=5"} }
		}, "ok", "1 KAFKA_* variable in effect", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			x, app, disk := patient(t)
			c.fall(x, disk)
			err := x.run(t.Context(), true)
			var list []finding
			if e := json.Unmarshal(app.out.Bytes(), &list); e != nil {
				t.Fatal(e, app.out.String())
			}
			found := false
			for _, f := range list {
				if f.State == c.state && strings.Contains(f.Detail, c.detail) && strings.Contains(f.Remedy, c.remedy) {
					found = true
				} else if f.State != "ok" {
					t.Logf("also %+v", f)
				}
			}
			if !found || (err != nil) != (c.state == "fail") {
				t.Errorf("%v\n%s", err, app.out.String())
			}
		})
	}
}

// The remedy stands under its finding, and the status says that something is wrong.
func TestDoctorReadsAloud(t *testing.T) {
	port := taken(t)
	r := azud(t, filepath.Join(t.TempDir(), "datos"), "", "doctor", "--kafka", port, "--http", "127.0.0.1:0")
	want := "fail  port       " + port + ", for the broker, is taken by another program\n                 → stop that program, or choose another port: azud up --kafka localhost:PORT\n"
	if r.status != 1 || r.err != "" || !strings.Contains(r.out, want) {
		t.Errorf("%d\n%s%s", r.status, r.out, r.err)
	}
}

// What runs is asked: the broker, the address that it tells, partitions that have stopped.
func TestDoctorOfADaemon(t *testing.T) {
	dead := "127.0.0.1:" + freePort(t)
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	r := azud(t, p.data, "", "doctor", "--kafka", taken(t))
	if r.status != 0 || !strings.Contains(r.out, "ok    daemon     runs on "+p.data+": broker "+p.kafka) || !strings.Contains(r.out, "ok    broker     clients are told ") || strings.Contains(r.out, "  port ") {
		t.Errorf("%d\n%s", r.status, r.out)
	}
	p.interrupt()
	p = up(t, dir, nil, "--no-pipelines", "--advertised", dead)
	r = azud(t, p.data, "", "doctor")
	if r.status != 1 || !strings.Contains(r.out, "fail  broker     clients are told "+dead+", where nothing answers") || !strings.Contains(r.out, "azud up --advertised HOST:PORT") {
		t.Errorf("%d\n%s", r.status, r.out)
	}
	p.interrupt()

	x, app, _ := patient(t)
	metrics := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("azud_topic_partition_stopped{partition=\"0\",topic=\"a\"} 0\nazud_topic_partition_stopped{partition=\"1\",topic=\"a\"} 1\n"))
	}))
	defer metrics.Close()
	x.daemon = &daemon{addr: metrics.Listener.Addr().String(), kafka: dead, client: metrics.Client()}
	list := append(x.stopped(t.Context()), x.broker(t.Context())...)
	if len(list) != 2 || list[0].State != "fail" || !strings.Contains(list[0].Detail, `partition="1",topic="a"`) || strings.Contains(list[0].Detail, `partition="0"`) ||
		list[1].State != "fail" || !strings.Contains(list[1].Detail, dead+" does not answer: ") {
		t.Errorf("%+v", list)
	}
	x.daemon.kafka = secured(t)
	if list := x.broker(t.Context()); len(list) != 1 || list[0].State != "warn" || !strings.Contains(list[0].Detail, "without TLS and login") {
		t.Errorf("%+v %s", list, app.err.String())
	}
}

// secured is an address that sends everybody away, as a listener with TLS does.
func secured(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			c.Read(make([]byte, 1))
			c.Close()
		}
	}()
	return ln.Addr().String()
}
