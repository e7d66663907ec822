#!/bin/sh
# Runs the examples of the library and compares what they print with tests/examples/NAME.txt.
set -eu
cd "$(dirname "$0")/../.."
for name in scenario sweep protocol; do
    cargo run --release --quiet --example "$name" | diff "tests/examples/$name.txt" -
done
echo "the examples print what is on record"
