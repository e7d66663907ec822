"""Adds up a trace and compares: recompute.py iteration|setup|training TRACE.jsonl summary.json (see trace-format.md)"""
import gzip, json, sys
from decimal import Decimal

def totals(lines, parties):
    events, sends, next_on = [[] for _ in range(parties)], {}, {}
    for event in map(json.loads, lines):
        party, peer = event["party"], event.get("peer")
        if event["kind"] == "send":  # where the n-th message of a link stands among its sender's events
            sends.setdefault((party, peer), []).append(len(events[party]))
        elif event["kind"] == "recv":  # which message of its link it is
            event["message"] = event.get("message", next_on.get((peer, party), 0))
            next_on[peer, party] = event["message"] + 1
        events[party].append(event)
    sent = [[e for e in line if e["kind"] == "send"] for line in events]
    received = [[e for e in line if e["kind"] == "recv"] for line in events]
    by_party = [sum(e["bytes"] for e in line) for line in sent]
    end = [line[-1]["end_ps"] if line else 0 for line in events]
    path = dict(compute=0, latency=0, serialisation=0, queueing=0, window=0)
    party = end.index(max(end))  # back from the party that ends last: its work, then the message it waited for, ...
    at = len(events[party])
    while at > 0:
        at -= 1
        e = events[party][at]
        waited = e.get("waited_ps", 0)
        path["compute"] += e["end_ps"] - e["start_ps"] - waited
        if waited > 0:
            sender, at = e["peer"], sends[e["peer"], party][e["message"]]
            way = e["start_ps"] + waited - events[sender][at]["end_ps"]
            own = {part: e.get(part + "_ps", 0) for part in ("latency", "serialisation", "window")}
            own["queueing"] = way - sum(own.values())
            path = {part: ps + own.get(part, 0) for part, ps in path.items()}
            party, at = sender, at + 1
    counts = dict(messages=sum(map(len, sent)), wire_bytes=sum(e["wire_bytes"] for line in sent for e in line),
                  exchanges=max(sum(not e.get("same_wait") for e in line) for line in received),
                  payload_bytes=sum(by_party), payload_bytes_by_party=by_party)
    return counts, dict(rounds=max((e["depth"] for line in received for e in line), default=0),
                        modelled_seconds=Decimal(max(end)).scaleb(-12),
                        critical_path={part: Decimal(ps).scaleb(-12) for part, ps in path.items()})

phase, trace, summary = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3]), parse_float=Decimal)
lines = gzip.open(trace, "rt") if trace.endswith(".gz") else open(trace)
counts, times = totals(lines, len(summary["setup"]["payload_bytes_by_party"]))
found = [(phase, name, value) for name, value in (counts | times).items()]
if phase == "iteration" and not any(epoch["restarted"] for epoch in summary["accuracy"]):
    times_n = lambda x: [times_n(y) for y in x] if isinstance(x, list) else x * summary["iterations"]
    found += [("training", name, times_n(count)) for name, count in counts.items()]
wrong = [f"{phase}.{name} is {summary[phase][name]}, the trace gives {value}" for phase, name, value in found
         if summary[phase][name] != value]
sys.exit("\n".join(wrong) if wrong else print(f"{len(found)} totals agree"))
