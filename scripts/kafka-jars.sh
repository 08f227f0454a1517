#!/usr/bin/env bash
# Fetches the jars of Apache Kafka 4.3.1 by Maven, into the user's cache, and prints their
# folder:
#
#   go run ./test/bench/kafka -jars "$(scripts/kafka-jars.sh)"
set -euo pipefail
cd "$(dirname "$0")/../test/interop/kafka"
python3 -c 'import deps; print(deps.jars("server-4.3"))'
