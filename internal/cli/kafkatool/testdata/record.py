#!/usr/bin/env python3
"""Records what Apache Kafka's own command-line tools print, for golden.txt.

    record.py --jars DIR --bootstrap HOST:PORT golden.txt

DIR holds the jars of Apache Kafka 4.3.1 (kafka_2.13, kafka-tools, log4j-slf4j-impl, log4j-core and
what they need); HOST:PORT is a fresh single-node Kafka 4.3.1 without topics, log.retention.ms=-1,
group.initial.rebalance.delay.ms=0. The file is rewritten in place: command lines, standard input and
remarks stay, the outputs are replaced by what the tools print now.

A stanza is a remark (#), a command ($ for one to wait for, & for one that runs until the next %),
its standard input (< lines), then the recorded standard output (1 lines), standard error (2 lines)
and exit code (= line). "--bootstrap-server" is added to every command whose remark does not say
"bare". The log configuration is the one of Kafka's distribution: warnings and errors to standard error.

Other remarks are for the test: "any order" (of words: lists that Kafka's tools print in an order that
changes from run to run), "not as Azud's broker" and "not for Azud's broker" (see there).

What differs from run to run is replaced: topic ids, member ids, times, the broker's address. Stack
traces and the usage text that follows a mistake in the options are cut.
"""
import argparse, os, re, shlex, signal, subprocess, tempfile, time

CLASSES = {
    "kafka-topics": "org.apache.kafka.tools.TopicCommand",
    "kafka-console-producer": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer": "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "kafka-consumer-groups": "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand",
    "kafka-configs": "kafka.admin.ConfigCommand",
    "kafka-get-offsets": "org.apache.kafka.tools.GetOffsetShell",
    "kafka-cluster": "org.apache.kafka.tools.ClusterTool",
    "kafka-broker-api-versions": "org.apache.kafka.tools.BrokerApiVersionsCommand",
}
LOG4J = """appender.err.type=Console
appender.err.name=err
appender.err.target=SYSTEM_ERR
appender.err.layout.type=PatternLayout
appender.err.layout.pattern=[%d] %p %m (%c)%n
rootLogger.level=warn
rootLogger.appenderRef.err.ref=err
"""

def normalise(text, bootstrap):
    text = text.replace(bootstrap, "HOST:PORT")
    host, port = bootstrap.rsplit(":", 1)
    text = re.sub(r"\b%s:%s\b" % (re.escape(host), port), "HOST:PORT", text)
    text = re.sub(r"TopicId: [\w-]{22}", "TopicId: " + "T" * 22, text)
    text = re.sub(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]", "[TIME]", text)
    text = re.sub(r"CreateTime:\d+", "CreateTime:MILLIS", text)
    text = re.sub(r"console-consumer-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "console-consumer-" + "M" * 36, text)
    text = re.sub(r"console-consumer-\d{1,5}\b", "console-consumer-N", text)
    text = re.sub(r"HOST:PORT  \((\d+)\) +", r"HOST:PORT  (\1) ", text)
    text = re.sub(r"(1 +127\.0\.0\.1) \d+ +null", r"\1 PORT null", text)
    text = re.sub(r"Cluster ID: \S+", "Cluster ID: CLUSTER", text)
    out, usage = [], False
    for line in text.split("\n"):
        if re.match(r"Option +Description", line):
            usage = True
            out.append("<usage>")
        if usage or re.match(r"\s+at |\t\.\.\. |Caused by: ", line):
            continue
        out.append(line)
    return "\n".join(out)

def block(mark, text):
    if text == "":
        return []
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    else:
        lines[-1] += "\\"          # no line end at the end of the stream
    return [(mark + " " + l).rstrip("\n") for l in lines]

def main():
    p = argparse.ArgumentParser()
    p.add_argument("--jars", required=True)
    p.add_argument("--bootstrap", required=True)
    p.add_argument("file")
    a = p.parse_args()
    log = tempfile.NamedTemporaryFile("w", suffix=".properties", delete=False)
    log.write(LOG4J)
    log.close()
    here = os.path.dirname(os.path.abspath(a.file))

    def start(line, stdin, bare):
        args = shlex.split(line)
        cmd = ["java", "-cp", a.jars + "/*", "-Dlog4j2.configurationFile=" + log.name, CLASSES[args[0]]] + args[1:]
        if not bare:
            cmd += ["--bootstrap-server", a.bootstrap]
        return subprocess.Popen(cmd, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here,
                                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))

    def finish(proc, stdin=""):
        o, e = proc.communicate(stdin.encode(), timeout=90)
        return (block("1", normalise(o.decode(), a.bootstrap)) + block("2", normalise(e.decode(), a.bootstrap)) +
                ["= %d" % (proc.returncode if proc.returncode >= 0 else 128 - proc.returncode)])

    lines = [l.rstrip("\n") for l in open(a.file)]
    out, background, i = [], None, 0
    while i < len(lines):
        l = lines[i]
        i += 1
        if l[:2] in ("1 ", "2 ", "= ") or l in ("1", "2"):
            continue
        out.append(l)
        if l.startswith("& "):
            background = start(l[2:], "", False)
            time.sleep(8)
        elif l.startswith("%"):
            background.send_signal(signal.SIGINT)
            out += finish(background)
        elif l.startswith("$ "):
            bare = any(x.startswith("#") and "bare" in x for x in out[-2:-1])
            stdin = ""
            while i < len(lines) and lines[i].startswith("<"):
                out.append(lines[i])
                stdin += lines[i][2:] + "\n"
                i += 1
            out += finish(start(l[2:], stdin, bare), stdin)
            print(l)
    open(a.file, "w").write("\n".join(out) + "\n")

main()
