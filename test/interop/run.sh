#!/usr/bin/env bash
# The real binary against the ecosystem's own clients and against the feeds' own arithmetic.
#
#   test/interop/run.sh FEEDS_DIR OUT_DIR [TEST ...]
#
# FEEDS_DIR holds recorded feeds, OUT_DIR receives logs. KILLS and SEED set the kill test
# (20, random). AZUD may name a binary; else it is built. The Python clients are kept in the
# user's cache.
set -euo pipefail

feeds=$(realpath "$1")
mkdir -p "$2"
out=$(realpath "$2")
shift 2
cd "$(dirname "$0")"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/azud-ci
venv=$cache/venv-$(sha256sum requirements.txt | cut -c 1-12)
if [ ! -e "$venv/done" ]; then
  rm -rf "$venv"
  mkdir -p "$cache"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q --disable-pip-version-check -r requirements.txt
  touch "$venv/done"
fi

bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
if [ -z "${AZUD:-}" ]; then
  go build -o "$bin/azud" ../../cmd/azud
  export AZUD=$bin/azud
fi
go build -o "$bin/replay" ../replay
"$venv/bin/python" -m unittest -q test_expected
"$venv/bin/python" suite.py --azud "$AZUD" --replay "$bin/replay" --feeds "$feeds" --out "$out" \
  --kills "${KILLS:-20}" ${SEED:+--seed "$SEED"} "$@"
