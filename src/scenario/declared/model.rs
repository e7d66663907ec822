//! The fields of `model`.

use super::shared::field;
use crate::nn::Padding;
use crate::scenario::field::{Decides, Default, Form, Group, Shape, Value};
use crate::scenario::models::MODELS;

/// Limits of the numbers of layers.
pub const WIDEST_LAYER: u64 = 65_536;
/// The largest window of a convolution or of pooling, in pixels along each side.
pub const LARGEST_WINDOW: u64 = 64;

/// Layers of a list.
pub const MOST_LAYERS: usize = 64;
/// Hidden layers of `dense(…)`.
pub const MOST_HIDDEN: usize = 16;

const POOL: Shape = Shape::Whole(2, LARGEST_WINDOW);
/// A layer of a list.
const LAYER: Shape = Shape::Either(&[
    Shape::Named("conv", &CONVOLUTION),
    Shape::Call("max_pool", &POOL),
    Shape::Call("avg_pool", &POOL),
    Shape::Word("relu"),
    Shape::Call("dropout", &Shape::OneOf(&[0.5, 0.25, 0.125, 0.0625])),
    Shape::Word("flatten"),
    Shape::Call("dense", &Shape::Whole(1, WIDEST_LAYER)),
]);

/// The ways of writing a model.
pub const MODEL: Value = Value::Forms(&[
    Form {
        written: "dense(hidden: [128])",
        about: "Dense layers with ReLU behind each.",
        group: Some(&DENSE),
        shape: None,
    },
    Form {
        written: "[conv(kernel: 5, channels: 16), max_pool(2), relu, dense(100), relu]",
        about: "Layers, one after the other, at most 64. `dense(100)`: z = x W + b with so many outputs, from 1 to 65,536. \
                `conv(…)`: a convolution. `max_pool(2)`, `avg_pool(2)`: the largest value, or the mean, of windows of so many \
                pixels along each side, from 2 to 64, side by side: they must divide the image. `relu`: max(x, 0). `dropout(0.5)`: in the \
                training, that part of the values, 0.5, 0.25, 0.125 or 0.0625, becomes zero, chosen by secret random bits, and the others \
                are divided by what is left of 1. `flatten`: \
                the values of an image, row by row, the channel fastest; a dense layer does that by itself. Values of images \
                need data whose files say how many rows and columns of pixels an image has.",
        group: Some(&CONVOLUTION),
        shape: Some(Shape::List(&LAYER, 0, MOST_LAYERS)),
    },
    Form {
        written: "logistic",
        about: "Logistic regression: no layer before the output layer, which has one logit for two classes. `softmax` is a sigmoid then; \
                sigmoids also go with hidden layers.",
        group: None,
        shape: None,
    },
    Form {
        written: "preset(\"A\")",
        about: "A network with a name; `mpcsim list` has them, with their sources.",
        group: None,
        shape: Some(Shape::Call("preset", &Shape::Name(|| MODELS.map(|preset| preset.name).to_vec()))),
    },
]);

/// `model: dense(…)`.
pub static DENSE: Group = Group {
    what: "`dense`",
    title: "model: dense(…)",
    about: "",
    fields: &[field(
        "hidden",
        Value::Other(
            "a list of at most 16 whole numbers from 1 to 65,536; [] for a single layer",
            Shape::List(&Shape::Whole(1, WIDEST_LAYER), 0, MOST_HIDDEN),
        ),
        Default::Required("[128]"),
        Decides::BOTH,
        "Neurons of each hidden layer, first to last.",
    )],
};

/// `model: [conv(…)]`.
pub static CONVOLUTION: Group = Group {
    what: "`conv`",
    title: "model: [conv(…)]",
    about: "A convolution of images with square kernels, and a bias for each kernel. Its fan-in is the number of weights of a kernel, \
            its fan-out the number of kernels.",
    fields: &[
        field(
            "kernel",
            Value::Whole(1, LARGEST_WINDOW),
            Default::Required("5"),
            Decides::BOTH,
            "Rows and columns of pixels of a kernel, at most those of the image.",
        ),
        field(
            "channels",
            Value::Whole(1, WIDEST_LAYER),
            Default::Required("16"),
            Decides::BOTH,
            "How many kernels there are: the channels of the image that comes out.",
        ),
        field(
            "stride",
            Value::Whole(1, LARGEST_WINDOW),
            Default::Is("1"),
            Decides::BOTH,
            "By how many pixels one window is apart from the next.",
        ),
        field(
            "padding",
            Value::Word(|| Padding::ALL.map(Padding::name).to_vec()),
            Default::Is("valid"),
            Decides::BOTH,
            "What stands around the image: nothing (`valid`), or as many zeros as make what comes out as large as the image divided by \
             the stride, rounded up (`same`); half of them, rounded down, above and to the left.",
        ),
    ],
};
