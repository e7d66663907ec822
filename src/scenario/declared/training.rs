//! `training` and what is in it.

use super::shared::field;
use crate::scenario::field::{Decides, Default, Form, Group, Shape, Value};
use crate::scenario::limits::Limits;
use crate::scenario::plan::{BatchDivision, InverseRoot};

/// Learning rates that a training can have.
pub const MOST_RATES: usize = 1000;
/// Targets that a training can have.
pub const MOST_TARGETS: usize = 20;
const RATES: Limits = Limits::NONE.above(0.0).at_most(100.0);

/// `training`.
pub static TRAINING: Group = Group {
    what: "`training`",
    title: "training",
    about: "Steps on batches in random order. Each epoch takes every row once; if the rows do not fill the last batch, it is \
            filled up with the first rows of the data, once more.",
    fields: &[
        field(
            "epochs",
            Value::Whole(1, 100_000),
            Default::Is("3"),
            Decides::ACCURACY,
            "Passes over the data. Excludes `iterations`.",
        ),
        field(
            "iterations",
            Value::Whole(1, 100_000_000),
            Default::Otherwise("as many as the epochs take"),
            Decides::ACCURACY,
            "Batches to train on, in place of `epochs`.",
        ),
        field(
            "batch",
            Value::Whole(1, 65_536),
            Default::Is("128"),
            Decides::BOTH,
            "Rows of one iteration, at most the rows to train on.",
        ),
        field(
            "learning_rate",
            Value::Forms(&[
                Form {
                    written: "0.01",
                    about: "A positive number, at most 100.",
                    group: None,
                    shape: Some(Shape::Number(RATES)),
                },
                Form {
                    written: "[(from_epoch: 1, rate: 0.01), (from_epoch: 6, rate: 0.005)]",
                    about: "Rates by epoch: the first from epoch 1 on, the others in the order of their epochs.",
                    group: Some(&RATE),
                    shape: Some(Shape::List(&Shape::Fields(&RATE), 1, MOST_RATES)),
                },
            ]),
            Default::Otherwise("`0.01`, or `0.001` with `adam` and `amsgrad`"),
            // A rate above 1 makes products longer, and so what truncates them.
            Decides::BOTH,
            "It must not be zero in the number format, and fit it.",
        ),
        field(
            "optimizer",
            Value::Forms(&[
                Form {
                    written: "sgd",
                    about: "Stochastic gradient descent with `momentum`, a step divided by the batch as `division` says.",
                    group: None,
                    shape: None,
                },
                Form {
                    written: "adam(beta1: 0.9)",
                    about: "Adam (Kingma and Ba, 2015) on sums of gradients, which need no division.",
                    group: Some(&ADAM),
                    shape: None,
                },
                Form {
                    written: "amsgrad(beta1: 0.9)",
                    about: "The same with the largest mean of squares so far (Reddi, Kale and Kumar, 2018).",
                    group: Some(&ADAM),
                    shape: None,
                },
            ]),
            Default::Is("sgd"),
            Decides::BOTH,
            "How parameters follow their gradients. All that is in parentheses may be left out: `amsgrad`.",
        ),
        field(
            "momentum",
            Value::Float {
                needed: "a number from 0 up to, not including, 1",
                limits: Limits::NONE.at_least(0.0).below(1.0),
            },
            Default::Is("0.9"),
            Decides::BOTH,
            "The share of the last change that goes into the next; 0 is plain gradient descent. Not with `adam` and `amsgrad`.",
        ),
        field(
            "division",
            Value::Word(|| BatchDivision::ALL.map(BatchDivision::name).to_vec()),
            Default::Is("power_of_two"),
            Decides::BOTH,
            "What a step divides the sum of a batch's gradients by: the largest power of two that is not above the batch, as the \
             reference system does, or the batch itself (`exact`). Not with `adam` and `amsgrad`.",
        ),
        field(
            "weight_decay",
            Value::Float {
                needed: "a number from 0 up to, not including, 1",
                limits: Limits::NONE.at_least(0.0).below(1.0),
            },
            Default::Is("0.0"),
            Decides::BOTH,
            "What a step takes off each parameter, weights and biases, times the learning rate, in parts of the parameter. It is \
             apart from the gradient (Loshchilov and Hutter, 2019) and rounded together with the step: it costs local work \
             and no message.",
        ),
        field(
            "restart_below",
            Value::Float {
                needed: "a fraction of the test rows, from 0 (never restart) to 1",
                limits: Limits::NONE.at_least(0.0).at_most(1.0),
            },
            Default::Is("0.12"),
            Decides::ACCURACY,
            "An epoch that ends with fewer right answers halves the learning rate and starts from fresh weights.",
        ),
        field(
            "initial_weights",
            Value::Forms(&[
                Form {
                    written: "glorot",
                    about: "Party 0 draws them from the seed and inputs them: Glorot uniform, U[-r, r] with r = sqrt(6 / (fan-in + \
                            fan-out)), rounded to fixed point.",
                    group: None,
                    shape: None,
                },
                Form {
                    written: "secret",
                    about: "The parties draw them together, and no one knows them, as the reference system does: floor(log2(2 r)) + f \
                            secret random bits, times a constant and truncated, less r, with a random sign. It is part of set-up \
                            and of restarts, and counted there.",
                    group: None,
                    shape: None,
                },
                Form {
                    written: "file(\"weights.npz\")",
                    about: "Party 0 inputs those of an NPZ, rounded to fixed point: for each layer `dense1`, `conv1`, … as spans call it an \
                            array `dense1_weights` (inputs, outputs), or (height, width, channels, outputs), and an array \
                            `dense1_bias` (outputs). A training that restarts takes the same again.",
                    group: None,
                    shape: Some(Shape::Call("file", &Shape::Text)),
                },
            ]),
            Default::Is("glorot"),
            Decides::BOTH,
            "Where the initial weights come from. Biases begin at zero, but with a file.",
        ),
        field(
            "evaluate_every",
            Value::Whole(1, 100_000_000),
            Default::Otherwise("at the end of each epoch only"),
            // It changes no weight, but what is known of a training.
            Decides::ACCURACY,
            "After every so many iterations, counted over the whole training, the test accuracy is looked at, besides at the end \
             of each epoch. This costs nothing in any result, and changes no weight of a training in the clear.",
        ),
        field(
            "targets",
            Value::Other(
                "a list of 1 to 20 numbers above 0, at most 1, each larger than the one before",
                Shape::List(&Shape::Number(Limits::NONE.above(0.0).at_most(1.0)), 1, MOST_TARGETS),
            ),
            Default::Otherwise(
                "those of 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98 and 0.99 above the accuracy of the first evaluation, up to the best \
                 one, or if there is none the last that the best one reaches; in a sweep all of them",
            ),
            Decides::NOTHING,
            "Test accuracies: results say after how much modelled time, how many rounds, bytes and iterations the training reaches \
             each of them and keeps it at every later evaluation. A restart loses what was reached.",
        ),
    ],
};

/// `training: learning_rate: [(…)]`.
pub static RATE: Group = Group {
    what: "a learning rate",
    title: "training: learning_rate: [(…)]",
    about: "",
    fields: &[
        field(
            "from_epoch",
            Value::Whole(1, 100_000),
            Default::Required("6"),
            Decides::ACCURACY,
            "The epoch in which it begins, counted from 1.",
        ),
        field("rate", LEARNING_RATE, Default::Required("0.005"), Decides::BOTH, "The learning rate."),
    ],
};

/// What a learning rate can be.
pub const LEARNING_RATE: Value = Value::Float { needed: "a positive number, at most 100", limits: RATES };

/// A share of what was.
const SHARE: Value = Value::Float {
    needed: "a number from 0 up to, not including, 1",
    limits: Limits::NONE.at_least(0.0).below(1.0),
};

/// `training: optimizer: adam(…)`.
pub static ADAM: Group = Group {
    what: "`adam`",
    title: "training: optimizer: adam(…)",
    about: "A step is learning_rate m' / sqrt(v'), with running means m of gradients and v of their squares, m' = m / (1 - \
            beta1^t), v' = v / (1 - beta2^t) at step t. Gradients are sums over the batch; their squares must fit the \
            number format. The constants left out are those of the reference system.",
    fields: &[
        field(
            "beta1",
            SHARE,
            Default::Is("0.9"),
            Decides::BOTH,
            "What stays of the mean of gradients from step to step.",
        ),
        field(
            "beta2",
            SHARE,
            Default::Is("0.999"),
            Decides::BOTH,
            "What stays of the mean of their squares.",
        ),
        field(
            "epsilon",
            Value::Float {
                needed: "a positive number, at most 100",
                limits: Limits::NONE.above(0.0).at_most(100.0),
            },
            Default::Otherwise(
                "2^-(b - 7) with b bits before the point without the sign, the square root of that with `approximate`; at \
                 least 10^-8",
            ),
            Decides::ACCURACY,
            "What keeps the root away from zero: its square is added to v' with `approximate`, itself to the root with `precise`.",
        ),
        field(
            "inverse_root",
            Value::Word(|| InverseRoot::ALL.map(InverseRoot::name).to_vec()),
            Default::Is("approximate"),
            Decides::BOTH,
            "1 / sqrt(v') by a polynomial, within half a percent, or by a square root and a division (`precise`).",
        ),
    ],
};
