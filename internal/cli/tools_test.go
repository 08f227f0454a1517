//go:build unix

package cli

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestToolNamed(t *testing.T) {
	for name, want := range map[string]string{"kafka-topics": "kafka-topics", "/usr/bin/kafka-topics.sh": "kafka-topics", "kafka-console-consumer.exe": "kafka-console-consumer",
		"kafka-configs.bat": "kafka-configs", "azud": "", "kafka-topic": "", "kafka-topics.py": ""} {
		if tool, ok := toolNamed(name); tool.Name != want || ok != (want != "") {
			t.Errorf("%s is %q", name, tool.Name)
		}
	}
}

// The names that 'azud tools install' makes are Kafka's tools, with their options, statuses
// and bytes; without --bootstrap-server they find the daemon.
func TestToolsByTheirNames(t *testing.T) {
	dir := t.TempDir()
	p := up(t, dir, nil, "--no-pipelines")
	bin := filepath.Join(dir, "bin")
	if r := azud(t, dir, "", "tools", "install", bin); r.status != 0 || r.out != "16 links made in "+bin+"\n" {
		t.Fatal(r)
	}
	if r := azud(t, dir, "", "tools", "install", bin); r.status != 0 || r.out != "0 links made in "+bin+"\n" {
		t.Error(r)
	}
	run := func(in []byte, name string, args ...string) result {
		t.Helper()
		cmd := command(t, dir, nil, args...)
		cmd.Path = filepath.Join(bin, name)
		cmd.Args[0] = cmd.Path
		var out, errOut bytes.Buffer
		cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(in), &out, &errOut
		err := cmd.Run()
		if _, exited := err.(*exec.ExitError); err != nil && !exited {
			t.Fatal(err)
		}
		return result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
	}
	if r := run(nil, "kafka-topics.sh", "--create", "--topic", "a", "--partitions", "1"); r.status != 0 || r.out != "Created topic a.\n" || r.err != "" {
		t.Errorf("%+v", r)
	}
	if r := run(nil, "kafka-topics", "--list"); r.status != 0 || r.out != "a\n" {
		t.Errorf("%+v", r)
	}
	odd := []byte("\x1b[2J\xff\x00\ttab\u202e\r\n")
	if r := run(odd, "kafka-console-producer.sh", "--topic", "a"); r.status != 0 || r.err != "" {
		t.Errorf("%+v", r)
	}
	r := run(nil, "kafka-console-consumer", "--topic", "a", "--from-beginning", "--max-messages", "1")
	if want := strings.ReplaceAll(string(odd), "\r", ""); r.status != 0 || r.out != want {
		t.Errorf("%q instead of %q", r.out, want)
	}
	if r := run(nil, "kafka-topics.sh", "--nada"); r.status != 1 || !strings.Contains(r.err, "nada") || strings.HasPrefix(r.err, "azud: ") {
		t.Errorf("%+v", r)
	}
	for _, name := range []string{"kafka-topics", "kafka-topics.sh"} {
		if r := azud(t, p.data, "", name, "--list"); r.status != 0 || r.out != "a\n" { // as subcommands
			t.Errorf("%+v", r)
		}
		if r := azud(t, p.data, "", name, "--version"); r.status != 0 || !strings.HasPrefix(r.out, "4.") {
			t.Errorf("%+v", r)
		}
	}
	p.interrupt()
}

func TestToolsInstallOverwritesNothing(t *testing.T) {
	dir := t.TempDir()
	mine := write(t, "#!/bin/sh\n", dir, "kafka-configs.sh")
	r := azud(t, dir, "", "tools", "install", dir)
	if r.status != 1 || !strings.Contains(r.err, mine+" is there already") {
		t.Error(r)
	}
	if text, err := os.ReadFile(mine); err != nil || string(text) != "#!/bin/sh\n" {
		t.Errorf("%q, %v", text, err)
	}
	if r := azud(t, dir, "", "tools", "install", filepath.Join(mine, "bin")); r.status != 1 || !strings.Contains(r.err, "cannot be made") {
		t.Error(r)
	}
}
