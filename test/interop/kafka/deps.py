"""Clients and peers, fetched by their own package clients into the user's cache.

Everything is pinned: requirements/NAME.txt for pip, a profile of pom.xml for Maven. A
folder in the cache is named after what it was made from, so a changed pin makes a new one.
"""

import glob
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "azud-ci"


def cached(name, key, make):
    """The folder CACHE/name-HASH(key), made by make(folder) unless it is complete."""
    folder = CACHE / ("%s-%s" % (name, hashlib.sha256(key.encode()).hexdigest()[:12]))
    done = folder / "done"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        make(folder)
        done.touch()
    return folder


def venv(name, requirements=None):
    """A Python interpreter with requirements/NAME.txt (or the given file) installed."""
    file = pathlib.Path(requirements or HERE / "requirements" / (name + ".txt"))

    def make(folder):
        run("python3", "-m", "venv", folder)
        run(folder / "bin/pip", "install", "-q", "--disable-pip-version-check", "-r", file)

    return str(cached("venv-" + name, file.read_text(), make) / "bin/python")


def jars(profile):
    """The folder with the jars of a profile of pom.xml."""
    pom = HERE / "pom.xml"
    key = re.search(r"<id>%s</id>.*?</profile>" % re.escape(profile), pom.read_text(), re.S).group()

    def make(folder):
        run("mvn", "-q", "-B", "-f", pom, "-P", profile, "dependency:copy-dependencies",
            "-DoutputDirectory=%s" % folder)

    return cached("jars-" + profile, key, make)


def flink_jars():
    """Flink's own jars, from its Python package."""
    python = pathlib.Path(venv("flink"))
    return pathlib.Path(glob.glob(str(python.parent.parent / "lib/python*/site-packages/pyflink/lib"))[0])


def classes(name, source, *folders):
    """A folder with source compiled against the jars of folders."""
    source = pathlib.Path(source)
    path = ":".join("%s/*" % f for f in folders)

    def make(folder):
        run("javac", "-nowarn", "-proc:none", "-encoding", "UTF-8", "-d", folder, "-cp", path, source)

    return cached("classes-" + name, source.read_text() + path, make)


def run(*command):
    r = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if r.returncode:
        raise RuntimeError("%s ended with %d:\n%s" % (" ".join(map(str, command[:4])), r.returncode, r.stdout[-4000:]))
