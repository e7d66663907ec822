"""Compares what parties measured with what a replay says.

    compare.py CONDITION FIRST_S ALL_S REPORT...     modelled seconds of the first iteration and of all; a report of each party
    compare.py --same-messages TRACE TRACE           whether both have the same messages on each link
    compare.py --sent TRACE FILE...                  whether a trace has the messages that each party says it sent
    compare.py --took MEASURED_S MODELLED_S          whether they differ by 8 % at most

Exit code 1 if the first iteration is off by more than 8 %, or later ones by more than 6 % in the mean (the first by 2 % if it is an import).
"""

import json
import sys


def messages(path):
    links = {}
    for line in open(path):
        event = json.loads(line)
        if event["kind"] == "send":
            links.setdefault((event["party"], event["peer"]), []).append(event["bytes"])
    return links


if sys.argv[1] == "--same-messages":
    one, other = map(messages, sys.argv[2:4])
    if one != other:
        sys.exit("the messages differ")
    print(sum(map(len, one.values())), "messages, the same byte for byte")
    sys.exit(0)

if sys.argv[1] == "--sent":
    said = {}
    for party, path in enumerate(sys.argv[3:]):
        said |= {(party, int(peer)): sizes for peer, sizes in json.load(open(path)).items()}
    if messages(sys.argv[2]) != said:
        sys.exit("the messages are not those that were sent")
    print(sum(map(len, said.values())), "messages, as they were sent, byte for byte")
    sys.exit(0)

if sys.argv[1] == "--took":
    measured, modelled = map(float, sys.argv[2:4])
    print(f"measured {measured:.3f}, modelled {modelled:.3f}, off by {100 * (modelled / measured - 1):+.1f} %")
    sys.exit(abs(modelled / measured - 1) > 0.08)

condition, first_s, all_s = sys.argv[1], float(sys.argv[2]), float(sys.argv[3])
ends = [json.load(open(path))["iteration_end_seconds"] for path in sys.argv[4:]]
ends = [max(party) for party in zip(*ends)]
rows = [(ends[0], first_s, 0.02 if condition.startswith("imported") else 0.08)]
if len(ends) > 1:
    later = len(ends) - 1
    rows.append(((ends[-1] - ends[0]) / later, (all_s - first_s) / later, 0.06))
off = [modelled / measured - 1 for measured, modelled, _ in rows]
print(
    condition,
    "  measured", *(f"{measured:.3f}" for measured, _, _ in rows),
    "  modelled", *(f"{modelled:.3f}" for _, modelled, _ in rows),
    "  off by", *(f"{100 * each:+.1f} %" for each in off),
)
sys.exit(any(abs(each) > most for each, (_, _, most) in zip(off, rows)))
