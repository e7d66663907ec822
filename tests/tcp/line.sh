# Parties in network namespaces of their own, and a delay line among them; for run.sh and frameworks.sh, which set $router and $work.

# Where it is not allowed, says so and ends.
line_or_skip() {
    if [ "$(id -u)" != 0 ] || [ ! -c /dev/net/tun ] || ! unshare -n true 2>/dev/null; then
        echo "skipped: this needs root, network namespaces and /dev/net/tun"
        exit 0
    fi
}

# install PROGRAM=PACKAGE...: with apt, what is missing
install() {
    local each missing=()
    for each in "$@"; do command -v "${each%=*}" >/dev/null || missing+=("${each#*=}"); done
    if [ ${#missing[@]} -gt 0 ]; then
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
    fi
}

# Real-time priority where it may be had: what wakes late would count as network.
first() { if chrt -f "$1" true 2>/dev/null; then chrt -f "$@"; else shift; "$@"; fi; }

# line_begin ID PARTIES LATENCY_MS MBIT CONGESTION_CONTROL RESTART_AFTER_IDLE: party N is in namespace IDpN, at 10.9.0.(N + 1)
line_begin() {
    local id=$1 parties=$2 latency=$3 mbit=$4 control=$5 restart=$6 names=() p
    for ((p = 0; p < parties; p++)); do names+=("${id}p$p"); done
    mkfifo "$work/$id.stop"
    first 2 "$router" "$latency" "$mbit" "${names[@]}" <"$work/$id.stop" >"$work/$id.router" &
    line=$!
    exec {stop}>"$work/$id.stop"
    until grep -qs ready "$work/$id.router"; do
        kill -0 $line
        sleep 0.05
    done
    for ((p = 0; p < parties; p++)); do
        ip netns add "${id}p$p"
        ip link set "${id}p$p" netns "${id}p$p"
        ip netns exec "${id}p$p" sh -c "
            ip link set lo up
            ip link set ${id}p$p up mtu 1500 txqueuelen 20000
            ip addr add 10.9.0.$((p + 1))/24 dev ${id}p$p
            echo $restart >/proc/sys/net/ipv4/tcp_slow_start_after_idle
            echo $control >/proc/sys/net/ipv4/tcp_congestion_control"
    done
}

# line_end ID PARTIES
line_end() {
    local p
    exec {stop}>&-
    wait $line
    for ((p = 0; p < $2; p++)); do ip netns del "${1}p$p"; done
}

# A trap: ends what this script started.
line_cleanup() {
    local status=$? pid name
    set +e
    for pid in $(jobs -p); do kill "$pid" 2>/dev/null; done
    for name in $(ip netns list | awk '/^mpc[0-9]+p[0-9]/ { print $1 }'); do ip netns del "$name"; done
    rm -rf "$work"
    exit $status
}

# network FILE LATENCY_MS MBIT RESTART_AFTER_IDLE: what the line is, as mpcsim takes it
network() {
    local restart=true
    if [ "$4" = 0 ]; then restart=false; fi
    cat >"$1" <<RON
custom(latency_ms: $2.0, bandwidth_mbps: $3.0, overhead: custom(per_segment_bytes: 52), tcp: (restart_after_idle: $restart))
RON
}
