#!/usr/bin/env python3
"""What the sismos pipeline must make of a folder of USGS feeds.

Computed from the files alone, with nothing of Azud: each earthquake once (the first
version of an id in the order of the files' times, then names), the alerts as text, and
the windows of 5 minutes. Prints JSON.

    expected.py DIR [GLOB]
"""

import collections
import datetime
import fnmatch
import gzip
import json
import math
import os
import re
import sys
import unicodedata

ALERT_FROM = 4.5
WINDOW_S = 5 * 60
BOX = 40


def feeds(folder, glob="*"):
    """The feeds in the order in which they were served."""
    names = [
        n for n in os.listdir(folder)
        if re.search(r"\.(geo)?json(\.gz)?$", n) and fnmatch.fnmatch(n, glob)
    ]

    def when(name):
        found = re.search(r"\d{8}T\d{6}Z", name)
        return (found.group() if found else "", name)

    for name in sorted(names, key=when):
        path = os.path.join(folder, name)
        opened = gzip.open(path, "rb") if name.endswith(".gz") else open(path, "rb")
        with opened as f:
            yield json.load(f)


def quakes(folder, glob="*"):
    """One row an id, in the order of first sight."""
    seen = {}
    for feed in feeds(folder, glob):
        for feature in feed["features"]:
            if feature["id"] not in seen:
                seen[feature["id"]] = row(feature)
    return list(seen.values())


def row(feature):
    p = feature["properties"]
    lon, lat, depth = feature["geometry"]["coordinates"]
    return {
        "id": feature["id"],
        "magnitud": number(p["mag"]),
        "lugar": p["place"],
        "latitud": number(lat),
        "longitud": number(lon),
        "profundidad_km": number(depth),
        "timestamp": utc(p["time"] // 1000).strftime("%Y-%m-%dT%H:%M:%S") + ".%03dZ" % (p["time"] % 1000),
        "tsunami": p["tsunami"] == 1,
    }


def number(v):
    return None if v is None else float(v)


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def seconds(q):
    text = q["timestamp"].replace("Z", "+00:00")
    return math.floor(datetime.datetime.fromisoformat(text).timestamp())


def stamp(s):
    return utc(s).strftime("%Y-%m-%d %H:%M:%S")


def text(v):
    """A double as Spark (Java) writes it: shortest digits, an exponent outside 1e-3 to 1e7."""
    if v == 0 or 1e-3 <= abs(v) < 1e7:
        s = repr(v)
        if "e" in s or "E" in s:  # Python switches to an exponent later and earlier
            s = format(v, "f").rstrip("0")
            s += "0" if s.endswith(".") else ""
        return s
    digits, exponent = format(v, ".17e").split("e")
    for precision in range(17):
        short = format(v, ".%de" % precision)
        if float(short) == v:
            digits, exponent = short.split("e")
            break
    if "." not in digits:
        digits += ".0"
    return "%sE%d" % (digits, int(exponent))


def cells(s):
    """The places that a text takes on a terminal."""
    n = 0
    for c in s:
        if unicodedata.category(c) in ("Mn", "Me", "Cf"):
            continue
        n += 2 if unicodedata.east_asian_width(c) in "WF" else 1
    return n


def alert(q):
    """The box; a longer line widens it."""
    depth = q["profundidad_km"]
    lines = [
        " Magnitud: " + text(q["magnitud"]),
        " Lugar: " + (q["lugar"] if q["lugar"] is not None else "lugar desconocido"),
        " Hora: " + stamp(seconds(q)),
        " Coords: (%s, %s)" % (text(q["latitud"]), text(q["longitud"])),
        " Profundidad: %s km" % ("?" if depth is None else text(depth)),
    ]
    width = max([BOX] + [cells(s) for s in lines])

    def boxed(s):
        return "║" + s + " " * (width - cells(s)) + "║"

    bar = "═" * width
    return "\n".join(
        ["╔" + bar + "╗", boxed("         ALERTA SISMICA"), "╠" + bar + "╣"]
        + [boxed(s) for s in lines]
        + ["╚" + bar + "╝"]
    )


def windows(rows):
    groups = collections.defaultdict(list)
    for q in rows:
        s = seconds(q)
        groups[s - s % WINDOW_S].append(q["magnitud"])
    out = []
    for start in sorted(groups):
        known = [m for m in groups[start] if m is not None]
        out.append({
            "start": stamp(start),
            "end": stamp(start + WINDOW_S),
            "count": len(groups[start]),
            "avg": math.fsum(known) / len(known) if known else None,
            "max": max(known) if known else None,
        })
    return out


def expected(folder, glob="*"):
    rows = quakes(folder, glob)
    return {
        "rows": rows,
        "alerts": [alert(q) for q in rows if q["magnitud"] is not None and q["magnitud"] >= ALERT_FROM],
        "windows": windows(rows),
    }


if __name__ == "__main__":
    json.dump(expected(*sys.argv[1:3]), sys.stdout, ensure_ascii=False, indent=1)
    print()
