//! The fields of `adversary:`.

use super::network::LATENCY_MS;
use super::shared::{PARTY, field};
use crate::scenario::field::{Decides, Default, Form, Group, Shape, Value};

/// `adversary`.
pub static ADVERSARY: Group = Group {
    what: "`adversary`",
    title: "adversary",
    about: "A party that does not send what it should, in the training; the set-up before it is honest. What alters messages needs \
            messages that say something, so `mpcsim run --values shares`; it goes with `offline: before` alone. docs/failing.md has more.",
    fields: &[
        field("party", PARTY, Default::Required("1"), Decides::ACCURACY, "Who."),
        field(
            "does",
            Value::Forms(&[
                Form {
                    written: "flip",
                    about: "A bit of the message is the other one.",
                    group: None,
                    shape: None,
                },
                Form {
                    written: "replace",
                    about: "Random content of the same form.",
                    group: None,
                    shape: None,
                },
                Form {
                    written: "replay",
                    about: "What it sent before on that link in the same span, if that has the same form.",
                    group: None,
                    shape: None,
                },
                Form { written: "drop", about: "The message is not sent.", group: None, shape: None },
                Form {
                    written: "delay(ms: 50.0)",
                    about: "It comes later, and so do those behind it on the link.",
                    group: Some(&DELAY),
                    shape: None,
                },
            ]),
            Default::Required("flip"),
            Decides::ACCURACY,
            "What becomes of its messages. Which bit, and what content, follow from `seed`.",
        ),
        field(
            "which",
            Value::Forms(&[
                Form {
                    written: "message(1)",
                    about: "A single message, by its number among all that the party sends in the training, from 1.",
                    group: None,
                    shape: Some(Shape::Call("message", &Shape::Whole(1, u64::MAX))),
                },
                Form {
                    written: "link(2)",
                    about: "All messages to that party.",
                    group: None,
                    shape: Some(Shape::Call("link", &Shape::Party)),
                },
                Form {
                    written: "span(\"iteration/output\")",
                    about: "All messages in that span or inside it; spans.csv has the names.",
                    group: None,
                    shape: Some(Shape::Call("span", &Shape::Text)),
                },
            ]),
            Default::Required("message(1)"),
            Decides::ACCURACY,
            "Which of its messages.",
        ),
    ],
};

/// `adversary: does: delay(…)`.
pub static DELAY: Group = Group {
    what: "`delay`",
    title: "adversary: does: delay(…)",
    about: "",
    fields: &[field("ms", LATENCY_MS, Default::Required("50.0"), Decides::ACCURACY, "By how much.")],
};
