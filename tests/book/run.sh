#!/bin/bash
# Runs the commands of docs/tutorial.md and compares what they print with what the page shows; builds the book of docs/ and looks for
# warnings and dead links. Installs mdbook in target/, where it is not there yet. Needs python3.
#
#     tests/book/run.sh [path of mpcsim] [--write]
#
# With --write the page gets what the commands print.
set -euo pipefail

write=()
arguments=()
for argument in "$@"; do
    case $argument in
        --write) write=(--write) ;;
        *) arguments+=("$argument") ;;
    esac
done

root=$(cd "$(dirname "$0")/../.." && pwd)
mpcsim=$(realpath "${arguments[0]:-$root/target/release/mpcsim}")
test -x "$mpcsim" || { echo "no program at $mpcsim: cargo build --release" >&2; exit 1; }
version=0.5.4
tools=$root/target/book-tools
cd "$root"

mkdir -p target
work=$(mktemp -d target/tutorial.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/reader"
ln -s "$mpcsim" "$work/bin/mpcsim"
PATH=$PWD/$work/bin:$PATH LC_ALL=C.UTF-8 python3 tests/book/book.py tutorial docs/tutorial.md "$work/reader" "${write[@]}"

if [ "$("$tools/bin/mdbook" --version 2>/dev/null)" != "mdbook v$version" ]; then
    # It builds one book: compiling it must be fast, not mdbook.
    CARGO_PROFILE_DEV_DEBUG=false cargo install --quiet --locked --debug --root "$tools" --no-default-features --features search "mdbook@$version"
fi
"$tools/bin/mdbook" build 2>&1 | tee "$work/build.log"
if grep -E 'WARN|ERROR' "$work/build.log" >/dev/null; then
    echo "the book was not built without warnings" >&2
    exit 1
fi
python3 tests/book/book.py links target/book
