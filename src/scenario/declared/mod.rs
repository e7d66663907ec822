//! Every field of a scenario, declared once. What is read, written, documented and shared among the points of a sweep
//! follows from here; `field` says how.

mod adversary;
mod compute;
mod data;
mod faults;
mod model;
mod network;
mod shared;
mod softmax;
mod training;

use model::MODEL;
use network::NETWORK;
use shared::{PARTS, PARTY, field};

use super::field::{Decides, Default, Form, Group, Shape, Value};
use super::plan::{Numbers, Offline, Protocol, Rounding, Triples, TriplesBy};
use super::presets::COMPUTES;

pub use adversary::{ADVERSARY, DELAY};
pub use compute::{CUSTOM_COMPUTE, PARTY_COMPUTE};
pub use data::{CIFAR10, CSV, DIVISOR, IDX, MNIST, MOST_COLUMNS, NPZ};
pub use faults::{DOWN, DURATION_S, FACTOR, FAULTS, MOMENT_S, SLOW, STOP};
pub use model::{CONVOLUTION, DENSE, LARGEST_WINDOW, MOST_HIDDEN, MOST_LAYERS, WIDEST_LAYER};
pub use network::{
    AT_S, BACKGROUND, BANDWIDTH_MBPS, CHANGE, CUSTOM_NETWORK, CUSTOM_OVERHEAD, INTERFACE, LATENCY_MS, LINK,
    LOG_NORMAL, LOSS, NORMAL, PARETO, PING_MS, RTO_MIN_MS, SITE, TCP, TICK_MS, UNIFORM,
};
pub use softmax::{softmax_forms, softmax_group};
pub use training::{ADAM, LEARNING_RATE, MOST_RATES, MOST_TARGETS, RATE, TRAINING};

/// What `ring_bits` must be.
pub const RING_BITS: &str = "32 or 64";

/// The file.
pub static SCENARIO: Group = Group {
    what: "a scenario",
    title: "The file",
    about: "A scenario file is one record in parentheses.",
    fields: &[
        field(
            "name",
            Value::Text(
                "a text in double quotes: at most 100 letters, digits, spaces, `-`, `_` and `.`, first a letter or \
                 digit, and no `.` or space at the end",
            ),
            Default::Required("\"first run\""),
            Decides::NOTHING,
            "Names the folder of the results, and the scenario in tables.",
        ),
        field(
            "seed",
            Value::Whole(0, u64::MAX),
            Default::Is("1"),
            Decides::ACCURACY,
            "Seed of every random stream: initial weights, order of the rows, shares, rounding, jitter.",
        ),
        field(
            "protocol",
            Value::Word(|| Protocol::ALL.map(Protocol::name).to_vec()),
            Default::Required("rep3"),
            Decides::PROGRAM,
            "The secure computation protocol; `mpcsim list` says what each is. It decides how many parties there are.",
        ),
        field(
            "triples",
            Value::Word(|| Triples::ALL.map(Triples::name).to_vec()),
            Default::Is("matrix"),
            Decides::PROGRAM,
            "What a matrix product of `semi2k` takes: one triple of matrices, or one for each product of two entries, as in the \
             reference system (`single`), which is dearer.",
        ),
        field(
            "triples_by",
            Value::Word(|| TriplesBy::ALL.map(TriplesBy::name).to_vec()),
            Default::Is("transfers"),
            Decides::PROGRAM,
            "Who makes the triples of `secureml`: its two servers by oblivious transfers as published, with the smaller ones of \
             SoftSpokenOT (`softspoken`), or by homomorphic encryption (messages of the published sizes; nothing is encrypted, and no time \
             is charged for it); or a third party: the `clients`, with a triple for each product of two numbers and another online \
             phase, or a `dealer`.",
        ),
        field(
            "ring_bits",
            Value::Other(RING_BITS, Shape::OneOf(&[32.0, 64.0])),
            Default::Is("64"),
            Decides::BOTH,
            "Bits of a ring element. `falcon` can have 32, as its authors' program by default. Then a product has at most 31 bits before it is \
             rounded, as with `fixed_point: (fraction_bits: 13, total_bits: 18)`, and `relu_gradient` with a quotient is what there is place \
             for.",
        ),
        field(
            "rounding",
            Value::Word(|| Rounding::ALL.map(Rounding::name).to_vec()),
            Default::Is("probabilistic"),
            Decides::BOTH,
            "How a product is brought back to the fixed-point scale.",
        ),
        field(
            "fixed_point",
            Value::Record(&FIXED_POINT),
            Default::Is("()"),
            Decides::BOTH,
            "The number format of secret values.",
        ),
        field(
            "numbers",
            Value::Word(|| Numbers::ALL.map(Numbers::name).to_vec()),
            Default::Is("fixed_point"),
            Decides::ACCURACY,
            "In which numbers training runs that gives accuracy and loss: those of the program, or in floating point in the clear, to \
             see what fixed point alone costs. With `float64` and `float32` batches, their order, layers, optimiser and output \
             layer are the same; weights begin as drawn, not rounded; constants are not rounded; dropouts draw for themselves; \
             `rounding` and `fixed_point` have no say. Of `float32`, output layer and loss are computed in double precision. \
             Rounds, bytes and times are always those of the program in fixed point.",
        ),
        field(
            "model",
            MODEL,
            Default::Required("dense(hidden: [128])"),
            Decides::BOTH,
            "What is trained: the layers before the output layer. The size of the inputs follows from the data, and so does the \
             output layer, which is dense with an output for each class, or one for two classes if `softmax` is a sigmoid. `training: (initial_weights: …)` says what it begins with.",
        ),
        field(
            "softmax",
            Value::Registered(softmax_forms),
            Default::Required("exact"),
            Decides::BOTH,
            "The output layer; `mpcsim list --details` says what each is, costs and is off. Parameters that are left out are as \
             published: `limit` is `limit(squarings: 8)`.",
        ),
        field(
            "loss",
            Value::Boolean,
            Default::Is("false"),
            Decides::BOTH,
            "Whether the loss is computed, securely, too. It costs rounds and bytes, and changes no weight.",
        ),
        field(
            "data",
            Value::Forms(&[
                Form {
                    written: "mnist(train: 60000, test: 10000)",
                    about: "The bundled MNIST.",
                    group: Some(&MNIST),
                    shape: None,
                },
                Form {
                    written: "idx(train_images: \"…\", …)",
                    about: "Your own data in IDX files (the format of MNIST), gzipped or not.",
                    group: Some(&IDX),
                    shape: None,
                },
                Form {
                    written: "csv(train_file: \"…\", …)",
                    about: "Your own data in tables of text, gzipped or not.",
                    group: Some(&CSV),
                    shape: None,
                },
                Form {
                    written: "npz(file: \"…\", …)",
                    about: "Your own data in an archive of NumPy arrays, as Keras has them.",
                    group: Some(&NPZ),
                    shape: None,
                },
                Form {
                    written: "cifar10(folder: \"…\")",
                    about: "CIFAR-10 in its binary version.",
                    group: Some(&CIFAR10),
                    shape: None,
                },
            ]),
            Default::Required("mnist(train: 60000, test: 10000)"),
            Decides::BOTH,
            "Where rows come from. A pixel of 0 to 255 of `mnist` and `idx` becomes pixel / 256, exactly if there are 8 or more \
             fraction bits; of other data, `scale` says what becomes of a number. docs/own-data.md has an example of each.",
        ),
        field(
            "owners",
            Value::Forms(&[
                Form {
                    written: "[0.5, 0.3, 0.2]",
                    about: "Rows by party: fractions that add up to 1, or numbers of rows that add up to all of them.",
                    group: None,
                    shape: Some(PARTS),
                },
                Form {
                    written: "columns(parts: [0.5, 0.5], labels: 0)",
                    about: "Columns of every row by party.",
                    group: Some(&COLUMNS),
                    shape: None,
                },
            ]),
            Default::Otherwise("party 0 brings everything"),
            Decides::PROGRAM,
            "Which party brings which part of the training data. The first rows or columns are party 0's.",
        ),
        field(
            "training",
            Value::Record(&TRAINING),
            Default::Is("()"),
            Decides::BOTH,
            "Length and constants of the training.",
        ),
        field(
            "network",
            Value::Forms(&[
                Form {
                    written: "preset(\"lan\")",
                    about: "A network with a name; `mpcsim list` has them, with their sources.",
                    group: None,
                    shape: Some(Shape::Call("preset", &NETWORK)),
                },
                Form {
                    written: "custom(latency_ms: …, …)",
                    about: "Links, sites and wires of your own.",
                    group: Some(&CUSTOM_NETWORK),
                    shape: None,
                },
                Form {
                    written: "matrix(latency_ms: [[…], …], …)",
                    about: "The same, as it is often called with a matrix.",
                    group: Some(&CUSTOM_NETWORK),
                    shape: None,
                },
            ]),
            Default::Required("preset(\"lan\")"),
            Decides::TIME,
            "Links and interfaces between the parties.",
        ),
        field(
            "compute",
            Value::Forms(&[
                Form {
                    written: "preset(\"server-core\")",
                    about: "A machine with a name; `mpcsim list` has them, with their sources.",
                    group: None,
                    shape: Some(Shape::Call(
                        "preset",
                        &Shape::Name(|| COMPUTES.map(|preset| preset.name).to_vec()),
                    )),
                },
                Form {
                    written: "custom(wake_us: …, …)",
                    about: "Costs of your own.",
                    group: Some(&CUSTOM_COMPUTE),
                    shape: None,
                },
                Form {
                    written: "none",
                    about: "Computing takes no time: network time only.",
                    group: None,
                    shape: None,
                },
            ]),
            Default::Is("preset(\"server-core\")"),
            Decides::WORK,
            "What local work costs.",
        ),
        field(
            "offline",
            Value::Word(|| Offline::ALL.map(Offline::name).to_vec()),
            Default::Is("before"),
            Decides::PROGRAM,
            "When the offline phase of an iteration is, of protocols that have one: before its online phase, beside the online \
             phase of the iteration before (`overlapped`), or in no figure (`excluded`; that of set-up and restarts neither).",
        ),
        field(
            "faults",
            Value::Record(&FAULTS),
            Default::Is("()"),
            Decides::TIME,
            "What goes wrong in the training: parties that stop or are slow, links that are down, and how long parties wait.",
        ),
        field(
            "adversary",
            Value::Record(&ADVERSARY),
            Default::Otherwise("all parties do what they should"),
            Decides::ACCURACY,
            "A party that does not send what it should.",
        ),
    ],
};

/// `fixed_point`.
pub static FIXED_POINT: Group = Group {
    what: "`fixed_point`",
    title: "fixed_point",
    about: "A value x is the integer x 2^fraction_bits, rounded to the nearest. `total_bits` must be at least \
            `fraction_bits` + 5, and `total_bits` + 3 (`total_bits` / 2, rounded \
            down) - `fraction_bits` at most 60: what a division needs of a ring of 64 bits.",
    fields: &[
        field(
            "fraction_bits",
            Value::Whole(4, 20),
            Default::Is("16"),
            Decides::BOTH,
            "Bits after the binary point.",
        ),
        field(
            "total_bits",
            Value::Whole(9, 31),
            Default::Is("31"),
            Decides::BOTH,
            "All bits, sign included.",
        ),
    ],
};

/// `owners: columns(…)`.
pub static COLUMNS: Group = Group {
    what: "`columns`",
    title: "owners: columns(…)",
    about: "",
    fields: &[
        field(
            "parts",
            Value::Other(
                "a list of fractions that add up to 1, or of numbers of columns that add up to all of them",
                PARTS,
            ),
            Default::Required("[0.5, 0.5]"),
            Decides::PROGRAM,
            "The columns of each party.",
        ),
        field("labels", PARTY, Default::Is("0"), Decides::PROGRAM, "Who brings the labels of all rows."),
    ],
};
