//! What several groups of fields have in common.

use crate::scenario::field::{Decides, Default, Field, Shape, Value};
use crate::scenario::limits::Limits;

/// A field.
pub const fn field(
    name: &'static str,
    value: Value,
    default: Default,
    decides: Decides,
    about: &'static str,
) -> Field {
    Field { name, value, default, decides, about }
}

/// What tables call something that has no name of its own.
pub const LABEL: Field = field(
    "label",
    Value::Text("a text in double quotes of 1 to 100 characters, all of which can be printed"),
    Default::Is("\"custom\""),
    Decides::NOTHING,
    "What tables call it.",
);
/// A party's number; how many there are depends on the protocol.
pub const PARTY: Value = Value::Other("the number of a party, from 0", Shape::Party);
/// What each party has of a whole: fractions, or numbers.
pub const PARTS: Shape = Shape::List(&Shape::Number(Limits::NONE.at_least(0.0)), 1, usize::MAX);
