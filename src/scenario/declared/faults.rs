//! The fields of `faults:`.

use super::shared::{PARTY, field};
use crate::scenario::field::{Decides, Default, Group, Value};
use crate::scenario::units::Decimal;

/// A moment of the training.
pub const MOMENT_S: Value = Value::decimal(
    "a number of seconds of simulated time from 0 to 18,446,744",
    Decimal::whole(0),
    18_446_744,
);
/// A time that is not nothing.
pub const DURATION_S: Value = Value::decimal(
    "a number of seconds of simulated time from 0.000001 to 18,446,744",
    Decimal::millionths(1),
    18_446_744,
);
/// How many times as long something takes.
pub const FACTOR: Value =
    Value::decimal("a number from 1 to 1,000,000: how many times as long", Decimal::whole(1), 1_000_000);

/// `faults`.
pub static FAULTS: Group = Group {
    what: "`faults`",
    title: "faults",
    about: "What goes wrong in the training, in seconds of its simulated time. The set-up before it, and the figures of one \
            iteration, are those of parties and links without faults. What the parties cannot get over ends the run with a \
            report and exit code 1. Links whose latency or bandwidth changes are in `network`: `changes`. docs/failing.md has more.",
    fields: &[
        field(
            "stops",
            Value::Records(&STOP),
            Default::Is("[]"),
            Decides::TIME,
            "Parties that do nothing any more from a moment on.",
        ),
        field(
            "slow",
            Value::Records(&SLOW),
            Default::Is("[]"),
            Decides::TIME,
            "Parties that are slow for a while.",
        ),
        field(
            "down",
            Value::Records(&DOWN),
            Default::Is("[]"),
            Decides::TIME,
            "Links that are down for a while.",
        ),
        field(
            "timeout_s",
            DURATION_S,
            Default::Otherwise("parties wait for ever"),
            Decides::TIME,
            "A party that has waited so long for a message gives up.",
        ),
    ],
};

/// An entry of `stops`.
pub static STOP: Group = Group {
    what: "a stop",
    title: "faults: stops: [(…)]",
    about: "What the party has not finished by then is not done.",
    fields: &[
        field("party", PARTY, Default::Required("1"), Decides::TIME, "Who."),
        field("at_s", MOMENT_S, Default::Required("60"), Decides::TIME, "From when on."),
    ],
};

/// An entry of `slow`.
pub static SLOW: Group = Group {
    what: "a slow party",
    title: "faults: slow: [(…)]",
    about: "All work of the party and its handling of messages take so many times as long between two moments.",
    fields: &[
        field("party", PARTY, Default::Required("1"), Decides::TIME, "Who."),
        field("from_s", MOMENT_S, Default::Required("10"), Decides::TIME, "From when on."),
        field("to_s", MOMENT_S, Default::Required("20"), Decides::TIME, "Until when: later than `from_s`."),
        field(
            "factor",
            FACTOR,
            Default::Required("4"),
            Decides::TIME,
            "How many times as long its work takes.",
        ),
    ],
};

/// An entry of `down`.
pub static DOWN: Group = Group {
    what: "a link that is down",
    title: "faults: down: [(…)]",
    about: "One direction of one link, which takes no bit for a while. Bits on their way arrive; the others go on when the link is \
            up again, without being sent anew.",
    fields: &[
        field("from", PARTY, Default::Required("0"), Decides::TIME, "The sender."),
        field("to", PARTY, Default::Required("1"), Decides::TIME, "The receiver."),
        field("at_s", MOMENT_S, Default::Required("10"), Decides::TIME, "From when on."),
        field(
            "until_s",
            MOMENT_S,
            Default::Otherwise("for ever"),
            Decides::TIME,
            "Until when: later than `at_s`.",
        ),
    ],
};
