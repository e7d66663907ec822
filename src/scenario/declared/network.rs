//! The fields of `network:`.

use super::shared::{LABEL, PARTY, field};
use crate::scenario::field::{Decides, Default, Field, Form, Group, Shape, Value};
use crate::scenario::limits::Limits;
use crate::scenario::presets::NETWORKS;
use crate::scenario::units::Decimal;

/// A latency.
pub const LATENCY_MS: Value =
    Value::decimal("a number of milliseconds from 0 to 3,600,000 (an hour)", Decimal::whole(0), 3_600_000);
/// A bandwidth.
pub const BANDWIDTH_MBPS: Value = Value::Decimal {
    needed: "a number of megabits (10^6 bits) per second from 0.001 to 1,000,000,000",
    least: Decimal::millionths(1_000),
    most: Decimal::whole(1_000_000_000),
    unlimited: true,
    by_pair: false,
};
/// The time of a message and its answer.
pub const PING_MS: Value = Value::decimal(
    "a number of milliseconds there and back, from 0 to 7,200,000 (two hours)",
    Decimal::whole(0),
    7_200_000,
);
/// A moment.
pub const AT_S: Value = Value::decimal(
    "a number of seconds of simulated time from 0.000001 to 18,446,744",
    Decimal::millionths(1),
    18_446_744,
);
/// The name of a preset.
pub const NETWORK: Shape = Shape::Name(|| NETWORKS.map(|preset| preset.name).to_vec());
/// A share of a rate.
pub const BACKGROUND: Value = Value::Decimal {
    needed: "a share from 0 to 0.99",
    least: Decimal::whole(0),
    most: Decimal::millionths(990_000),
    unlimited: false,
    by_pair: false,
};
/// A share of packets.
pub const LOSS: Value = Value::Decimal {
    needed: "a share of packets from 0 to 0.5",
    least: Decimal::whole(0),
    most: Decimal::millionths(500_000),
    unlimited: false,
    by_pair: false,
};
const BURST_BYTES: Value = Value::Whole(0, 1_000_000_000_000);
const OVERHEAD_BYTES: Value = Value::Whole(0, 1_000_000_000);
const INTERFACE_MBPS: Field = field(
    "interface_mbps",
    BANDWIDTH_MBPS,
    Default::Otherwise("that of the base; without one, unlimited"),
    Decides::TIME,
    "What all links of a party share, each direction on its own: its access line.",
);
const INTERFACES: Field = field(
    "interfaces",
    Value::Records(&INTERFACE),
    Default::Is("[]"),
    Decides::TIME,
    "Parties whose interface differs from `interface_mbps`.",
);
static OVERHEADS: [Form; 4] = [
    Form { written: "none", about: "Payload only.", group: None, shape: None },
    Form {
        written: "tcp",
        about: "TCP over IPv4 on Ethernet: 90 bytes for each segment of up to 1,448 payload bytes.",
        group: None,
        shape: None,
    },
    Form {
        written: "tls",
        about: "TLS 1.3 over TCP: 22 bytes a message, and 92 for each segment of up to 1,446 payload bytes.",
        group: None,
        shape: None,
    },
    Form {
        written: "custom(per_message_bytes: 8, per_segment_bytes: 90, segment_payload_bytes: 1448)",
        about: "Bytes of your own.",
        group: Some(&CUSTOM_OVERHEAD),
        shape: None,
    },
];
const OVERHEAD: Field = field(
    "overhead",
    Value::Forms(&OVERHEADS),
    Default::Otherwise("that of the base; without one, `none`"),
    Decides::TIME,
    "Bytes that the wire adds to the payload.",
);
const LINKS: Field = field(
    "links",
    Value::Records(&LINK),
    Default::Is("[]"),
    Decides::TIME,
    "Directed links that differ from the rest.",
);
static JITTERS: [Form; 5] = [
    Form { written: "none", about: "Every message takes the latency.", group: None, shape: None },
    Form {
        written: "uniform(max_ms: 5.0)",
        about: "Uniform from 0 to a largest delay.",
        group: Some(&UNIFORM),
        shape: None,
    },
    Form {
        written: "log_normal(median_ms: 2.0, sigma: 0.5)",
        about: "Log-normal: mostly small, sometimes large.",
        group: Some(&LOG_NORMAL),
        shape: None,
    },
    Form {
        written: "normal(jitter_ms: 2.0)",
        about: "Normal, on both sides of the latency: netem's `distribution normal`.",
        group: Some(&NORMAL),
        shape: None,
    },
    Form {
        written: "pareto(jitter_ms: 2.0)",
        about: "Pareto of shape 3, with the latency as its mean: netem's `distribution pareto`.",
        group: Some(&PARETO),
        shape: None,
    },
];
const JITTER: Value = Value::Forms(&JITTERS);
const ALL_JITTER: Field = field(
    "jitter",
    JITTER,
    Default::Otherwise("that of the base; without one, `none`"),
    Decides::TIME,
    "Added to the latency of each message, drawn anew for each.",
);

/// What a retransmission time-out is longer than a round trip.
pub const RTO_MIN_MS: Value =
    Value::decimal("a number of milliseconds from 1 to 3,600,000 (an hour)", Decimal::whole(1), 3_600_000);
/// A tick of the kernel.
pub const TICK_MS: Value =
    Value::decimal("a number of milliseconds from 0 to 1,000", Decimal::whole(0), 1_000);
static TCPS: [Form; 2] = [
    Form { written: "none", about: "Messages enter a link as soon as it is free.", group: None, shape: None },
    Form {
        written: "(initial_window: 10, restart_after_idle: true)",
        about: "Packets enter as Linux's TCP lets them in. docs/time-model.md has the rules.",
        group: Some(&TCP),
        shape: None,
    },
];
const TCP_FIELD: Field = field(
    "tcp",
    Value::Forms(&TCPS),
    Default::Otherwise("that of the base; without one, `none`"),
    Decides::TIME,
    "The congestion window of each directed link, which is a connection of its own. Not with sites of several parties, `one_wire`, \
     `burst_bytes`, `jitter`, `changes`, links that are down and messages that are delayed.",
);

/// `tcp: (…)`.
pub static TCP: Group = Group {
    what: "TCP's congestion window",
    title: "network: tcp: (…)",
    about: "Linux with its defaults, where nothing is given. Packets carry what `overhead` says that a segment holds, and its bytes.",
    fields: &[
        field(
            "initial_window",
            Value::Whole(1, 1_000_000),
            Default::Is("10"),
            Decides::TIME,
            "Packets that may be in flight on a new connection, and at least later: `initcwnd` of `ip route`.",
        ),
        field(
            "restart_after_idle",
            Value::Boolean,
            Default::Is("true"),
            Decides::TIME,
            "Whether the window is halved for each retransmission time-out of silence: `net.ipv4.tcp_slow_start_after_idle`.",
        ),
        field(
            "rto_min_ms",
            RTO_MIN_MS,
            Default::Is("200"),
            Decides::TIME,
            "The retransmission time-out is a round trip, this, and a tick: `rto_min` of `ip route`.",
        ),
        field(
            "tick_ms",
            TICK_MS,
            Default::Is("4"),
            Decides::TIME,
            "The kernel's clock: 4 at CONFIG_HZ=250, 1 at 1000, 10 at 100.",
        ),
        field(
            "header_bytes",
            Value::Whole(0, 1_000_000),
            Default::Is("4"),
            Decides::TIME,
            "A message's length, which goes out before it in a packet of its own; 0: there is none.",
        ),
    ],
};

/// `network: custom(…)`.
pub static CUSTOM_NETWORK: Group = Group {
    what: "a custom network",
    title: "network: custom(…)",
    about: "Latencies and bandwidths, or those of a preset, and what differs from them. `matrix(…)` is another name for \
            `custom(…)`. `latency_ms`, `ping_ms` and `bandwidth_mbps` are one figure for all pairs of parties (with `sites`: of \
            sites), or a matrix: full, `[[0, 22, 14], [22, 0, 31], [14, 31, 0]]`, row = from; the same without its diagonal; or a \
            triangle, `[[22], [14, 31]]`, for figures that are the same both ways; or `csv(\"pings.csv\")`, a table that has them by \
            the names of `sites`. docs/time-model.md says what each field does.",
    fields: &[
        field(
            "base",
            Value::Other("the name of a preset, in double quotes", NETWORK),
            Default::Otherwise("none: `latency_ms` and `bandwidth_mbps` must be there"),
            Decides::TIME,
            "The preset that all that is left out is taken from.",
        ),
        LABEL,
        field(
            "sites",
            Value::Records(&SITE),
            Default::Otherwise("every party is at a place of its own, without a name"),
            Decides::TIME,
            "Places, what limits their ways out and in, and who is there. Results call parties by their sites.",
        ),
        field(
            "latency_ms",
            LATENCY_MS.by_pair(),
            Default::Unless("20.0", &["base", "ping_ms"]),
            Decides::TIME,
            "From the sender to the receiver, one way: half of a ping. With a `base` or `ping_ms` it may be left out.",
        ),
        field(
            "ping_ms",
            PING_MS.by_pair(),
            Default::Otherwise("`latency_ms` says it"),
            Decides::TIME,
            "There and back, in place of `latency_ms`.",
        ),
        field(
            "bandwidth_mbps",
            BANDWIDTH_MBPS.by_pair(),
            Default::Unless("100.0", &["base", "sites"]),
            Decides::TIME,
            "Of each directed link. With a `base` or `sites` it may be left out.",
        ),
        field(
            "burst_bytes",
            BURST_BYTES,
            Default::Is("0"),
            Decides::TIME,
            "Size of a token bucket on each link, which fills with its bandwidth.",
        ),
        field(
            "background",
            BACKGROUND,
            Default::Is("0.0"),
            Decides::TIME,
            "The share of each link's bandwidth that others use at every moment: the rest is left.",
        ),
        field(
            "loss",
            LOSS,
            Default::Is("0.0"),
            Decides::TIME,
            "The share of packets that are lost, drawn for each packet of each link to 10^-9; with `tcp` only, which sends them again.",
        ),
        field(
            "one_wire",
            Value::Boolean,
            Default::Is("false"),
            Decides::TIME,
            "Whether all links together are one wire of that bandwidth.",
        ),
        field(
            "changes",
            Value::Records(&CHANGE),
            Default::Is("[]"),
            Decides::TIME,
            "What links become in the course of time.",
        ),
        ALL_JITTER,
        OVERHEAD,
        TCP_FIELD,
        INTERFACE_MBPS,
        INTERFACES,
        LINKS,
    ],
};

/// An entry of `links`.
pub static LINK: Group = Group {
    what: "a link",
    title: "network: links: [(…)]",
    about: "One directed link; what is left out is as for all links.",
    fields: &[
        field("from", PARTY, Default::Required("0"), Decides::TIME, "The sender."),
        field("to", PARTY, Default::Required("1"), Decides::TIME, "The receiver."),
        field("latency_ms", LATENCY_MS, Default::Otherwise("as for all links"), Decides::TIME, "One way."),
        field(
            "bandwidth_mbps",
            BANDWIDTH_MBPS,
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "Of this direction.",
        ),
        field(
            "burst_bytes",
            BURST_BYTES,
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "Size of its token bucket.",
        ),
        field(
            "background",
            BACKGROUND,
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "The share of its bandwidth that others use.",
        ),
        field(
            "loss",
            LOSS,
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "The share of its packets that are lost.",
        ),
        field(
            "jitter",
            JITTER,
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "Added to the latency of each message.",
        ),
        field(
            "changes",
            Value::Records(&CHANGE),
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "What it becomes in the course of time; figures, no matrix.",
        ),
    ],
};

/// An entry of `sites`.
pub static SITE: Group = Group {
    what: "a site",
    title: "network: sites: [(…)]",
    about: "A place. Its parties share its way out and in. Among themselves they do not use it: they have the links of the \
            preset `lan`, with what a matrix has on its diagonal.",
    fields: &[
        field(
            "name",
            Value::Text(
                "a text in double quotes: at most 100 letters, digits, spaces, `-`, `_` and `.`, first a letter or digit, \
                 and no `.` or space at the end",
            ),
            Default::Required("\"Berlin\""),
            Decides::NOTHING,
            "What results call its party.",
        ),
        field(
            "up_mbps",
            BANDWIDTH_MBPS,
            Default::Unless("100.0", &[]),
            Decides::TIME,
            "Everything that leaves it. With `bandwidth_mbps` it may be left out: unlimited.",
        ),
        field(
            "down_mbps",
            BANDWIDTH_MBPS,
            Default::Unless("100.0", &[]),
            Decides::TIME,
            "Everything that enters it. With `bandwidth_mbps` it may be left out: unlimited.",
        ),
        field(
            "up_background",
            BACKGROUND,
            Default::Is("0.0"),
            Decides::TIME,
            "The share of `up_mbps` that others use at every moment.",
        ),
        field("down_background", BACKGROUND, Default::Is("0.0"), Decides::TIME, "The share of `down_mbps`."),
        field(
            "parties",
            Value::Other(
                "a list of numbers of parties, such as [0, 1]",
                Shape::List(&Shape::Party, 1, usize::MAX),
            ),
            Default::Otherwise("one site for each party, in their order"),
            Decides::TIME,
            "Who is there. All sites say it, or none.",
        ),
    ],
};

/// An entry of `changes`.
pub static CHANGE: Group = Group {
    what: "a change",
    title: "network: changes: [(…)]",
    about: "From a moment of simulated time on. What is left out stays as it was. Entries stand in the order of time.",
    fields: &[
        field("at_s", AT_S, Default::Required("60"), Decides::TIME, "When, since the clock began."),
        field("latency_ms", LATENCY_MS.by_pair(), Default::Otherwise("as before"), Decides::TIME, "One way."),
        field(
            "ping_ms",
            PING_MS.by_pair(),
            Default::Otherwise("as before"),
            Decides::TIME,
            "There and back, in place of `latency_ms`.",
        ),
        field(
            "bandwidth_mbps",
            BANDWIDTH_MBPS.by_pair(),
            Default::Otherwise("as before"),
            Decides::TIME,
            "Of each link.",
        ),
    ],
};

/// An entry of `interfaces`.
pub static INTERFACE: Group = Group {
    what: "an interface",
    title: "network: interfaces: [(…)]",
    about: "What all links of one party share.",
    fields: &[
        field("party", PARTY, Default::Required("0"), Decides::TIME, "Whose."),
        field(
            "egress_mbps",
            BANDWIDTH_MBPS,
            Default::Otherwise("that of `interface_mbps`"),
            Decides::TIME,
            "Everything that the party sends: the upload of its access line.",
        ),
        field(
            "ingress_mbps",
            BANDWIDTH_MBPS,
            Default::Otherwise("that of `interface_mbps`"),
            Decides::TIME,
            "Everything that is sent to the party: the download.",
        ),
        field(
            "egress_background",
            BACKGROUND,
            Default::Is("0.0"),
            Decides::TIME,
            "The share of `egress_mbps` that others use at every moment.",
        ),
        field(
            "ingress_background",
            BACKGROUND,
            Default::Is("0.0"),
            Decides::TIME,
            "The share of `ingress_mbps`.",
        ),
    ],
};

const CORRELATION: Field = field(
    "correlation",
    Value::Float {
        needed: "a number from 0 up to, not including, 1: how much a draw follows the one before",
        limits: Limits::NONE.at_least(0.0).below(1.0),
    },
    Default::Is("0.0"),
    Decides::TIME,
    "Correlation of the draws of a link, one after the other.",
);

/// `jitter: normal(…)`.
pub static NORMAL: Group = Group {
    what: "`normal`",
    title: "jitter: normal(…)",
    about: "A latency is never below 0.",
    fields: &[
        field("jitter_ms", LATENCY_MS, Default::Required("2.0"), Decides::TIME, "Its standard deviation."),
        CORRELATION,
    ],
};

/// `jitter: pareto(…)`.
pub static PARETO: Group = Group {
    what: "`pareto`",
    title: "jitter: pareto(…)",
    about: "A latency is never below 0.",
    fields: &[
        field("jitter_ms", LATENCY_MS, Default::Required("2.0"), Decides::TIME, "Its scale: netem's jitter."),
        CORRELATION,
    ],
};

/// `jitter: uniform(…)`.
pub static UNIFORM: Group = Group {
    what: "`uniform`",
    title: "jitter: uniform(…)",
    about: "",
    fields: &[
        field("max_ms", LATENCY_MS, Default::Required("5.0"), Decides::TIME, "The largest delay."),
        CORRELATION,
    ],
};

/// `jitter: log_normal(…)`.
pub static LOG_NORMAL: Group = Group {
    what: "`log_normal`",
    title: "jitter: log_normal(…)",
    about: "",
    fields: &[
        field(
            "median_ms",
            LATENCY_MS,
            Default::Required("2.0"),
            Decides::TIME,
            "Half of all delays are below it.",
        ),
        field(
            "sigma",
            Value::Float {
                needed: "a number from 0 to 4, the standard deviation of the delay's natural logarithm",
                limits: Limits::NONE.at_least(0.0).at_most(4.0),
            },
            Default::Required("0.5"),
            Decides::TIME,
            "How far delays are spread.",
        ),
        CORRELATION,
    ],
};

/// `overhead: custom(…)`.
pub static CUSTOM_OVERHEAD: Group = Group {
    what: "a custom overhead",
    title: "overhead: custom(…)",
    about: "A message of P payload bytes has P + per_message_bytes + per_segment_bytes max(1, ceil(P / \
            segment_payload_bytes)) bytes on the wire.",
    fields: &[
        field("per_message_bytes", OVERHEAD_BYTES, Default::Is("0"), Decides::TIME, "For each message."),
        field(
            "per_segment_bytes",
            OVERHEAD_BYTES,
            Default::Is("0"),
            Decides::TIME,
            "For each started segment.",
        ),
        field(
            "segment_payload_bytes",
            Value::Whole(1, 1_000_000_000),
            Default::Is("1448"),
            Decides::TIME,
            "Payload of a full segment.",
        ),
    ],
};
