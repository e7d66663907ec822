#!/bin/bash
# Runs the commands of all pages of the book and compares what they print with what the pages show; builds the book and looks for
# warnings and dead links. Installs mdbook in target/, where it is not there yet. Needs python3, and Linux for what is recorded.
#
#     tests/book/run.sh [path of mpcsim] [--write]
#
# With --write the pages get what the commands print. How a page is written: book.py.
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
target=${CARGO_TARGET_DIR:-$root/target}
mpcsim=$(realpath "${arguments[0]:-$target/release/mpcsim}")
test -x "$mpcsim" || { echo "no program at $mpcsim: cargo build --release" >&2; exit 1; }
version=0.5.4
tools=$target/book-tools
cd "$root"

mkdir -p target
work=$(mktemp -d target/book-pages.XXXXXX)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin" "$work/pages"
# The library that records lies beside the program, so neither can be a link.
cargo build --release --quiet --locked --manifest-path record/Cargo.toml --target-dir "$target/record"
cp "$mpcsim" "$work/bin/mpcsim"
cp "$target/record/release/libmpcsim_record.so" "$work/bin"
PATH=$PWD/$work/bin:$PATH LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1 python3 tests/book/book.py pages "$work/pages" "${write[@]}"

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
