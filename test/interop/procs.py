"""The processes under test: azud and the replay of the feeds."""

import json
import os
import re
import signal
import subprocess
import threading
import time
import urllib.request

READY_S = 30
READY = re.compile(r"azud ready kafka=(\S+) http=(\S+) data=(.*) in ([0-9.]+) ms")


class Failure(Exception):
    """What a test says when something is not as it should be."""


def check(ok, text):
    if not ok:
        raise Failure(text)


class Process:
    """A child whose output goes to a file, and is searched for its ready line."""

    def __init__(self, args, log, pattern, cwd=None, env=None):
        self.log = open(log, "ab")
        self.start = time.monotonic()
        self.child = subprocess.Popen(
            args, cwd=cwd, env=dict(os.environ, **(env or {})), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.pattern, self.found, self.lines = pattern, None, []
        self.ready = threading.Event()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for raw in self.child.stdout:
            self.log.write(raw)
            self.log.flush()
            line = raw.decode("utf-8", "replace").rstrip("\n")
            self.lines.append(line)
            found = None if self.found else re.search(self.pattern, line)
            if found:
                self.found = found
                self.ready.set()
        self.ready.set()

    def wait_ready(self):
        check(self.ready.wait(READY_S) and self.found,
              "not ready; its last lines:\n" + "\n".join(self.lines[-15:]))
        return self.found

    def kill(self):
        self.child.kill()
        self.child.wait()
        self.reader.join()
        self.log.close()

    def stop(self):
        """Ctrl+C; returns the exit code and the seconds it took."""
        begun = time.monotonic()
        self.child.send_signal(signal.SIGINT)
        try:
            code = self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("does not end after Ctrl+C")
        took = time.monotonic() - begun
        self.reader.join()
        self.log.close()
        return code, took


class Replay(Process):
    def __init__(self, binary, feeds, log, *flags):
        super().__init__([binary, "-dir", feeds, *flags], log, r"replay ready http=(\S+)")
        self.base = "http://" + self.wait_ready().group(1)
        self.url = self.base + "/feed.geojson"

    def status(self):
        with urllib.request.urlopen(self.base + "/status", timeout=10) as r:
            return json.load(r)


class Azud(Process):
    """azud up with its data and its outputs in one folder, which it can be started in again."""

    def __init__(self, binary, folder, log, url, *flags, interval="200 milliseconds"):
        self.binary, self.folder = binary, folder
        work = os.path.join(folder, "work")
        os.makedirs(work, exist_ok=True)
        super().__init__(
            [binary, "up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0",
             "--data", os.path.join(folder, "data"), *flags],
            log, READY, cwd=work, env={"USGS_URL": url, "USGS_INTERVAL": interval})

    def wait_ready(self):
        found = super().wait_ready()
        self.kafka, self.http, self.ms = found.group(1), found.group(2), float(found.group(4))
        return found

    def run(self, *args):
        done = subprocess.run([self.binary, *args], cwd=os.path.join(self.folder, "work"),
                              capture_output=True, text=True, timeout=60)
        check(done.returncode == 0, "azud %s: exit %d\n%s%s" % (" ".join(args), done.returncode, done.stdout, done.stderr))
        return done.stdout

    def first_lines(self, n, *args):
        """What a command that goes on for ever says first; then it gets Ctrl+C."""
        child = subprocess.Popen([self.binary, *args], cwd=os.path.join(self.folder, "work"),
                                 stdout=subprocess.PIPE, text=True)
        watch = threading.Timer(READY_S, child.kill)
        watch.start()
        try:
            return [child.stdout.readline().rstrip("\n") for _ in range(n)]
        finally:
            child.send_signal(signal.SIGINT)
            child.wait()
            watch.cancel()

    def sql(self, statement):
        """The rows, each a dict."""
        doc = json.loads(self.run("sql", "--http", self.http, "-o", "json", "-e", statement))
        names = [c[0] for c in doc["schema"]]
        return [dict(zip(names, row)) for row in doc["rows"]]

    def alerts(self):
        """The boxes of alertas.log."""
        path = os.path.join(self.folder, "work", "alertas.log")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as f:
            lines = f.read().split("\n")
        boxes, box = [], []
        for line in lines:
            if not line and not box:
                continue
            box.append(line)
            if line.startswith("╚"):
                boxes.append("\n".join(box))
                box = []
        check(not box, "alertas.log ends inside a box: %r" % box)
        return boxes
