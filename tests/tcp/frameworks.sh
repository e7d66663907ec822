#!/bin/bash
# Records a training in MPyC and one in CrypTen on the loopback interface, replays both under other networks, and compares with what they
# really take there: each party in a network namespace of its own, with a delay line between them (router/). The table is in
# docs/fidelity.md. Takes some minutes, and needs what run.sh needs, and the frameworks, each in a virtual environment of its own:
#
#     python3.11 -m venv mpyc && mpyc/bin/pip install mpyc==0.11 numpy==2.4.6
#     python3.11 -m venv crypten && crypten/bin/pip install torch==1.13.1 'numpy<2'
#     crypten/bin/pip install --no-deps crypten==0.4.1 onnx==1.16.2 'protobuf<5' omegaconf pyyaml antlr4-python3-runtime==4.9.3
#     tests/tcp/frameworks.sh mpyc/bin/python crypten/bin/python [path of mpcsim]
#
# (CrypTen's own requirements ask for torchvision, tensorboard and others that it does not need here.)
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
declare -A python=([mpyc]=$(realpath -s "$1") [crypten]=$(realpath -s "$2"))
mpcsim=$(realpath "${3:-$target/release/mpcsim}")

# shellcheck source=line.sh
source "$here/line.sh"

line_or_skip
install ip=iproute2 python3=python3
cargo build --release --quiet --locked --manifest-path "$here/router/Cargo.toml" --target-dir "$target/tcp-router"
router=$target/tcp-router/release/router

work=$(mktemp -d)
chmod 755 "$work"
trap line_cleanup EXIT

declare -A parties=([mpyc]=3 [crypten]=2) iterations=([mpyc]=10 [crypten]=2)

# run FRAMEWORK LOGS ID: all parties, recorded into LOGS.party; in namespaces of ID, without
# a delay of the library's; or where this script is if ID is empty
run() {
    local framework=$1 logs=$2 id=$3 started=() hosts=() device=lo delay=() p
    local -a options place
    for ((p = 0; p < parties[$framework]; p++)); do
        if [ -z "$id" ]; then hosts+=(127.0.0.1); else hosts+=("10.9.0.$((p + 1))"); fi
    done
    for ((p = 0; p < parties[$framework]; p++)); do
        options=() place=()
        if [ -n "$id" ]; then
            place=(ip netns exec "${id}p$p")
            device=${id}p$p
            delay=(--delay-ms 0)
        fi
        if [ "$framework" = mpyc ]; then
            options=(-M3 "-I$p" -P "${hosts[0]}:11365" -P "${hosts[1]}:11366" -P "${hosts[2]}:11367")
        fi
        RANK=$p WORLD_SIZE=2 MASTER_ADDR=${hosts[0]} MASTER_PORT=29500 DISTRIBUTED_BACKEND=gloo RENDEZVOUS=env:// \
            GLOO_SOCKET_IFNAME=$device OMP_NUM_THREADS=1 \
            first 1 "${place[@]}" "$mpcsim" record --party "$p" "${delay[@]}" -o "$logs.$p" -- "${python[$framework]}" \
            "$here/frameworks/${framework}_training.py" "${iterations[$framework]}" "${options[@]}" >"$logs.$p.out" 2>&1 &
        started+=($!)
    done
    for ((p = 0; p < parties[$framework]; p++)); do
        wait "${started[p]}" || { cat "$logs.$p.out"; exit 1; }
    done
}

# import LOGS TRACE: prints the seconds that the run took while it was recorded
import() {
    "$mpcsim" import "$1".[0-9] -o "$2" | sed -n 's/.* took \([0-9.]*\) s.*/\1/p'
}

number=70
echo "framework  ms  Mbit/s  measured  modelled  off by  waited for a processor"
for framework in mpyc crypten; do
    run $framework "$work/$framework" ""
    echo "$framework on the loopback interface took $(import "$work/$framework" "$work/$framework.jsonl") s"
    for condition in "5 1000" "20 100" "40 200" "80 50"; do
        read -r latency mbit <<<"$condition"
        network "$work/network.ron" "$latency" "$mbit" 1
        "$mpcsim" replay "$work/$framework.jsonl" --network "$work/network.ron" --json >"$work/replayed.json"
        number=$((number + 1))
        id=mpc$number
        line_begin "$id" "${parties[$framework]}" "$latency" "$mbit" reno 1
        run $framework "$work/$id.run" "$id"
        line_end "$id" "${parties[$framework]}"
        stood=$(sed -n 's/.*stood \([0-9.]*\) s.*/\1/p' "$work/$id".run.*.out | sort -n | tail -1)
        measured=$(import "$work/$id.run" "$work/$id.jsonl")
        python3 -c "
import json
modelled = json.load(open('$work/replayed.json'))['modelled_seconds']
print('$framework  $latency  $mbit  ', f'{$measured:.3f}  {modelled:.3f}  {100 * (modelled / $measured - 1):+.1f} %  $stood')"
    done
done
