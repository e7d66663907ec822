//! `data`.

use super::shared::field;
use crate::scenario::field::{Decides, Default, Field, Form, Group, Shape, Value};
use crate::scenario::limits::Limits;

/// `data: mnist(…)`.
pub static MNIST: Group = Group {
    what: "`mnist`",
    title: "data: mnist(…)",
    about: "",
    fields: &[
        field(
            "train",
            Value::Whole(1, crate::data::MNIST_TRAIN_ROWS as u64),
            Default::Is("60000"),
            Decides::BOTH,
            "Rows to train on: the first ones.",
        ),
        field(
            "test",
            Value::Whole(1, crate::data::MNIST_TEST_ROWS as u64),
            Default::Is("10000"),
            Decides::ACCURACY,
            "Rows to test on: the first ones.",
        ),
    ],
};

const FILE: Value =
    Value::Text("the path of a file, in double quotes, relative to the folder of the scenario file");
const FILES: Value = Value::Other(
    "the path of a file, in double quotes, relative to the folder of the scenario file; or a list of such, one a party",
    Shape::Either(&[Shape::Text, Shape::List(&Shape::Text, 1, usize::MAX)]),
);
const ROWS: Value = Value::Other("a whole number from 1 to the rows of the files", Shape::Whole(1, u64::MAX));

/// `data: idx(…)`.
pub static IDX: Group = Group {
    what: "`idx`",
    title: "data: idx(…)",
    about: "Labels are bytes that follow each other, from any number on; images are bytes of any shape. There is a class \
            for each label of the files to train on.",
    fields: &[
        field(
            "train_images",
            FILES,
            Default::Required("\"data/images.gz\""),
            Decides::BOTH,
            "Images to train on. Of a list, each file has the rows that one party brings.",
        ),
        field(
            "train_labels",
            FILES,
            Default::Required("\"data/labels.gz\""),
            Decides::BOTH,
            "Their labels, in as many files.",
        ),
        field(
            "test_images",
            FILE,
            Default::Required("\"data/test-images.gz\""),
            Decides::ACCURACY,
            "Images to test on.",
        ),
        field(
            "test_labels",
            FILE,
            Default::Required("\"data/test-labels.gz\""),
            Decides::ACCURACY,
            "Their labels.",
        ),
        field(
            "train",
            ROWS,
            Default::Otherwise("all rows of the files"),
            Decides::BOTH,
            "Rows to train on: the first ones. Of several files all rows are taken.",
        ),
        field(
            "test",
            ROWS,
            Default::Otherwise("all rows of the files"),
            Decides::ACCURACY,
            "Rows to test on: the first ones.",
        ),
    ],
};

const SCALE: Value = Value::Forms(&[
    Form { written: "none", about: "Numbers go in as they are.", group: None, shape: None },
    Form {
        written: "divide_by(256.0)",
        about: "All are divided by this number.",
        group: None,
        shape: Some(Shape::Call("divide_by", &Shape::Number(DIVISOR))),
    },
    Form {
        written: "min_max",
        about: "Each column by itself, so that the rows to train on are from 0 to 1.",
        group: None,
        shape: None,
    },
    Form {
        written: "standard",
        about: "Each column by itself, so that the rows to train on have mean 0 and standard deviation 1.",
        group: None,
        shape: None,
    },
]);
const ABOUT_SCALE: &str = "What becomes of the numbers before they are shared. It is no part of the secure program and costs \
                           nothing. A column that has the same number in all rows to train on becomes 0.";

/// The number of `scale: divide_by(…)`.
pub const DIVISOR: Limits = Limits::NONE.above(0.0);

const fn scale(default: Default) -> Field {
    field("scale", SCALE, default, Decides::ACCURACY, ABOUT_SCALE)
}

const TRAIN_ROWS: Field =
    field("train", ROWS, Default::Otherwise("all rows"), Decides::BOTH, "Rows to train on: the first ones.");
const TEST_ROWS: Field = field(
    "test",
    ROWS,
    Default::Otherwise("all rows"),
    Decides::ACCURACY,
    "Rows to test on: the first ones.",
);

/// Columns of a table.
pub const MOST_COLUMNS: u64 = 1 << 24;

/// `data: csv(…)`.
pub static CSV: Group = Group {
    what: "`csv`",
    title: "data: csv(…)",
    about: "A row a line, cells separated by commas, in UTF-8; a cell with commas or quotes stands in quotes. One column has the \
            label: whole numbers that follow each other, or texts, which become classes in the order of their characters. \
            All others are decimal numbers; none may be missing.",
    fields: &[
        field(
            "train_file",
            FILE,
            Default::Required("\"data/train.csv\""),
            Decides::BOTH,
            "The table to train on.",
        ),
        field(
            "test_file",
            FILE,
            Default::Required("\"data/test.csv\""),
            Decides::ACCURACY,
            "The table to test on: the same columns in the same order.",
        ),
        field(
            "label",
            Value::Other(
                "the name of a column in double quotes, or its number, from 0",
                Shape::Either(&[Shape::Text, Shape::Whole(0, MOST_COLUMNS)]),
            ),
            Default::Required("\"label\""),
            Decides::BOTH,
            "The column of the labels.",
        ),
        field(
            "header",
            Value::Boolean,
            Default::Otherwise(
                "`true`, if `label` is a name or no cell of the first line is a number; otherwise it must be there",
            ),
            Decides::BOTH,
            "Whether the first line has the names of the columns.",
        ),
        scale(Default::Required("standard")),
        TRAIN_ROWS,
        TEST_ROWS,
    ],
};

const ARRAY: Value = Value::Text("the name of an array, in double quotes");

/// `data: npz(…)`.
pub static NPZ: Group = Group {
    what: "`npz`",
    title: "data: npz(…)",
    about: "An archive as numpy.savez and numpy.savez_compressed write it. Images have two or more dimensions: rows, and what makes \
            up a row (height, width, channels). Labels have one: whole numbers that follow each other. Elements are whole \
            numbers of 8 to 64 bits, booleans, or floating point of 32 or 64 bits.",
    fields: &[
        field("file", FILE, Default::Required("\"data/mnist.npz\""), Decides::BOTH, "The archive."),
        field("x_train", ARRAY, Default::Is("\"x_train\""), Decides::BOTH, "Images to train on."),
        field("y_train", ARRAY, Default::Is("\"y_train\""), Decides::BOTH, "Their labels."),
        field("x_test", ARRAY, Default::Is("\"x_test\""), Decides::ACCURACY, "Images to test on."),
        field("y_test", ARRAY, Default::Is("\"y_test\""), Decides::ACCURACY, "Their labels."),
        scale(Default::Required("divide_by(256.0)")),
        TRAIN_ROWS,
        TEST_ROWS,
    ],
};

/// `data: cifar10(…)`.
pub static CIFAR10: Group = Group {
    what: "`cifar10`",
    title: "data: cifar10(…)",
    about: "Images of 32 x 32 pixels in three colours, in ten classes.",
    fields: &[
        field(
            "folder",
            Value::Text(
                "the path of the folder of data_batch_1.bin to data_batch_5.bin and test_batch.bin, in double quotes, \
                 relative to the folder of the scenario file",
            ),
            Default::Required("\"data/cifar-10-batches-bin\""),
            Decides::BOTH,
            "The folder of its files.",
        ),
        scale(Default::Is("divide_by(256.0)")),
        TRAIN_ROWS,
        TEST_ROWS,
    ],
};
