//! The fields of `compute:`.

use super::shared::{LABEL, PARTY, field};
use crate::scenario::field::{Decides, Default, Group, Shape, Value};
use crate::scenario::presets::COMPUTES;
use crate::scenario::units::Decimal;

const MESSAGE_US: Value =
    Value::decimal("a number of microseconds from 0 to 1,000,000 (a second)", Decimal::whole(0), 1_000_000);
const ARITHMETIC_NS: Value = Value::decimal(
    "a number of nanoseconds from 0 to 1,000,000 (a millisecond)",
    Decimal::whole(0),
    1_000_000,
);
const SPEED: Value =
    Value::decimal("a number from 0.001 to 1000; 2.0 is twice as fast", Decimal::millionths(1_000), 1_000);
/// The fields of a group before the costs, and the costs, each of which is `$otherwise` if it is left out.
macro_rules! with_costs {
    ([$($before:expr),*], $otherwise:literal, $scale:literal) => {
        &[
            $($before,)*
            field("send_us", MESSAGE_US, Default::Otherwise($otherwise), Decides::TIME, "Sending one message."),
            field("receive_us", MESSAGE_US, Default::Otherwise($otherwise), Decides::TIME, "Receiving one message."),
            field(
                "wake_us",
                MESSAGE_US,
                Default::Otherwise($otherwise),
                Decides::TIME,
                "What a receive costs on top if it had to wait: a thread is woken.",
            ),
            field("add_ns", ARITHMETIC_NS, Default::Otherwise($otherwise), Decides::WORK, "One addition in the ring."),
            field(
                "multiply_ns",
                ARITHMETIC_NS,
                Default::Otherwise($otherwise),
                Decides::WORK,
                "One elementwise multiplication in the ring.",
            ),
            field(
                "mac_ns",
                ARITHMETIC_NS,
                Default::Otherwise($otherwise),
                Decides::WORK,
                "One multiply-accumulate of a matrix product.",
            ),
            field(
                "bit_word_ns",
                ARITHMETIC_NS,
                Default::Otherwise($otherwise),
                Decides::WORK,
                "One operation on a 64-bit word of packed bits.",
            ),
            field("random_byte_ns", ARITHMETIC_NS, Default::Otherwise($otherwise), Decides::WORK, "One random byte."),
            field(
                "speed",
                SPEED,
                Default::Otherwise($scale),
                Decides::WORK,
                "Divides the costs of arithmetic.",
            ),
            field(
                "cores",
                Value::Whole(1, 4096),
                Default::Otherwise($scale),
                Decides::WORK,
                "Divides the costs of arithmetic too: work is taken to be shared evenly.",
            ),
        ]
    };
}

/// A machine, or none at all.
const BASE: Shape = Shape::Name(|| COMPUTES.iter().map(|preset| preset.name).chain(["none"]).collect());

/// `compute: custom(…)`.
pub static CUSTOM_COMPUTE: Group = Group {
    what: "a custom compute profile",
    title: "compute: custom(…)",
    about: "Costs of all parties, and of those that differ.",
    fields: with_costs!(
        [
            LABEL,
            field(
                "base",
                Value::Other("the name of a preset, in double quotes", BASE),
                Default::Otherwise("none: all costs are 0"),
                Decides::WORK,
                "The preset that all that is left out is taken from."
            ),
            field(
                "parties",
                Value::Records(&PARTY_COMPUTE),
                Default::Is("[]"),
                Decides::WORK,
                "Parties that differ from the rest."
            )
        ],
        "that of the base; without one, 0",
        "1"
    ),
};

/// An entry of `parties`.
pub static PARTY_COMPUTE: Group = Group {
    what: "a party's compute profile",
    title: "compute: parties: [(…)]",
    about: "One party; what is left out is as for all parties.",
    fields: with_costs!(
        [field("party", PARTY, Default::Required("0"), Decides::WORK, "Whose.")],
        "as for all parties",
        "as for all parties"
    ),
};
