//! Reads a whole scenario: every field, its default, its limits, and what one field demands of another.

use std::path::Path;

use super::compute::compute;
use super::errors::Mistakes;
use super::network::network;
use super::plan::{FixedPoint, Length, Model, Plan, Protocol, Rounding, Softmax, Training};
use super::presets::COMPUTES;
use super::read::{self, Fields, choice, grouped, unknown_choice};
use super::tree::{Kind, Node, Record};
use crate::data::idx::{Content, count_rows};
use crate::data::{DataPath, DataSource, MNIST_TEST_ROWS, MNIST_TRAIN_ROWS};

/// Every field of a scenario.
pub const FIELDS: [&str; 12] = [
    "name",
    "seed",
    "protocol",
    "rounding",
    "fixed_point",
    "model",
    "softmax",
    "loss",
    "data",
    "training",
    "network",
    "compute",
];

const DEFAULT_SEED: u64 = 1;
const DEFAULT_FIXED_POINT: FixedPoint = FixedPoint { fraction_bits: 16, total_bits: 31 };
const DEFAULT_TRAINING: Training = Training {
    length: Length::Epochs(3),
    batch: 128,
    learning_rate: 0.01,
    momentum: 0.9,
    restart_below: 0.12,
};

const LONGEST_NAME: usize = 100;
const MOST_LAYERS: usize = 16;
const WIDEST_LAYER: u64 = 65_536;
const LARGEST_BATCH: u64 = 65_536;
const MOST_EPOCHS: u64 = 100_000;
const MOST_ITERATIONS: u64 = 100_000_000;
const LARGEST_RATE: f64 = 100.0;

/// The plan that a scenario describes; none if there is a mistake. Data files are looked for beside the scenario, in
/// `base_dir`.
pub fn plan(node: &Node, base_dir: &Path, mistakes: &mut Mistakes) -> Option<Plan> {
    let fields = Fields::new(node, "a scenario", &FIELDS, mistakes)?;
    let name = fields.require("name", "\"first run\"", mistakes).and_then(|node| name(node, mistakes));
    let seed = or_default(fields.get("seed"), DEFAULT_SEED, |node| {
        read::whole(node, "seed", (0, u64::MAX), mistakes)
    });
    let protocols = Protocol::ALL.map(|protocol| (protocol.name(), protocol));
    let protocol = fields.require("protocol", "rep3", mistakes);
    let protocol = protocol.and_then(|node| choice(node, "protocol", &protocols, mistakes));
    let roundings = Rounding::ALL.map(|rounding| (rounding.name(), rounding));
    let rounding = or_default(fields.get("rounding"), Rounding::Probabilistic, |node| {
        choice(node, "rounding", &roundings, mistakes)
    });
    let fixed_point =
        or_default(fields.get("fixed_point"), DEFAULT_FIXED_POINT, |node| fixed_point(node, mistakes));
    let model = fields.require("model", "dense(hidden: [128])", mistakes);
    let model = model.and_then(|node| model_of(node, mistakes));
    let softmaxes = Softmax::ALL.map(|softmax| (softmax.name(), softmax));
    let softmax = fields.require("softmax", "exact", mistakes);
    let softmax = softmax.and_then(|node| choice(node, "softmax", &softmaxes, mistakes));
    let loss = or_default(fields.get("loss"), false, |node| read::boolean(node, "loss", mistakes));
    let data_node = fields.require("data", "mnist(train: 60000, test: 10000)", mistakes);
    let data = data_node.and_then(|node| data_source(node, base_dir, mistakes));
    let training =
        or_default(fields.get("training"), DEFAULT_TRAINING, |node| training_of(node, fixed_point, mistakes));
    if let (Some(data), Some(training)) = (&data, &training) {
        check_batch(&fields, data.train_rows(), training.batch, mistakes);
    }
    // A mistake in the protocol's name does not hide those of the network: it is looked at with three parties then.
    let parties = protocol.map_or(3, Protocol::parties);
    let network_node = fields.require("network", "preset(\"lan\")", mistakes);
    let network = network_node.and_then(|node| network(node, parties, mistakes));
    let compute = match fields.get("compute") {
        None => Some(COMPUTES[0].plan(parties)),
        Some(node) => compute(node, parties, mistakes),
    };
    Some(Plan {
        name: name?,
        seed: seed?,
        protocol: protocol?,
        rounding: rounding?,
        fixed_point: fixed_point?,
        model: model?,
        softmax: softmax?,
        loss: loss?,
        data: data?,
        training: training?,
        network: network?,
        compute: compute?,
    })
}

fn or_default<'a, T>(
    node: Option<&'a Node>,
    default: T,
    read: impl FnOnce(&'a Node) -> Option<T>,
) -> Option<T> {
    match node {
        Some(node) => read(node),
        None => Some(default),
    }
}

/// The name becomes a folder's name on every system.
pub fn name(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let name = read::text(node, "name", mistakes)?;
    let good_sign = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.');
    let edges_good = name.starts_with(|c: char| c.is_alphanumeric()) && !name.ends_with(['.', ' ']);
    if (1..=LONGEST_NAME).contains(&name.chars().count()) && name.chars().all(good_sign) && edges_good {
        return Some(name);
    }
    let help = format!(
        "it names the folder of the results: at most {LONGEST_NAME} letters, digits, spaces, `-`, `_` and `.`, \
         first a letter or digit, and no `.` or space at the end"
    );
    read::wrong(node, "`name` cannot name a folder", Some(help), mistakes)
}

fn fixed_point(node: &Node, mistakes: &mut Mistakes) -> Option<FixedPoint> {
    let fields = Fields::new(node, "`fixed_point`", &["fraction_bits", "total_bits"], mistakes)?;
    let mut bits = |name: &str, default: u32, range: (u64, u64)| {
        or_default(fields.get(name), default, |node| {
            read::whole(node, name, range, mistakes).map(|bits| bits as u32)
        })
    };
    let fraction_bits = bits("fraction_bits", DEFAULT_FIXED_POINT.fraction_bits, (4, 20));
    let total_bits = bits("total_bits", DEFAULT_FIXED_POINT.total_bits, (9, 31));
    let (fraction_bits, total_bits) = (fraction_bits?, total_bits?);
    // What was changed last is to blame; without either there is nothing to blame.
    let blamed = fields.get("total_bits").or(fields.get("fraction_bits")).unwrap_or(node);
    if total_bits <= fraction_bits + 4 {
        let message =
            format!("`total_bits` must be at least `fraction_bits` + 5, that is {}", fraction_bits + 5);
        let help = format!("{total_bits} bits with {fraction_bits} after the point leave no room before it");
        return read::wrong(blamed, &message, Some(help), mistakes);
    }
    if total_bits + 2 * fraction_bits > 63 {
        let message = "`total_bits` + 2 * `fraction_bits` must be at most 63".to_string();
        let help = format!(
            "a division works on numbers of that many bits, here {}, in a ring of 64",
            total_bits + 2 * fraction_bits
        );
        return read::wrong(blamed, &message, Some(help), mistakes);
    }
    Some(FixedPoint { fraction_bits, total_bits })
}

fn model_of(node: &Node, mistakes: &mut Mistakes) -> Option<Model> {
    if read::variant_name(node) != Some("dense") || !matches!(node.kind, Kind::Record(_)) {
        return unknown_choice(node, "model", &["dense"], &["dense(hidden: [128])"], mistakes);
    }
    let fields = Fields::new(node, "`dense`", &["hidden"], mistakes)?;
    let hidden_node = fields.require("hidden", "[128]", mistakes)?;
    let items = read::list(hidden_node, "hidden", "[128], or [] for a single layer", mistakes)?;
    if items.len() > MOST_LAYERS {
        let message = format!("there can be at most {MOST_LAYERS} hidden layers");
        mistakes.add(&hidden_node.place, message, format!("{} layers", items.len()), None);
        return None;
    }
    let widths: Vec<Option<usize>> = items
        .iter()
        .map(|item| read::whole(item, "hidden", (1, WIDEST_LAYER), mistakes).map(|width| width as usize))
        .collect();
    Some(Model::Dense { hidden: widths.into_iter().collect::<Option<Vec<usize>>>()? })
}

fn data_source(node: &Node, base_dir: &Path, mistakes: &mut Mistakes) -> Option<DataSource> {
    match (read::variant_name(node), &node.kind) {
        (Some("mnist"), Kind::Word(_) | Kind::Record(_)) => {
            let fields = Fields::new(node, "`mnist`", &["train", "test"], mistakes)?;
            let train = rows(&fields, "train", MNIST_TRAIN_ROWS, mistakes);
            let test = rows(&fields, "test", MNIST_TEST_ROWS, mistakes);
            Some(DataSource::Mnist { train: train?, test: test? })
        }
        (Some("idx"), Kind::Record(_)) => idx(node, base_dir, mistakes),
        _ => {
            let examples = ["mnist(train: 60000, test: 10000)", "idx(train_images: \"…\", …)"];
            unknown_choice(node, "data", &["mnist", "idx"], &examples, mistakes)
        }
    }
}

/// How many rows to take: all, if left out.
fn rows(fields: &Fields, what: &str, available: usize, mistakes: &mut Mistakes) -> Option<usize> {
    or_default(fields.get(what), available, |node| {
        read::whole(node, what, (1, available as u64), mistakes).map(|rows| rows as usize)
    })
}

fn idx(node: &Node, base_dir: &Path, mistakes: &mut Mistakes) -> Option<DataSource> {
    let known = ["train_images", "train_labels", "test_images", "test_labels", "train", "test"];
    let fields = Fields::new(node, "`idx`", &known, mistakes)?;
    let mut file = |what: &str, content: Content| -> Option<(DataPath, usize)> {
        let node = fields.require(what, "\"data/images.gz\"", mistakes)?;
        let written = read::text(node, what, mistakes)?;
        let path = DataPath { resolved: base_dir.join(&written), written };
        match count_rows(&path.resolved, &path.written, content) {
            Ok(rows) => Some((path, rows)),
            Err(error) => {
                let help = "paths are relative to the folder of the scenario file".to_string();
                mistakes.add(&node.place, error.to_string(), format!("the file of `{what}`"), Some(help));
                None
            }
        }
    };
    let train_images = file("train_images", Content::Images);
    let train_labels = file("train_labels", Content::Labels);
    let test_images = file("test_images", Content::Images);
    let test_labels = file("test_labels", Content::Labels);
    let mut as_many = |images: &Option<(DataPath, usize)>, labels: &Option<(DataPath, usize)>, what: &str| {
        let (Some((_, images)), Some((_, labels))) = (images, labels) else { return };
        if images != labels {
            let message = format!(
                "there are {} images and {} labels",
                grouped(*images as u64),
                grouped(*labels as u64)
            );
            let place = &fields.get(what).expect("it has been read").place;
            mistakes.add(place, message, "not as many labels as images", None);
        }
    };
    as_many(&train_images, &train_labels, "train_labels");
    as_many(&test_images, &test_labels, "test_labels");
    let ((train_images, train_rows), (test_images, test_rows)) = (train_images?, test_images?);
    let train = rows(&fields, "train", train_rows, mistakes);
    let test = rows(&fields, "test", test_rows, mistakes);
    let (train_labels, test_labels) = (train_labels?.0, test_labels?.0);
    Some(DataSource::Idx { train_images, train_labels, test_images, test_labels, train: train?, test: test? })
}

fn training_of(node: &Node, fixed_point: Option<FixedPoint>, mistakes: &mut Mistakes) -> Option<Training> {
    let known = ["epochs", "iterations", "batch", "learning_rate", "momentum", "restart_below"];
    let fields = Fields::new(node, "`training`", &known, mistakes)?;
    let length = length(&fields, mistakes);
    let batch = or_default(fields.get("batch"), DEFAULT_TRAINING.batch, |node| {
        read::whole(node, "batch", (1, LARGEST_BATCH), mistakes).map(|batch| batch as usize)
    });
    let learning_rate = or_default(fields.get("learning_rate"), DEFAULT_TRAINING.learning_rate, |node| {
        learning_rate(node, fixed_point.unwrap_or(DEFAULT_FIXED_POINT), mistakes)
    });
    let momentum = or_default(fields.get("momentum"), DEFAULT_TRAINING.momentum, |node| {
        let needed = "a number from 0 up to, not including, 1";
        read::float(node, "momentum", needed, |momentum| (0.0..1.0).contains(&momentum), mistakes)
    });
    let restart_below = or_default(fields.get("restart_below"), DEFAULT_TRAINING.restart_below, |node| {
        let needed = "a fraction of the test rows, from 0 (never restart) to 1";
        read::float(node, "restart_below", needed, |fraction| (0.0..=1.0).contains(&fraction), mistakes)
    });
    Some(Training {
        length: length?,
        batch: batch?,
        learning_rate: learning_rate?,
        momentum: momentum?,
        restart_below: restart_below?,
    })
}

fn length(fields: &Fields, mistakes: &mut Mistakes) -> Option<Length> {
    let epochs = fields.get("epochs");
    match (epochs, fields.get("iterations")) {
        (Some(_), Some(iterations)) => {
            let place = fields.place_of("iterations").unwrap_or(&iterations.place);
            let help = Some("keep one of the two".to_string());
            mistakes.add(place, "`epochs` and `iterations` exclude each other", "both are given", help);
            None
        }
        (None, Some(node)) => {
            read::whole(node, "iterations", (1, MOST_ITERATIONS), mistakes).map(Length::Iterations)
        }
        (epochs, None) => or_default(epochs, DEFAULT_TRAINING.length, |node| {
            read::whole(node, "epochs", (1, MOST_EPOCHS), mistakes).map(Length::Epochs)
        }),
    }
}

fn learning_rate(node: &Node, fixed_point: FixedPoint, mistakes: &mut Mistakes) -> Option<f64> {
    let needed = "a positive number, at most 100";
    let in_range = |rate: f64| rate > 0.0 && rate <= LARGEST_RATE;
    let rate = read::float(node, "learning_rate", needed, in_range, mistakes)?;
    let bits = fixed_point.fraction_bits;
    let scaled = rate * (1u64 << bits) as f64;
    if scaled < 0.5 {
        let message = format!("this learning rate is zero with {bits} bits after the binary point");
        let help = format!("the smallest that is not is {}", 0.5 / (1u64 << bits) as f64);
        return read::wrong(node, &message, Some(help), mistakes);
    }
    let integer_bits = fixed_point.total_bits - 1 - bits;
    if rate >= (1u64 << integer_bits) as f64 {
        let message = format!("this learning rate does not fit {integer_bits} bits before the binary point");
        return read::wrong(node, &message, None, mistakes);
    }
    Some(rate)
}

fn check_batch(fields: &Fields, train: usize, batch: usize, mistakes: &mut Mistakes) {
    if batch <= train {
        return;
    }
    let training = fields.get("training").and_then(|node| match &node.kind {
        Kind::Record(Record { fields, .. }) => fields.iter().find(|field| field.name == "batch"),
        _ => None,
    });
    let place = match training {
        Some(field) => &field.value.place,
        None => fields.get("data").map_or(fields.opening(), |node| &node.place),
    };
    let message = format!(
        "a batch of {} rows{} is more than the {} rows to train on",
        grouped(batch as u64),
        if training.is_some() { "" } else { " (the default)" },
        grouped(train as u64)
    );
    let help = format!("write training: (batch: {train}), or less, or train on more rows");
    mistakes.add(place, message, "too few rows for the batch", Some(help));
}
