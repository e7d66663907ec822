#!/bin/bash
# Runs a sweep as a job array under a real Slurm, started here on the loopback interface, merges the shards and compares
# the bytes with those of a single run. Needs root and Debian; installs slurm-wlm and munge. Everything that it starts is
# stopped at the end, and it never waits for long.
#
#     tests/slurm/run.sh [path of mpcsim]
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
mpcsim=$(realpath "${1:-$root/target/release/mpcsim}")
shards=4
work=$(mktemp -d)
# Jobs run with files of this folder.
chmod 755 "$work"
pids=()
policy_is_ours=no

cleanup() {
    status=$?
    set +e
    if [ $status -ne 0 ]; then
        tail -n 20 "$work"/*.log "$work"/slurm-*.out 2>/dev/null
    fi
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    for pid in "${pids[@]}"; do
        for _ in $(seq 50); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
        kill -9 "$pid" 2>/dev/null
    done
    rm -rf "$work"
    if [ $policy_is_ours = yes ]; then rm -f /usr/sbin/policy-rc.d; fi
    exit $status
}
trap cleanup EXIT

# Waits at most so many seconds until a command succeeds.
wait_for() {
    local seconds=$1
    shift
    for _ in $(seq $((seconds * 5))); do
        if "$@" >/dev/null 2>&1; then return 0; fi
        sleep 0.2
    done
    echo "gave up after $seconds s: $*" >&2
    return 1
}

if ! command -v slurmctld >/dev/null || ! command -v slurmd >/dev/null || ! command -v munged >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    # The packages must not start their services: those here have a configuration of their own.
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
        chmod 755 /usr/sbin/policy-rc.d
        policy_is_ours=yes
    fi
    apt-get update -qq
    apt-get install -qq -y --no-install-recommends slurmctld slurmd slurm-client munge >/dev/null
fi

# munge wants folders that nobody else can write to.
mkdir "$work/munge"
chmod 700 "$work/munge"
dd if=/dev/urandom of="$work/munge/key" bs=1024 count=1 status=none
chmod 400 "$work/munge/key"
socket=$work/munge.socket
munged --foreground --force --key-file="$work/munge/key" --socket="$socket" --pid-file="$work/munge/pid" \
    --log-file="$work/munge/log" --seed-file="$work/munge/seed" > "$work/munged.log" 2>&1 &
pids+=($!)
wait_for 20 munge --socket="$socket" --no-input

host=$(hostname -s)
mkdir "$work/state" "$work/spool"
cat > "$work/slurm.conf" <<CONF
ClusterName=loopback
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=27017
SlurmdPort=27018
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$socket
CredType=cred/munge
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/pgid
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=10 State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -D -i > "$work/slurmctld.out.log" 2>&1 &
pids+=($!)
slurmd -D -N "$host" > "$work/slurmd.out.log" 2>&1 &
pids+=($!)
wait_for 60 sh -c "sinfo --noheader --format=%T | grep -qx idle"

cp "$root/tests/slurm/sweep.ron" "$work/sweep.ron"
"$mpcsim" sweep "$work/sweep.ron" --out "$work/single" --quiet

cd "$work"
job=$(MPCSIM=$mpcsim sbatch --parsable --export=ALL --array=1-$shards --time=5 \
    "$root/scenarios/cluster/sweep.sbatch" sweep.ron shards)
gone() { [ -z "$(squeue --noheader --job "$job" 2>/dev/null)" ]; }
wait_for 240 gone

"$mpcsim" merge shards/*-of-$shards --out "$work/merged"
diff -r "$work/single" "$work/merged"
echo "Slurm: $shards shards, merged, are byte for byte the single run"
