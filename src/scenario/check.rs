//! Reads a whole scenario: every field, its default, its limits, and what one field demands of another.

use std::path::Path;

use super::adversary::adversary;
use super::compute::compute;
use super::declared::{FIXED_POINT, IDX, MNIST, SCENARIO};
use super::errors::Mistakes;
use super::faults::faults;
use super::model::model;
use super::network::network;
use super::owners::{Sizes, owners};
use super::plan::{FixedPoint, Offline, Plan, Protocol, Rounding, Triples};
use super::quantities::optional;
use super::read::{self, Fields, unknown_form};
use super::softmax::{check_softmax, softmax};
use super::tcp::{WITHOUT, excluded_fault};
use super::training::{check_constants, training_field, training_of};
use super::tree::{Kind, Node};
use super::units::grouped;
use crate::data::idx::{Content, size};
use crate::data::{DataPath, DataSource, ImageSize, MNIST_IMAGE, MNIST_TRAIN_ROWS, Owners};

/// The plan that a scenario describes; none if there is a mistake. Data files are looked for beside the scenario, in
/// `base_dir`.
pub fn plan(node: &Node, base_dir: &Path, mistakes: &mut Mistakes) -> Option<Plan> {
    if let Kind::Record(record) = &node.kind
        && let Some(axes) = record.fields.iter().find(|field| field.name == "axes")
    {
        let help = Some("run it with `mpcsim sweep`; `mpcsim check` checks it".to_string());
        mistakes.add(&axes.place, "this is a sweep, not a scenario", "a sweep has axes", help);
        return None;
    }
    let fields = Fields::new(node, &SCENARIO, mistakes)?;
    let name = fields.node("name", mistakes).and_then(|node| name(&node, mistakes));
    let seed = fields.whole("seed", mistakes);
    let protocol = fields.choice("protocol", &Protocol::ALL, Protocol::name, mistakes);
    let triples = fields.choice("triples", &Triples::ALL, Triples::name, mistakes);
    let triples = triples.filter(|&triples| check_triples(&fields, protocol, triples, mistakes));
    let rounding = fields.choice("rounding", &Rounding::ALL, Rounding::name, mistakes);
    let fixed_point = fields.node("fixed_point", mistakes).and_then(|node| fixed_point(&node, mistakes));
    // Whether its layers fit depends on the data.
    let model_node = fields.node("model", mistakes);
    let softmax_node = fields.node("softmax", mistakes);
    let softmax = softmax_node.as_ref().and_then(|node| softmax(node, mistakes));
    let loss = fields.boolean("loss", mistakes);
    // A mistake in the protocol's name does not hide other ones: they are looked at with three parties then.
    let parties = protocol.map_or(3, Protocol::parties);
    let data = fields.node("data", mistakes);
    let may_own = protocol.map_or(3, Protocol::sharing_parties);
    let data = data.and_then(|node| data_source(&node, base_dir, may_own, mistakes));
    let image = data.as_ref().map(|data| data.image);
    let model = model_node.and_then(|node| model(&node, image, mistakes));
    let owners = data.as_ref().and_then(|data| data_owners(data, fields.get("owners"), may_own, mistakes));
    let training = fields.node("training", mistakes);
    let training = training.and_then(|node| training_of(&node, fixed_point, mistakes)).filter(|training| {
        // With a mistake in the format, nobody knows.
        fixed_point.is_none_or(|format| check_constants(&fields, training, format, mistakes))
    });
    if let (Some(data), Some(training)) = (&data, &training) {
        check_batch(&fields, data.source.train_rows(), training.batch, mistakes);
    }
    if let (Some(softmax), Some(node), Some(format)) = (softmax, &softmax_node, fixed_point)
        && !check_softmax((softmax, node), format, protocol, data.as_ref().map(|data| &data.source), mistakes)
    {
        return None;
    }
    let network = fields.node("network", mistakes).and_then(|node| network(&node, parties, mistakes));
    let compute = fields.node("compute", mistakes).and_then(|node| compute(&node, parties, mistakes));
    let faults = fields.node("faults", mistakes).and_then(|node| faults(&node, parties, mistakes));
    let offline = fields.choice("offline", &Offline::ALL, Offline::name, mistakes);
    let mut honest = true;
    let adversary = optional(fields.get("adversary"), &mut honest, |node| adversary(node, parties, mistakes));
    if !honest {
        return None;
    }
    if let (Some(_), Some(offline @ (Offline::Overlapped | Offline::Excluded))) = (&adversary, offline) {
        let place = fields.place_of("adversary").unwrap_or(fields.opening());
        let message = format!("`adversary` cannot stand beside `offline: {}`", offline.name());
        let help = "messages of both phases are counted in the order in which they are sent: offline: before";
        mistakes.add(place, message, "not with this", Some(help.to_string()));
        return None;
    }
    if let (Some(network), Some(faults)) = (&network, &faults)
        && network.tcp.is_some()
        && let Some((name, why)) = excluded_fault(faults, adversary.as_ref())
    {
        let place = fields.place_of(name).unwrap_or(fields.opening());
        let message = format!("`{name}` cannot stand beside TCP's congestion window: {why}");
        mistakes.add(place, message, "not with this", Some(WITHOUT.to_string()));
        return None;
    }
    Some(Plan {
        name: name?,
        seed: seed?,
        protocol: protocol?,
        triples: triples?,
        rounding: rounding?,
        fixed_point: fixed_point?,
        model: model?,
        softmax: softmax?,
        loss: loss?,
        data: data?.source,
        owners: owners?,
        training: training?,
        network: network?,
        compute: compute?,
        offline: offline?,
        faults: faults?,
        adversary,
    })
}

/// Single triples are for protocols that make triples. With a mistake in the protocol's name, nobody knows.
fn check_triples(
    fields: &Fields,
    protocol: Option<Protocol>,
    triples: Triples,
    mistakes: &mut Mistakes,
) -> bool {
    let Some(protocol) = protocol.filter(|protocol| !protocol.has_single_triples()) else { return true };
    if triples == Triples::Matrix {
        return true;
    }
    let place = fields.place_of("triples").unwrap_or(fields.opening());
    let message = format!("`{}` has no `triples: {}`", protocol.name(), triples.name());
    let help = "its matrix products are made otherwise: leave it out, or take protocol: semi2k";
    mistakes.add(place, message, "not with this", Some(help.to_string()));
    false
}

/// The name becomes a folder's name.
pub fn name(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let name = read::text(node, "name", mistakes)?;
    if read::is_name(&name) {
        return Some(name);
    }
    let help = format!(
        "it names the folder of the results: at most {} letters, digits, spaces, `-`, `_` and `.`, \
         first a letter or digit, and no `.` or space at the end",
        read::LONGEST_NAME
    );
    read::wrong(node, "`name` cannot name a folder", Some(help), mistakes)
}

fn fixed_point(node: &Node, mistakes: &mut Mistakes) -> Option<FixedPoint> {
    let fields = Fields::new(node, &FIXED_POINT, mistakes)?;
    let fraction_bits = fields.whole("fraction_bits", mistakes);
    let total_bits = fields.whole("total_bits", mistakes);
    let (fraction_bits, total_bits) = (fraction_bits? as u32, total_bits? as u32);
    // What was changed last is to blame; without either there is nothing to blame.
    let blamed = fields.get("total_bits").or(fields.get("fraction_bits")).unwrap_or(node);
    let format = FixedPoint { fraction_bits, total_bits };
    if let Some(reason) = format.refusal() {
        let FixedPoint { fraction_bits, total_bits } = format.nearest_served();
        let help = format!(
            "{reason}; the nearest that works is (fraction_bits: {fraction_bits}, total_bits: {total_bits})"
        );
        let message = "the secure functions cannot work with this number format".to_string();
        return read::wrong(blamed, &message, Some(help), mistakes);
    }
    Some(format)
}

/// A data set, and what its files say of its size.
struct Data {
    source: DataSource,
    image: ImageSize,
    /// Rows of each file to train on.
    rows_by_file: Vec<usize>,
}

fn data_source(node: &Node, base_dir: &Path, parties: usize, mistakes: &mut Mistakes) -> Option<Data> {
    match (read::variant_name(node), &node.kind) {
        (Some("mnist"), Kind::Word(_) | Kind::Record(_)) => {
            let fields = Fields::new(node, &MNIST, mistakes)?;
            let (train, test) = (fields.whole("train", mistakes), fields.whole("test", mistakes));
            let source = DataSource::Mnist { train: train? as usize, test: test? as usize };
            Some(Data { source, image: MNIST_IMAGE, rows_by_file: vec![MNIST_TRAIN_ROWS] })
        }
        (Some("idx"), Kind::Record(_)) => idx(node, base_dir, parties, mistakes),
        _ => unknown_form(node, SCENARIO.field("data"), mistakes),
    }
}

/// Each party brings a file, if there are several; otherwise `owners:` says who brings what.
fn data_owners(data: &Data, node: Option<&Node>, parties: usize, mistakes: &mut Mistakes) -> Option<Owners> {
    match (node, data.rows_by_file.len()) {
        (None, 1) => Some(Owners::One(0)),
        (None, _) => Some(Owners::Rows(data.rows_by_file.clone())),
        (Some(node), 1) => {
            let sizes = Sizes { rows: data.source.train_rows(), width: data.image.values(), parties };
            owners(node, sizes, mistakes)
        }
        (Some(node), _) => {
            let help = "leave one of them out: of several files to train on, each is one party's".to_string();
            read::wrong(
                node,
                "`owners` and several files to train on exclude each other",
                Some(help),
                mistakes,
            )
        }
    }
}

/// How many rows to take: all, if left out.
fn rows(fields: &Fields, what: &str, available: usize, mistakes: &mut Mistakes) -> Option<usize> {
    match fields.get(what) {
        Some(node) => read::whole(node, what, (1, available as u64), mistakes).map(|rows| rows as usize),
        None => Some(available),
    }
}

/// A file of a data set and its size: rows, and what one is.
type SizedFile = (DataPath, (usize, ImageSize));

/// The file that a text names.
fn file(
    node: &Node,
    what: &str,
    base_dir: &Path,
    content: Content,
    mistakes: &mut Mistakes,
) -> Option<SizedFile> {
    let written = read::text(node, what, mistakes)?;
    let path = DataPath { resolved: base_dir.join(&written), written };
    match size(&path.resolved, &path.written, content) {
        Ok(size) => Some((path, size)),
        Err(error) => {
            let help = "paths are relative to the folder of the scenario file".to_string();
            mistakes.add(&node.place, error.to_string(), format!("the file of `{what}`"), Some(help));
            None
        }
    }
}

fn idx(node: &Node, base_dir: &Path, parties: usize, mistakes: &mut Mistakes) -> Option<Data> {
    let fields = Fields::new(node, &IDX, mistakes)?;
    // One file, or a list of them where that is allowed.
    let mut files = |what: &str, content: Content, most: usize| -> Option<Vec<SizedFile>> {
        let node = fields.node(what, mistakes)?;
        let nodes = match &node.kind {
            Kind::List(nodes) if most > 1 => nodes,
            _ => std::slice::from_ref(node.as_ref()),
        };
        if nodes.is_empty() || nodes.len() > most {
            let message = format!("`{what}` must be one file, or a list of 1 to {most}: one a party");
            return read::wrong(&node, &message, None, mistakes);
        }
        let files: Vec<_> = nodes.iter().map(|node| file(node, what, base_dir, content, mistakes)).collect();
        files.into_iter().collect()
    };
    let train_images = files("train_images", Content::Images, parties);
    let train_labels = files("train_labels", Content::Labels, parties);
    let test_images = files("test_images", Content::Images, 1);
    let test_labels = files("test_labels", Content::Labels, 1);
    let place = |what: &str| &fields.get(what).expect("it has been read").place;
    let mut as_many = |images: &Option<Vec<SizedFile>>, labels: &Option<Vec<SizedFile>>, what: &str| {
        let (Some(images), Some(labels)) = (images, labels) else { return };
        let mut differ = |images: usize, labels: usize, unit: &str| {
            if images != labels {
                let count = |number: usize| grouped(number as u64);
                let message =
                    format!("there are {} {unit}images and {} {unit}labels", count(images), count(labels));
                mistakes.add(place(what), message, "not as many labels as images", None);
            }
        };
        differ(images.len(), labels.len(), "files of ");
        for ((_, images), (_, labels)) in images.iter().zip(labels) {
            differ(images.0, labels.0, "");
        }
    };
    as_many(&train_images, &train_labels, "train_labels");
    as_many(&test_images, &test_labels, "test_labels");
    let (train_images, train_labels) = (train_images?, train_labels?);
    let (test_images, test_labels) = (test_images?.remove(0), test_labels?.remove(0));
    let width = train_images[0].1.1.values();
    if let Some((other, (_, size))) = train_images.iter().find(|(_, size)| size.1.values() != width) {
        let pixels = size.values();
        let message =
            format!("images of `{}` have {pixels} pixels and those before them {width}", other.written);
        mistakes.add(place("train_images"), message, "all images must be alike", None);
    }
    let image = ImageSize::common(train_images.iter().chain([&test_images]).map(|(_, (_, size))| *size));
    let rows_by_file: Vec<usize> = train_images.iter().map(|(_, (rows, _))| *rows).collect();
    let train = match (fields.get("train"), rows_by_file.len()) {
        (Some(node), 2..) => {
            let help = Some("leave it out: all rows of all files are taken".to_string());
            read::wrong(node, "`train` has no meaning with several files to train on", help, mistakes)
        }
        _ => rows(&fields, "train", rows_by_file.iter().sum(), mistakes),
    };
    let test = rows(&fields, "test", test_images.1.0, mistakes);
    let paths = |files: Vec<SizedFile>| files.into_iter().map(|(path, _)| path).collect();
    let source = DataSource::Idx {
        train_images: paths(train_images),
        train_labels: paths(train_labels),
        test_images: test_images.0,
        test_labels: test_labels.0,
        train: train?,
        test: test?,
    };
    Some(Data { source, image, rows_by_file })
}

fn check_batch(fields: &Fields, train: usize, batch: usize, mistakes: &mut Mistakes) {
    if batch <= train {
        return;
    }
    let training = training_field(fields, "batch");
    let place = training.unwrap_or(fields.get("data").map_or(fields.opening(), |node| &node.place));
    let message = format!(
        "a batch of {} rows{} is more than the {} rows to train on",
        grouped(batch as u64),
        if training.is_some() { "" } else { " (the default)" },
        grouped(train as u64)
    );
    let help = format!("write training: (batch: {train}), or less, or train on more rows");
    mistakes.add(place, message, "too few rows for the batch", Some(help));
}
