#!/bin/sh
# Looks at the reports in headless Chromium: no errors, no requests, charts that show the data, both themes, two widths.
# Installs what it needs (Debian's chromium, playwright-core from npm). Screenshots go to target/browser/.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
out=$target/browser
mkdir -p "$out"

if [ ! -x /usr/bin/chromium ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null
fi
cp "$here/package.json" "$here/package-lock.json" "$here/check.mjs" "$out/"
(cd "$out" && npm ci --no-audit --no-fund --silent)

cd "$root"
cargo build --release --quiet
run="$target/release/mpcsim run --quiet"
$run scenarios/01_first_run.ron --set training.iterations=200 --out "$out/run"
$run scenarios/04_asymmetric_links.ron --set training.iterations=100 --out "$out/jitter"
# The report of a made-up sweep is written by a test.
cargo test --release --quiet --test suite report::sweep >/dev/null
cp "$target"/tmp/sweep*.html "$out/"

timeout 110 node "$out/check.mjs" "$out"
