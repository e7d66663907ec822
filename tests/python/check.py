"""The module against the program itself. Needs the module installed; run.sh does that.

    python tests/python/check.py ROOT
"""

import csv
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import mpcsim

root = Path(sys.argv[1])
first = root / "scenarios/01_first_run.ron"
small = {"training__iterations": 4, "data": "mnist(train: 1280, test: 200)"}
flags = ["--set", "training.iterations=4", "--set", "data=mnist(train: 1280, test: 200)"]


def program(*arguments):
    return subprocess.run([mpcsim.program(), *arguments], check=True, capture_output=True, encoding="utf-8").stdout


place = Path(tempfile.mkdtemp())

# A run: the figures of the program.
result = mpcsim.run(first, **small)
summary = json.loads(program("run", str(first), "--json", "--out", str(place / "run"), *flags))
assert result.to_dict() == summary
assert (result.accuracy, result.rounds) == (summary["final_test_accuracy"], summary["training"]["rounds"])
with open(place / "run/spans.csv", newline="") as file:
    assert len(result.spans) == len(list(csv.DictReader(file)))
assert all(isinstance(row["payload_bytes"], int) for row in result.links), result.links[:1]
assert "1,280" not in result._repr_html_() and f"{result.rounds:,}" in result._repr_html_()
assert result.report.html == (place / "run/report.html").read_text(encoding="utf-8")
kept = mpcsim.run(first, out=place / "kept", **small)
assert kept.to_dict() == summary and (place / "kept/summary.json").exists()

# Mistakes: in the file, in a changed field, and a run that failed.
text = first.read_text(encoding="utf-8")
bad = place / "bad.ron"
bad.write_text(text.replace("softmax: exact", "softmax: exat"), encoding="utf-8")
line = next(n for n, line in enumerate(bad.read_text(encoding="utf-8").splitlines(), 1) if "exat" in line)
try:
    mpcsim.run(bad)
    raise AssertionError("a mistake was accepted")
except mpcsim.ScenarioError as error:
    assert (error.file, error.line, error.column) == (str(bad), line, 14), vars(error)
    assert "did you mean `exact`?" in str(error)
try:
    mpcsim.run(first, training__epocs=1)
    raise AssertionError("a mistake was accepted")
except mpcsim.ScenarioError as error:
    assert (error.file, error.line) == ("--set", 1) and "epochs" in str(error)
try:
    mpcsim.run(root / "scenarios/09_cheating.ron", out=place / "cheating", values="shares")
    raise AssertionError("an aborted run gave a result")
except mpcsim.SimulationError as error:
    assert str(error)

# Other threads go on meanwhile.
done = threading.Event()
thread = threading.Thread(target=lambda: (mpcsim.run(first, **small), done.set()))
thread.start()
counted = 0
while not done.is_set() and thread.is_alive():
    counted += 1
thread.join()
assert done.is_set() and counted > 1000, counted

# A sweep, single operations, a replay.
sweep = place / "sweep.ron"
base = json.dumps(str(first))
axes = '[(field: "network", values: [preset("lan"), preset("wan")])]'
sweep.write_text(f'(name: "networks", train: false, base: {base}, axes: {axes})', encoding="utf-8")
rows = mpcsim.sweep(sweep, out=place / "sweep", jobs=2)
with open(place / "sweep/results.csv", newline="") as file:
    right = list(csv.DictReader(file))
assert [str(row["rounds"]) for row in rows] == [row["rounds"] for row in right] and len(rows) == 2
assert rows[0]["accuracy"] is None and rows[1]["modelled_seconds"] > rows[0]["modelled_seconds"]

costs = mpcsim.cost(["rep3", "semi2k"], op=["relu"], matmul="128x784x10", n=64, network="wan")
lines = program("cost", "--protocol", "rep3", "--protocol", "semi2k", "--op", "relu", "--matmul", "128x784x10", "--n", "64", "--network", "wan", "--json")
assert costs == [json.loads(line) for line in lines.splitlines()] and len(costs) == 4
assert mpcsim.cost("rep3", layer="relu", input="64", n=1)[0]["payload_bytes"] == costs[0]["payload_bytes"]

program("trace", str(first), "-o", str(place / "trace.jsonl"), *flags)
times = mpcsim.replay(place / "trace.jsonl", "wan")
assert times == json.loads(program("replay", str(place / "trace.jsonl"), "--network", "wan", "--json"))

print("the module gives what the program gives")
