//! The fields of `network:`.

use super::shared::{LABEL, PARTY, field};
use crate::scenario::field::{Decides, Default, Field, Form, Group, Value};
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
};
const OVERHEAD_BYTES: Value = Value::Whole(0, 1_000_000_000);
const INTERFACE_MBPS: Field = field(
    "interface_mbps",
    BANDWIDTH_MBPS,
    Default::Otherwise("that of the base; without one, unlimited"),
    Decides::TIME,
    "What all links of a party share, each direction on its own.",
);
const INTERFACES: Field = field(
    "interfaces",
    Value::Records(&INTERFACE),
    Default::Is("[]"),
    Decides::TIME,
    "Parties whose interface differs from `interface_mbps`.",
);
static OVERHEADS: [Form; 4] = [
    Form { written: "none", about: "Payload only.", group: None },
    Form {
        written: "tcp",
        about: "TCP over IPv4 on Ethernet: 90 bytes for each segment of up to 1,448 payload bytes.",
        group: None,
    },
    Form {
        written: "tls",
        about: "TLS 1.3 over TCP: 22 bytes a message, and 92 for each segment of up to 1,446 payload bytes.",
        group: None,
    },
    Form {
        written: "custom(per_message_bytes: 8, per_segment_bytes: 90, segment_payload_bytes: 1448)",
        about: "Bytes of your own.",
        group: Some(&CUSTOM_OVERHEAD),
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
static JITTERS: [Form; 3] = [
    Form { written: "none", about: "Every message takes the latency.", group: None },
    Form {
        written: "uniform(max_ms: 5.0)",
        about: "Uniform from 0 to a largest delay.",
        group: Some(&UNIFORM),
    },
    Form {
        written: "log_normal(median_ms: 2.0, sigma: 0.5)",
        about: "Log-normal: mostly small, sometimes large.",
        group: Some(&LOG_NORMAL),
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

/// `network: custom(…)`.
pub static CUSTOM_NETWORK: Group = Group {
    what: "a custom network",
    title: "network: custom(…)",
    about: "One latency and one bandwidth for all links, or those of a preset, and what differs from them.",
    fields: &[
        field(
            "base",
            Value::Text("the name of a preset, in double quotes"),
            Default::Otherwise("none: `latency_ms` and `bandwidth_mbps` must be there"),
            Decides::TIME,
            "The preset that all that is left out is taken from.",
        ),
        LABEL,
        field(
            "latency_ms",
            LATENCY_MS,
            Default::Required("20.0"),
            Decides::TIME,
            "From the sender to the receiver, one way: half of a ping. With a `base` it may be left out.",
        ),
        field(
            "bandwidth_mbps",
            BANDWIDTH_MBPS,
            Default::Required("100.0"),
            Decides::TIME,
            "Of each directed link. With a `base` it may be left out.",
        ),
        ALL_JITTER,
        OVERHEAD,
        INTERFACE_MBPS,
        INTERFACES,
        LINKS,
    ],
};

/// `network: matrix(…)`.
pub static MATRIX: Group = Group {
    what: "a network matrix",
    title: "network: matrix(…)",
    about: "One row for each sending party; in it one figure for each other party, in order.",
    fields: &[
        LABEL,
        field(
            "latency_ms",
            Value::Other("a list of rows of numbers of milliseconds from 0 to 3,600,000 (an hour)"),
            Default::Required("[[20.0, 30.0], [20.0, 30.0], [30.0, 30.0]]"),
            Decides::TIME,
            "From the sender to the receiver, one way.",
        ),
        field(
            "bandwidth_mbps",
            Value::Other(
                "a list of rows of numbers of megabits (10^6 bits) per second from 0.001 to 1,000,000,000, or `unlimited`",
            ),
            Default::Required("[[20.0, 30.0], [20.0, 30.0], [30.0, 30.0]]"),
            Decides::TIME,
            "Of each directed link.",
        ),
        ALL_JITTER,
        OVERHEAD,
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
            "jitter",
            JITTER,
            Default::Otherwise("as for all links"),
            Decides::TIME,
            "Added to the latency of each message.",
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
            "Everything that the party sends.",
        ),
        field(
            "ingress_mbps",
            BANDWIDTH_MBPS,
            Default::Otherwise("that of `interface_mbps`"),
            Decides::TIME,
            "Everything that is sent to the party.",
        ),
    ],
};

/// `jitter: uniform(…)`.
pub static UNIFORM: Group = Group {
    what: "`uniform`",
    title: "jitter: uniform(…)",
    about: "",
    fields: &[field("max_ms", LATENCY_MS, Default::Required("5.0"), Decides::TIME, "The largest delay.")],
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
                holds: |sigma| (0.0..=4.0).contains(&sigma),
            },
            Default::Required("0.5"),
            Decides::TIME,
            "How far delays are spread.",
        ),
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
