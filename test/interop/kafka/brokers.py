#!/usr/bin/env python3
"""The broker that the rigs run against: the real Apache Kafka 4.3.1, or azud.

    brokers.py kafka|azud DIR      starts one, prints its address, runs until Ctrl+C

azud is $AZUD, or built from this checkout.
"""

import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time

import deps

READY_S = 60
ROOT = deps.HERE.parents[2]
SERVER = """\
process.roles=broker,controller
node.id={node}
controller.quorum.voters={node}@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
log.dirs={folder}/data
num.partitions={partitions}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
group.consumer.min.heartbeat.interval.ms=1000
group.consumer.heartbeat.interval.ms=1000
transaction.max.timeout.ms=3600000
"""


class Broker:
    """A child process with an address; its output is in log."""

    def __init__(self, args, log, cwd, ready=None, env=None):
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as out:
            self.child = subprocess.Popen([str(a) for a in args], cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, env=dict(os.environ, **(env or {})))
        try:
            self.found = self.wait(ready)
        except BaseException:
            self.child.kill()
            raise

    def wait(self, pattern):
        deadline = time.monotonic() + READY_S
        while time.monotonic() < deadline:
            text = self.log.read_text(errors="replace")
            found = re.search(pattern, text)
            if found:
                return found
            if self.child.poll() is not None:
                break
            time.sleep(0.05)
        raise RuntimeError("the broker did not get ready; its last lines:\n" + "\n".join(text.splitlines()[-20:]))

    def stop(self):
        """Its exit code after Ctrl+C."""
        self.child.send_signal(signal.SIGINT)
        try:
            return self.child.wait(30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise RuntimeError("the broker does not end after Ctrl+C")


def kafka(folder, partitions=3, node=1, extra=""):
    """Apache Kafka 4.3.1, one node; extra holds more lines of server.properties."""
    libs = deps.jars("server-4.3")
    folder = pathlib.Path(folder).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    port, controller = free_port(), free_port()
    conf = folder / "server.properties"
    conf.write_text(SERVER.format(folder=folder, port=port, controller=controller, partitions=partitions, node=node) + extra)
    (folder / "log4j2.properties").write_text(
        "rootLogger.level=warn\nrootLogger.appenderRef.c.ref=c\nappender.c.type=Console\nappender.c.name=c\n"
        "appender.c.layout.type=PatternLayout\nappender.c.layout.pattern=%d %p %c{1}: %m%n\n"
        "logger.s.name=kafka.server.KafkaRaftServer\nlogger.s.level=info\n")
    java = ["java", "-Dlog4j2.configurationFile=%s/log4j2.properties" % folder, "-cp", "%s/*" % libs]
    deps.run(*java, "kafka.tools.StorageTool", "format", "-t", "YXp1ZC1pbnRlcm9wLTAwMQ", "-c", conf)
    b = Broker(java[:1] + ["-Xms256m", "-Xmx768m"] + java[1:] + ["kafka.Kafka", conf], folder / "kafka.log", folder,
               r"Kafka Server started")
    b.address = "127.0.0.1:%d" % port
    return b


def azud(folder, *flags):
    """azud up on free ports, with its data in folder."""
    folder = pathlib.Path(folder).resolve()
    (folder / "work").mkdir(parents=True, exist_ok=True)
    b = Broker([azud_binary(folder), "up", "--kafka", "127.0.0.1:0", "--http", "127.0.0.1:0", "--data", folder / "data", *flags],
               folder / "azud.log", folder / "work", r"azud ready .*?kafka=(\S+)")
    b.address = b.found.group(1)
    return b


def azud_binary(folder):
    if os.environ.get("AZUD"):
        return os.environ["AZUD"]
    binary = pathlib.Path(folder) / "azud"
    r = subprocess.run(["go", "build", "-o", str(binary), "./cmd/azud"], cwd=ROOT)
    if r.returncode:
        raise RuntimeError("azud does not build")
    return binary


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(kind, folder, **options):
    return kafka(folder, **options) if kind == "kafka" else azud(folder)


if __name__ == "__main__":
    broker = start(sys.argv[1], sys.argv[2])
    print(broker.address, flush=True)
    try:
        broker.child.wait()
    except KeyboardInterrupt:
        broker.child.wait(30)
