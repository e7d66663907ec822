#!/bin/bash
# Installs the program and its Python module into a fresh virtual environment, compares the module with the program, and executes the
# notebook. Takes the build that is there in target/, if it is one. Needs python3 with venv, and PyPI; says so and does nothing without.
#
#     tests/python/run.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "skipped: $*"; exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/env" >/dev/null 2>&1 || skip "no python3 with venv"
python=$work/env/bin/python
"$python" -m pip install --quiet --disable-pip-version-check nbclient ipykernel pandas >"$work/pip.log" 2>&1 ||
    skip "PyPI cannot be reached: $(tail -n 1 "$work/pip.log")"
"$python" -m pip install --disable-pip-version-check . >"$work/install.log" 2>&1 ||
    { tail -n 40 "$work/install.log"; exit 1; }
cd "$work"
"$work/env/bin/mpcsim" --version
"$python" -m mpcsim list >/dev/null
"$python" "$OLDPWD/tests/python/check.py" "$OLDPWD"
"$python" - "$OLDPWD/examples/first_run.ipynb" <<'PYTHON'
import sys

import nbformat
from nbclient import NotebookClient

notebook = nbformat.read(sys.argv[1], as_version=4)
assert not any(cell.get("outputs") for cell in notebook.cells), "a notebook is kept without outputs"
NotebookClient(notebook, resources={"metadata": {"path": sys.argv[1].rsplit("/", 1)[0]}}).execute()
assert all(cell.outputs or "import" in cell.source for cell in notebook.cells if cell.cell_type == "code")
print("the notebook runs")
PYTHON
