"""The suites: how each is fetched and built, and how its chosen tests run.

A suite is a function (address, names, out) that runs the named tests against the broker
and returns {name: (status, detail)} with the status PASS, FAIL or SKIP; what it leaves out
did not run. Everything is fetched by package clients and kept in the cache.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "kafka"))

import deps

KAFKA_VERSION = "4.3.1"  # what the suites are told to expect
FRANZ_GO = "v1.22.2"
KAFKA_PYTHON = "3.0.12"
RDKAFKA_SYS = "4.10.0"  # carries librdkafka 2.12.1
TIMEOUT_S = int(os.environ.get("SUITE_TIMEOUT_S", "900"))


def execute(args, log, cwd, env=None):
    """Runs a program with its output in log; returns (exit code or None after a timeout, output)."""
    with open(log, "w") as f:
        child = subprocess.Popen([str(a) for a in args], cwd=cwd, stdin=subprocess.DEVNULL, stdout=f,
                                 stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {})), start_new_session=True)
        try:
            code = child.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            child.wait()
            code = None
    return code, pathlib.Path(log).read_text(errors="replace")


# ---- librdkafka

def librdkafka_source():
    """librdkafka with its test-runner built, from the crate that ships its source."""
    def make(folder):
        (folder / "src").mkdir()
        (folder / "src/lib.rs").write_text("")
        (folder / "Cargo.toml").write_text(
            '[package]\nname = "fetch"\nversion = "0.0.0"\nedition = "2021"\n[dependencies]\nrdkafka-sys = "=%s"\n' % RDKAFKA_SYS)
        r = subprocess.run(["cargo", "vendor", "-q", "--versioned-dirs", "vendor"], cwd=folder, capture_output=True, text=True)
        if r.returncode:
            raise RuntimeError("cargo vendor: " + r.stderr[-2000:])
        source = next((folder / "vendor").glob("rdkafka-sys-*")) / "librdkafka"
        shutil.move(str(source), str(folder / "librdkafka"))
        shutil.rmtree(folder / "vendor")
        source = folder / "librdkafka"
        replicas = source / "tests/0103-transactions.c"  # one broker cannot hold three replicas
        replicas.write_text(re.sub(r"(test_create_topic\w*\([^;]*?), 3,", r"\1, 1,", replicas.read_text()))
        for script in ("configure", "lds-gen.py"):
            os.chmod(source / script, 0o755)
        script = ("./configure --disable-gssapi --disable-curl --disable-zstd && make -j2 libs && make -j2 -C tests test-runner"
                  " && rm -f src/*.o src-cpp/*.o tests/*.o")
        r = subprocess.run(["bash", "-c", script], cwd=source, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if r.returncode:
            raise RuntimeError("librdkafka: " + r.stdout[-3000:])

    return deps.cached("librdkafka", RDKAFKA_SYS + " built 2", make) / "librdkafka"


def kafka_scripts(folder):
    """bin/kafka-topics.sh and so on under folder, which the tests call: Kafka's own tools."""
    jars = deps.jars("server-4.3")
    tools = {"kafka-topics.sh": "org.apache.kafka.tools.TopicCommand", "kafka-configs.sh": "org.apache.kafka.tools.ConfigCommand",
             "kafka-acls.sh": "org.apache.kafka.tools.AclCommand"}
    (folder / "bin").mkdir()
    for name, tool in tools.items():
        file = folder / "bin" / name
        file.write_text('#!/bin/sh\nexec java -XX:TieredStopAtLevel=1 -cp "%s/*" %s "$@"\n' % (jars, tool))
        file.chmod(0o755)


def librdkafka(address, names, out):
    """A name with a slash is one part of a test, TEST/do_test_x."""
    source = librdkafka_source()
    work = pathlib.Path(tempfile.mkdtemp(prefix="librdkafka-"))
    whole, parts = [n for n in names if "/" not in n], [n for n in names if "/" in n]

    def runner(log, tests, *args, **env):
        _, text = execute([source / "tests/test-runner", "-Q", "-L", *args], log, work, dict(
            {"LD_LIBRARY_PATH": "%s/src:%s/src-cpp" % (source, source), "RDKAFKA_TEST_CONF": str(work / "test.conf"),
             "TEST_KAFKA_VERSION": KAFKA_VERSION, "KAFKA_PATH": str(work), "BROKERS": address, "TESTS": tests}, **env))
        return re.sub(r"\x1b\[[0-9;]*m", "", text)

    def alone(number, names, sub=""):
        """The tests of a number, or one part of one, in a process: a failure may abort it."""
        text = runner(out / ("librdkafka-%s%s.log" % (number, sub.strip(":"))), number, "-p1", **({"SUBTESTS": sub} if sub else {}))
        found, got = outcomes(text), {}
        for name in names:
            got[name] = found.pop(name.split("/")[0], ("no result", " | ".join(text.splitlines()[-2:])[:300]))
            if sub and got[name][0] == "PASS" and not re.search(r"\[ %s.*: PASS" % sub, text):
                got[name] = ("FAIL", "no such part ran")
        return {**({} if sub else found), **got}

    try:
        kafka_scripts(work)
        (work / "test.conf").write_text("test.timeout.multiplier=3\nbootstrap.servers=%s\n" % address)
        for folder in ("fixtures", "scenarios", "interceptor_test", "plugin_test"):
            (work / folder).symlink_to(source / "tests" / folder)
        jobs = [(number, [n for n in whole if n[:4] == number]) for number in sorted({n[:4] for n in whole})]
        jobs += [(n[:4], [n], n.split("/")[1]) for n in parts]
        results = {}
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            for r in pool.map(lambda job: alone(*job), jobs):
                results.update(r)
        return results
    finally:
        shutil.rmtree(work, ignore_errors=True)


def outcomes(text):
    results = {}
    for m in re.finditer(r"=+ Test (\w+) (PASSED|FAILED|SKIPPED) =+", text):
        results[m[1]] = (m[2][:4], "")
    for m in re.finditer(r'### Test "(\w+)[^"]*" failed at (.*?) at .*?###\n(.*)', text):
        results[m[1]] = ("FAIL", "%s: %s" % (m[2], m[3][:300]))
    for m in re.finditer(r"\[(\w+) */.*SKIPPING TEST: (.*)", text):
        results.setdefault(m[1], ("SKIP", m[2]))
    return results


# ---- franz-go

def franz_go(address, names, out):
    def make(folder):
        r = subprocess.run(["go", "mod", "download", "-json", "github.com/twmb/franz-go@" + FRANZ_GO],
                           cwd=HERE, capture_output=True, text=True)
        if r.returncode:
            raise RuntimeError("go mod download: " + r.stdout[-1000:] + r.stderr[-1000:])
        shutil.copytree(json.loads(r.stdout)["Dir"], folder / "src")
        deps.run("chmod", "-R", "u+w", folder / "src")
        r = subprocess.run(["go", "test", "-c", "-o", str(folder / "kgo.test"), "./pkg/kgo"], cwd=folder / "src",
                           capture_output=True, text=True, env=dict(os.environ, GOFLAGS="-mod=mod", GOWORK="off"))
        if r.returncode:
            raise RuntimeError("go test -c: " + r.stderr[-3000:])

    folder = deps.cached("franz-go", FRANZ_GO + " built 1", make)
    code, text = execute(
        [folder / "kgo.test", "-test.v", "-test.timeout", "%ds" % TIMEOUT_S, "-test.parallel", "4", "-test.run",
         "^(%s)$" % "|".join(sorted(names))], out / "franz-go.log", folder / "src/pkg/kgo",
        {"KGO_SEEDS": address, "KGO_TEST_RF": "1", "KGO_LOG_LEVEL": "none",
         "KGO_TEST_RECORDS": os.environ.get("KGO_TEST_RECORDS", "20000"), "KGO_TEST_MAX_TOPIC_PARTS": "11"})
    return go_results(text)


ROUTINE = re.compile(r"(deleting|FAILED TESTING -- NOT DELETING) (topic|group|TOPIC|GROUP) \w+|\S+ completed in [\w.µ]+")


def go_results(text):
    """The results of kgo's tests. The detail of a failure is all that it and its subtests say but
    for routine, as "TEST: MESSAGE | TEST: MESSAGE". What a member of a group prints belongs to the
    test that says it keeps the group; all of a group's is one message."""
    said, printed, groups, test = {}, {}, {}, ""
    for line in text.splitlines():
        if m := re.match(r"=== \w+ +(\S+)", line):
            test = m[1]
        elif m := re.match(r"    testConsumer sendErr group=(\w+): (.*)", line):
            printed.setdefault(m[1], []).append(m[2])
        elif m := re.match(r"    \w+\.go:\d+: (.*)", line):
            if kept := re.fullmatch(r"FAILED TESTING -- NOT DELETING GROUP (\w+)", m[1]):
                groups.setdefault(test, []).append(kept[1])
            if not ROUTINE.fullmatch(m[1]):
                said.setdefault(test, []).append(m[1])
        elif re.match(r"        \S", line) and said.get(test):
            said[test][-1] += " " + line.strip()
    results = {}
    for m in re.finditer(r"^--- (PASS|FAIL|SKIP): (\w+) \(.*?\)\n((?:    .*\n)*)", text, re.M):
        failed = [m[2]] * (m[1] == "FAIL") + re.findall(r"--- FAIL: (\S+)", m[3])
        detail = []
        for name in failed:
            own = said.get(name, [] if any(f.startswith(name + "/") for f in failed) else ["failed"])
            members = [" then ".join(printed[g]) for g in groups.get(name, []) if g in printed]
            detail += ["%s: %s" % (name, message) for message in own + members]
        results[m[2]] = (m[1], " | ".join(detail) if failed else " | ".join(said.get(m[2], []))[:400])
    for m in re.finditer(r"^panic: (.*)", text, re.M):
        results.setdefault("panic", ("FAIL", m[1]))
    return results


# ---- kafka-python

def kafka_python(address, names, out):
    def make(folder):
        deps.run("pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "-d", folder, "kafka-python==" + KAFKA_PYTHON)
        with tarfile.open(next(folder.glob("*.tar.gz"))) as t:
            t.extractall(folder)
        (folder / ("kafka_python-" + KAFKA_PYTHON)).rename(folder / "src")
        shutil.copy(HERE / "kafka_python_service.py", folder / "src/test/service.py")
        (folder / "src/test/__init__.py").touch()  # else Python's own package of this name comes first

    key = KAFKA_PYTHON + " built 1" + (HERE / "kafka_python_service.py").read_text()
    source = deps.cached("kafka-python-tests", key, make) / "src"
    python = deps.venv("kafka-python-tests", HERE / "kafka-python.requirements.txt")
    work = pathlib.Path(tempfile.mkdtemp(prefix="kafka-python-"))
    report = out / "kafka-python.xml"
    report.unlink(missing_ok=True)
    try:
        execute([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--timeout=120", "--junitxml=%s" % report,
                 "-o", "log_level=INFO", *("test/integration/" + n for n in sorted(names))], out / "kafka-python.log", source,
                {"KAFKA_URI": "kafka://" + address, "KAFKA_VERSION": "4.3", "KAFKA_ROOT": str(work), "PYTHONPATH": str(source),
                 "PYTHONDONTWRITEBYTECODE": "1"})
    finally:
        shutil.rmtree(work, ignore_errors=True)
    results = {}
    if report.exists():
        for case in ET.parse(report).iter("testcase"):
            name = "%s.py::%s" % (case.get("classname").split(".")[-1], case.get("name"))
            bad = [c for c in case if c.tag in ("failure", "error", "skipped")]
            status = "PASS" if not bad else "SKIP" if bad[0].tag == "skipped" else "FAIL"
            results[name] = (status, " ".join((bad[0].get("message") or "").split())[:300] if bad else "")
    return results
