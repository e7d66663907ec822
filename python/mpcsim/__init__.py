"""Secure training, simulated: the program `mpcsim` from Python.

`run`, `sweep`, `cost` and `replay` start the program that was installed with this module, wait for it without holding Python's lock, and
give what it wrote as numbers, dictionaries and lists of dictionaries, which pandas and polars take as they are.

Fields of a scenario are changed by name, with two underscores for a dot: ``run("a.ron", training__epochs=1, softmax="exact")``. A text is
written into the scenario as it is, so a word needs no quotes and a text two pairs: ``softmax="exact"``, ``name='"mine"'``,
``network='preset("wan")'``.
"""

from __future__ import annotations

import csv
import html
import json
import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any, Iterable, Mapping, Optional, Union

__all__ = ["Report", "Run", "ScenarioError", "SimulationError", "cost", "program", "replay", "run", "sweep"]

Name = Union[str, "os.PathLike[str]"]
Row = dict[str, Any]

_PLACE = re.compile(r"─\[(?P<file>.+):(?P<line>\d+):(?P<column>\d+)\]")
_MISTAKE = 2


class ScenarioError(ValueError):
    """A mistake in a file or an argument: what the program says of it, and where it is.

    `file`, `line` and `column` are None if it is in no file; of a changed field, the file is `--set`.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        place = _PLACE.search(message)
        self.file: Optional[str] = place["file"] if place else None
        self.line: Optional[int] = int(place["line"]) if place else None
        self.column: Optional[int] = int(place["column"]) if place else None


class SimulationError(RuntimeError):
    """A run that came to no end, such as one that was aborted, or whose results cannot be written."""


class Report:
    """The page of a run. A notebook shows it."""

    def __init__(self, page: str) -> None:
        self.html = page

    def _repr_html_(self) -> str:
        page = html.escape(self.html, quote=True)
        return f'<iframe srcdoc="{page}" style="width: 100%; height: 700px; border: 0"></iframe>'


class Run:
    """What a run gave: summary.json as `summary`, its tables, and its page."""

    def __init__(self, summary: Row, tables: Mapping[str, list[Row]], page: str) -> None:
        self.summary = summary
        #: Test accuracy at the end; None if nothing was evaluated.
        self.accuracy: Optional[float] = summary.get("final_test_accuracy")
        #: Rounds, payload bytes of all parties and modelled seconds of the training, without the set-up.
        self.rounds: int = summary["training"]["rounds"]
        self.payload_bytes: int = summary["training"]["payload_bytes"]
        self.modelled_seconds: float = summary["training"]["modelled_seconds"]
        self.notes: list[str] = summary["notes"]
        #: epochs.csv, evaluations.csv, spans.csv and links.csv, a dictionary a row.
        self.epochs = tables["epochs"]
        self.evaluations = tables["evaluations"]
        self.spans = tables["spans"]
        self.links = tables["links"]
        self.report = Report(page)

    def to_dict(self) -> Row:
        """summary.json."""
        return self.summary

    def __repr__(self) -> str:
        accuracy = "none" if self.accuracy is None else f"{100 * self.accuracy:.2f} %"
        return (
            f"<mpcsim.Run {self.summary['name']!r}: test accuracy {accuracy}, {self.rounds:,} rounds, "
            f"{self.payload_bytes:,} bytes, {self.modelled_seconds:.6g} s>"
        )

    def _repr_html_(self) -> str:
        cells = [("rounds", "{:,}"), ("payload_bytes", "{:,}"), ("modelled_seconds", "{:.6g}")]
        parts = ["setup", "iteration", "training"]
        rows = "".join(
            "<tr><th>{}</th>{}</tr>".format(
                name, "".join(f"<td>{form.format(self.summary[part][name])}</td>" for part in parts)
            )
            for name, form in cells
        )
        head = "".join(f"<th>{part}</th>" for part in parts)
        return f"<p>{html.escape(repr(self))}</p><table><tr><th></th>{head}</tr>{rows}</table>"


def program() -> str:
    """The path of the program: the one installed with this module, or else the first on the search path."""
    own = Path(sysconfig.get_path("scripts")) / ("mpcsim.exe" if os.name == "nt" else "mpcsim")
    found = str(own) if own.is_file() else shutil.which("mpcsim")
    if found is None:
        raise FileNotFoundError(f"the program mpcsim is neither {own} nor on the search path")
    return found


def _written(value: Any) -> str:
    """A value as a scenario writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, str)):
        return str(value)
    if isinstance(value, os.PathLike):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(_written, value)) + "]"
    raise TypeError(f"a field of a scenario cannot be {value!r}")


def _sets(fields: Mapping[str, Any]) -> list[str]:
    return [f"--set={name.replace('__', '.')}={_written(value)}" for name, value in fields.items()]


def _call(*arguments: str) -> str:
    """What the program prints."""
    done = subprocess.run([program(), *arguments], capture_output=True, encoding="utf-8")
    if done.returncode == _MISTAKE:
        raise ScenarioError(done.stderr.strip())
    if done.returncode != 0:
        raise SimulationError(done.stderr.strip() or f"mpcsim ended with {done.returncode}")
    return done.stdout


def _number(cell: str) -> Any:
    """A cell of a table: None if it is empty, a number if it is one."""
    if cell == "":
        return None
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            pass
    return cell


def _table(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [{name: _number(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


def run(scenario: Name, *, out: Optional[Name] = None, values: str = "split", **fields: Any) -> Run:
    """Runs a scenario with some fields changed. Results are kept if `out` names a folder for them.

    `values="shares"` trains on secret shares. Raises ScenarioError for a mistake, SimulationError for a run that failed.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(out) if out is not None else Path(place) / "out"
        summary = _call("run", os.fspath(scenario), "--json", f"--out={folder}", f"--values={values}", *_sets(fields))
        tables = {name: _table(folder / f"{name}.csv") for name in ("epochs", "evaluations", "spans", "links")}
        page = (folder / "report.html").read_text(encoding="utf-8")
    return Run(json.loads(summary), tables, page)


def sweep(file: Name, *, out: Optional[Name] = None, jobs: Optional[int] = None, **fields: Any) -> list[Row]:
    """Runs a sweep, with some fields of the sweep file changed, and gives results.csv, a dictionary a row.

    Results are kept if `out` names a folder for them.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(out) if out is not None else Path(place) / "out"
        threads = [] if jobs is None else [f"--jobs={jobs}"]
        _call("sweep", os.fspath(file), "--quiet", f"--out={folder}", *threads, *_sets(fields))
        return _table(folder / "results.csv")


def _each(name: str, values: Union[None, str, Iterable[Any]]) -> list[str]:
    several = [] if values is None else [values] if isinstance(values, str) else values
    return [f"--{name}={value}" for value in several]


def cost(
    protocol: Union[str, Iterable[str]],
    *,
    op: Union[None, str, Iterable[str]] = None,
    matmul: Union[None, str, Iterable[str]] = None,
    layer: Union[None, str, Iterable[str]] = None,
    input: Optional[str] = None,
    n: Union[int, Iterable[int]] = 1000,
    rounding: str = "probabilistic",
    network: Optional[Name] = None,
    compute: Optional[Name] = None,
) -> list[Row]:
    """What single operations cost under one or several protocols, or `"all"`: the options of `mpcsim cost`, a dictionary a row."""
    arguments = _each("protocol", protocol) + _each("op", op) + _each("matmul", matmul) + _each("layer", layer)
    arguments += _each("n", [n] if isinstance(n, int) else n) + [f"--rounding={rounding}"]
    options = {"input": input, "network": network, "compute": compute}
    arguments += [f"--{name}={os.fspath(value)}" for name, value in options.items() if value is not None]
    lines = _call("cost", "--json", *arguments).splitlines()
    return [json.loads(line) for line in lines]


def replay(trace: Name, network: Name, *, compute: Optional[Name] = None, seed: int = 1) -> Row:
    """Times a recorded program under another network: a preset, or a file that holds one."""
    costs = [] if compute is None else [f"--compute={os.fspath(compute)}"]
    return json.loads(_call("replay", os.fspath(trace), "--json", f"--network={os.fspath(network)}", f"--seed={seed}", *costs))
