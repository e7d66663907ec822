//! `softmax: limit(squarings: 8)`: the parameters that the variants declare, as fields.

use std::sync::LazyLock;

use super::shared::field;
use crate::scenario::field::{Decides, Default, Field, Form, Group, Shape, Value};
use crate::scenario::limits::Limits;
use crate::softmax::{Kind, Parameter, Setting, Softmax};

/// `none`, or an interval.
const INTERVAL: Shape = Shape::Either(&[
    Shape::Word("none"),
    Shape::List(&Shape::Number(Limits::NONE.at_least(-1000.0).at_most(1000.0)), 2, 2),
]);

/// The ways of writing `softmax`, in the order of the registry.
static FORMS: LazyLock<Vec<Form>> = LazyLock::new(|| Softmax::ALL.map(form).to_vec());

/// The ways of writing `softmax`.
pub fn softmax_forms() -> &'static [Form] {
    &FORMS
}

/// The fields in a variant's parentheses, if it has any.
pub fn softmax_group(variant: Softmax) -> Option<&'static Group> {
    let at = Softmax::ALL.iter().position(|entry| entry.name() == variant.name());
    FORMS[at.expect("all variants are there")].group
}

/// Declarations live as long as the program: made once, of the registry.
fn form(variant: Softmax) -> Form {
    let parameters = variant.parameters().iter().zip(variant.settings());
    let fields: Vec<Field> = parameters.map(|(parameter, default)| declared(parameter, default)).collect();
    let group = || -> &'static Group {
        Box::leak(Box::new(Group {
            what: format!("`{}`", variant.name()).leak(),
            title: format!("softmax: {}(…)", variant.name()).leak(),
            about: variant.formula(),
            fields: fields.leak(),
        }))
    };
    let group = (!variant.parameters().is_empty()).then(group);
    Form { written: variant.in_full().leak(), about: variant.description(), group, shape: None }
}

fn declared(parameter: &Parameter, default: Setting) -> Field {
    let value = match parameter.kind {
        Kind::Whole(least, most) => Value::Whole(least, most),
        Kind::OddNumber(least, most) => {
            let needed = format!("an odd whole number from {least} to {most}").leak();
            Value::Other(needed, Shape::Odd(least, most))
        }
        Kind::Number { needed, least, most } => {
            Value::Float { needed, limits: Limits::NONE.at_least(least).at_most(most) }
        }
        Kind::Word(words) => Value::Word(words),
        Kind::Boolean => Value::Boolean,
        Kind::Interval => Value::Other(
            "`none`, or two numbers in parentheses from -1,000 to 1,000, the smaller first: (-4.0, 12.0)",
            INTERVAL,
        ),
    };
    field(parameter.name, value, Default::Is(default.to_string().leak()), Decides::BOTH, parameter.about)
}
