//! Every field of a sweep file, declared once; see `scenario::Field`.

use crate::scenario::reference::page;
use crate::scenario::schema::document;
use crate::scenario::{Decides, Default, Field, Form, Group, Limits, SCENARIO, Shape, Value};

/// The most values of an axis.
const MOST_VALUES: u64 = 1_000_000;

/// The sweep file, as a page in Markdown.
pub fn reference() -> String {
    let about = "The syntax is that of [a scenario](scenario.md). `mpcsim schema sweep` prints this page as a JSON Schema.";
    page("The sweep file", about, &SWEEP, false)
}

/// The sweep file, as a JSON Schema (draft 2020-12).
pub fn schema() -> serde_json::Value {
    document("A sweep file of mpcsim", &SWEEP)
}

const fn field(name: &'static str, value: Value, default: Default, about: &'static str) -> Field {
    Field { name, value, default, decides: Decides::NOTHING, about }
}

const RIGHT: Value = Value::Other("a value, or another axis: field(\"training.batch\")", Shape::Anything);
const NO_COMPARISON: Default = Default::Otherwise("no such comparison");

/// The most axes: more would be a table that nobody can read.
pub(super) const MOST_AXES: usize = 100;
const AXES: Shape = Shape::List(
    &Shape::Either(&[
        Shape::Fields(&AXIS),
        Shape::Call("zip", &Shape::List(&Shape::Fields(&AXIS), 1, MOST_AXES)),
    ]),
    0,
    MOST_AXES,
);
const CONDITIONS: Shape = Shape::List(
    &Shape::Either(&[Shape::Fields(&CONDITION), Shape::List(&Shape::Fields(&CONDITION), 1, usize::MAX)]),
    0,
    usize::MAX,
);

/// The file.
pub static SWEEP: Group = Group {
    what: "a sweep",
    title: "A sweep file",
    about: "One scenario at many points: all combinations of the values of its axes.",
    fields: &[
        field(
            "name",
            Value::Text("a text in double quotes, as the name of a scenario"),
            Default::Required("\"network sweep\""),
            "Names the folder of the results.",
        ),
        field(
            "base",
            Value::Other(
                "the path of a scenario in double quotes, relative to the folder of the sweep file, or a scenario",
                Shape::Either(&[Shape::Text, Shape::Part(&SCENARIO)]),
            ),
            Default::Required("\"01_first_run.ron\""),
            "What the axes change.",
        ),
        field(
            "train",
            Value::Boolean,
            Default::Is("true"),
            "Whether trainings run. If not, there is no accuracy, and every training is taken to end without a restart.",
        ),
        field(
            "axes",
            Value::Other("a list of axes, or of several that go together: zip([(…), (…)])", AXES),
            Default::Required("[(field: \"seed\", values: [1, 2, 3])]"),
            "What is varied. The last axis is the fastest in the table of results.",
        ),
        field(
            "exclude",
            Value::Other(
                "a list of conditions, or of lists of conditions all of which must hold",
                CONDITIONS,
            ),
            Default::Is("[]"),
            "Combinations that are left out.",
        ),
    ],
};

/// An entry of `axes`.
pub static AXIS: Group = Group {
    what: "an axis",
    title: "axes: [(…)]",
    about: "",
    fields: &[
        field(
            "field",
            Value::Text("the path of a field in double quotes, such as \"network.links[0].latency_ms\""),
            Default::Required("\"network.latency_ms\""),
            "Which field of the scenario is set.",
        ),
        field(
            "values",
            Value::Forms(&[
                Form {
                    written: "[1, 10, 100]",
                    about: "These values, each as it would be written.",
                    group: None,
                    shape: Some(Shape::List(&Shape::Anything, 1, usize::MAX)),
                },
                Form {
                    written: "linear(from: 1, to: 9, steps: 5)",
                    about: "Numbers at equal distances.",
                    group: Some(&LINEAR),
                    shape: None,
                },
                Form {
                    written: "logarithmic(from: 1, to: 100, steps: 5)",
                    about: "Numbers at equal ratios.",
                    group: Some(&LOGARITHMIC),
                    shape: None,
                },
            ]),
            Default::Required("[1, 10, 100]"),
            "Its values.",
        ),
        field(
            "name",
            Value::Text("a text in double quotes of 1 to 100 characters, all of which can be printed"),
            Default::Otherwise("the path"),
            "What the column of the results is called.",
        ),
    ],
};

const STEPS: Field =
    field("steps", Value::Whole(2, MOST_VALUES), Default::Required("5"), "How many, both ends included.");

/// `values: linear(…)`.
pub static LINEAR: Group = Group {
    what: "`linear`",
    title: "values: linear(…)",
    about: "",
    fields: &[
        field(
            "from",
            Value::Float { needed: "a number", limits: Limits::NONE },
            Default::Required("1"),
            "The first.",
        ),
        field(
            "to",
            Value::Float { needed: "a number", limits: Limits::NONE },
            Default::Required("100"),
            "The last.",
        ),
        STEPS,
    ],
};

const POSITIVE: Value = Value::Float { needed: "a positive number", limits: Limits::NONE.above(0.0) };

/// `values: logarithmic(…)`.
pub static LOGARITHMIC: Group = Group {
    what: "`logarithmic`",
    title: "values: logarithmic(…)",
    about: "",
    fields: &[
        field("from", POSITIVE, Default::Required("1"), "The first."),
        field("to", POSITIVE, Default::Required("100"), "The last."),
        STEPS,
    ],
};

/// An entry of `exclude`.
pub static CONDITION: Group = Group {
    what: "a condition",
    title: "exclude: [(…)]",
    about: "A point is left out if every comparison of a condition holds.",
    fields: &[
        field(
            "field",
            Value::Text("the path of an axis, in double quotes"),
            Default::Required("\"softmax\""),
            "The axis whose value is compared.",
        ),
        field("is", RIGHT, NO_COMPARISON, "Equal, as a number or as it is written."),
        field("is_not", RIGHT, NO_COMPARISON, "Not equal."),
        field("below", RIGHT, NO_COMPARISON, "Smaller."),
        field("above", RIGHT, NO_COMPARISON, "Larger."),
        field("at_most", RIGHT, NO_COMPARISON, "Smaller or equal."),
        field("at_least", RIGHT, NO_COMPARISON, "Larger or equal."),
    ],
};
