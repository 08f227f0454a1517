#!/usr/bin/env python3
"""Makes the recorded feeds of `azud up --demo` and of the tests.

    scripts/demo-sample.py FEEDS_DIR

FEEDS_DIR holds USGS summary feeds: all_week_2024-05-04.geojson and polled/all_*.json.
Writes pipelines/sismos/demo, the same bytes each time:

    feed.json.gz    a week: every earthquake from magnitude 2.5 on and a quarter of the
                    smaller ones, oldest first
    polled/*.gz     the feed as it was polled, at six moments within 45 minutes

Only the fields that a reader of the feed needs are kept.
"""

import gzip
import hashlib
import json
import os
import sys

FIELDS = ("mag", "place", "time", "updated", "tsunami", "status", "magType", "type", "title")
WEEK = "all_week_2024-05-04.geojson"
LIMIT = 500_000  # bytes in all


def thin(feature):
    p = feature["properties"]
    return {
        "type": "Feature",
        "properties": {k: p[k] for k in FIELDS if k in p},
        "geometry": feature["geometry"],
        "id": feature["id"],
    }


def kept(feature):
    mag = feature["properties"]["mag"]
    if mag is None or mag >= 2.5:
        return True
    return hashlib.sha256(feature["id"].encode()).digest()[0] % 4 == 0


def write(path, feed, features):
    meta = dict(feed["metadata"], count=len(features))
    doc = {"type": "FeatureCollection", "metadata": meta, "features": [thin(f) for f in features]}
    body = json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode()
    with open(path, "wb") as f:
        f.write(gzip.compress(body, 9, mtime=0))
    return os.path.getsize(path)


def main(source):
    target = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "pipelines", "sismos", "demo")
    os.makedirs(os.path.join(target, "polled"), exist_ok=True)
    with open(os.path.join(source, WEEK)) as f:
        week = json.load(f)
    features = sorted(filter(kept, week["features"]), key=lambda f: f["properties"]["time"])
    size = write(os.path.join(target, "feed.json.gz"), week, features)
    strong = sum((f["properties"]["mag"] or 0) >= 4.5 for f in features)
    for name in sorted(os.listdir(os.path.join(source, "polled"))):
        with open(os.path.join(source, "polled", name)) as f:
            feed = json.load(f)
        size += write(os.path.join(target, "polled", name + ".gz"), feed, feed["features"])
    print("%d earthquakes, %d of magnitude 4.5 or more, %d bytes in all" % (len(features), strong, size))
    if size > LIMIT:
        sys.exit("more than %d bytes" % LIMIT)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
