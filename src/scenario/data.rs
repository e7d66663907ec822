//! Reads `data`, as far as its files say how large it is.

use std::borrow::Cow;

use super::declared::{CIFAR10, CSV, DIVISOR, IDX, MNIST, MOST_COLUMNS, NPZ, SCENARIO};
use super::errors::{Mistakes, likely};
use super::files::Files;
use super::owners::{Sizes, owners};
use super::quantities::optional;
use super::read::{self, Fields, unknown_form};
use super::tree::{Kind, Node};
use super::units::grouped;
use crate::data::csv::Column;
use crate::data::idx::{Content, size};
use crate::data::{
    Arrays, CIFAR10_IMAGE, CIFAR10_TEST, CIFAR10_TRAIN, DataError, DataPath, DataSource, ImageSize,
    MNIST_IMAGE, MNIST_TRAIN_ROWS, Owners, Scale, cifar10_rows, npz,
};

/// A data set, and what its files say of its size.
pub struct Data {
    /// Where it comes from.
    pub source: DataSource,
    /// What a row is.
    pub image: ImageSize,
    /// Rows of each file to train on.
    rows_by_file: Vec<usize>,
}

/// Reads `data`; `parties` may bring a file each.
pub fn data_source(node: &Node, files: &Files, parties: usize, mistakes: &mut Mistakes) -> Option<Data> {
    match (read::variant_name(node), &node.kind) {
        (Some("mnist"), Kind::Word(_) | Kind::Record(_)) => {
            let fields = Fields::new(node, &MNIST, mistakes)?;
            let (train, test) = (fields.whole("train", mistakes), fields.whole("test", mistakes));
            let source = DataSource::Mnist { train: train? as usize, test: test? as usize };
            Some(Data { source, image: MNIST_IMAGE, rows_by_file: vec![MNIST_TRAIN_ROWS] })
        }
        (Some("idx"), Kind::Record(_)) => idx(node, files, parties, mistakes),
        (Some("csv"), Kind::Record(_)) => csv(node, files, mistakes),
        (Some("npz"), Kind::Record(_)) => npz(node, files, mistakes),
        (Some("cifar10"), Kind::Record(_)) => cifar10(node, files, mistakes),
        _ => unknown_form(node, SCENARIO.field("data"), mistakes),
    }
}

/// Each party brings a file, if there are several; otherwise `owners:` says who brings what.
pub fn data_owners(
    data: &Data,
    node: Option<&Node>,
    parties: usize,
    mistakes: &mut Mistakes,
) -> Option<Owners> {
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

/// Notes what is wrong with the file of a field.
fn wrong_file(node: &Node, what: &str, error: DataError, mistakes: &mut Mistakes) {
    let help = "paths are relative to the folder of the scenario file".to_string();
    mistakes.add(&node.place, error.to_string(), format!("the file of `{what}`"), Some(help));
}

/// Notes that the table to train on has no such column.
fn wrong_label(
    (node, label): (&Node, &Column),
    problem: String,
    columns: &[String],
    mistakes: &mut Mistakes,
) {
    let help = match label {
        Column::Name(name) => likely(name, columns.iter().map(String::as_str)),
        Column::Number(_) => None,
    };
    let help = help.map(|name| format!("did you mean `{name}`?"));
    mistakes.add(&node.place, problem, "the column of the labels", help);
}

/// What is read of the file of a field.
fn looked_at<T>(node: &Node, what: &str, read: Result<T, DataError>, mistakes: &mut Mistakes) -> Option<T> {
    read.map_err(|error| wrong_file(node, what, error, mistakes)).ok()
}

/// The IDX file that a text names.
fn idx_file(
    node: &Node,
    what: &str,
    files: &Files,
    content: Content,
    mistakes: &mut Mistakes,
) -> Option<SizedFile> {
    let path = files.path(node, what, mistakes)?;
    let size = looked_at(node, what, size(&path.resolved, &path.written, content), mistakes)?;
    Some((path, size))
}

fn idx(node: &Node, looked_for: &Files, parties: usize, mistakes: &mut Mistakes) -> Option<Data> {
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
        let files: Vec<_> =
            nodes.iter().map(|node| idx_file(node, what, looked_for, content, mistakes)).collect();
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

/// What becomes of numbers.
fn scale(fields: &Fields, mistakes: &mut Mistakes) -> Option<Scale> {
    let node = fields.node("scale", mistakes)?;
    match (read::variant_name(&node), &node.kind) {
        (Some("none"), Kind::Word(_)) => Some(Scale::None),
        (Some("min_max"), Kind::Word(_)) => Some(Scale::MinMax),
        (Some("standard"), Kind::Word(_)) => Some(Scale::Standard),
        (Some("divide_by"), Kind::Tuple(_, items)) if items.len() == 1 => {
            let needed = "a number above 0";
            read::float(&items[0], "divide_by", needed, |number| DIVISOR.hold(number), mistakes)
                .map(Scale::DivideBy)
        }
        _ => unknown_form(&node, CSV.field("scale"), mistakes),
    }
}

/// The column of the labels.
fn label(node: &Node, mistakes: &mut Mistakes) -> Option<Column> {
    match &node.kind {
        Kind::Number(_) => read::whole(node, "label", (0, MOST_COLUMNS), mistakes)
            .map(|number| Column::Number(number as usize)),
        _ => read::text(node, "label", mistakes).map(Column::Name),
    }
}

fn csv(node: &Node, files: &Files, mistakes: &mut Mistakes) -> Option<Data> {
    let fields = Fields::new(node, &CSV, mistakes)?;
    let label_node = fields.node("label", mistakes);
    let label = label_node.as_ref().and_then(|node| label(node, mistakes));
    let mut good = true;
    let header = optional(fields.get("header"), &mut good, |node| read::boolean(node, "header", mistakes));
    if let (Some(Column::Name(_)), Some(false), Some(node)) = (&label, header, fields.get("header")) {
        let help = "give the number of the column, from 0: label: 0".to_string();
        let message = "`label` is a name, and columns have none without a header";
        mistakes.add(&node.place, message, "not with a name", Some(help));
        good = false;
    }
    let scale = scale(&fields, mistakes);
    let file = |what: &str, mistakes: &mut Mistakes| {
        let node = fields.node(what, mistakes)?;
        Some((files.path(&node, what, mistakes)?, node))
    };
    let (train_file, test_file) = (file("train_file", mistakes), file("test_file", mistakes));
    let (label, (train_file, train_node), (test_file, test_node)) =
        (label.filter(|_| good)?, train_file?, test_file?);
    let table = files.table(&train_file, &label, header);
    let table = match (table, &label_node) {
        (Err(DataError::LabelColumn { problem, columns, .. }), Some(node)) => {
            wrong_label((node, &label), problem, &columns, mistakes);
            return None;
        }
        (table, _) => table,
    };
    let (head, rows) = looked_at(&train_node, "train_file", table, mistakes)?;
    let table = files.table(&test_file, &label, Some(head.header())).and_then(|(test, rows)| {
        test.check_like(&test_file.written, &head, &train_file.written).map(|()| rows)
    });
    let test_rows = looked_at(&test_node, "test_file", table, mistakes)?;
    let (train, test) =
        (self::rows(&fields, "train", rows, mistakes), self::rows(&fields, "test", test_rows, mistakes));
    let image = ImageSize::of_row(&[head.width()]);
    let (header, scale, train, test) = (head.header(), scale?, train?, test?);
    let source = DataSource::Csv { train_file, test_file, label, header, scale, train, test };
    Some(Data { source, image, rows_by_file: vec![rows] })
}

fn npz(node: &Node, files: &Files, mistakes: &mut Mistakes) -> Option<Data> {
    let fields = Fields::new(node, &NPZ, mistakes)?;
    let file_node = fields.node("file", mistakes);
    let file = file_node.as_ref().and_then(|node| files.path(node, "file", mistakes));
    let scale = scale(&fields, mistakes);
    let mut name = |what: &str| {
        let node = fields.node(what, mistakes)?;
        Some((read::text(&node, what, mistakes)?, node))
    };
    let (x_train, y_train, x_test, y_test) =
        (name("x_train"), name("y_train"), name("x_test"), name("y_test"));
    let file = file?;
    let (x_train, y_train, x_test, y_test) = (x_train?, y_train?, x_test?, y_test?);
    let mut images = |(array, node): &(String, Cow<Node>), what: &str| {
        looked_at(node, what, npz::size(&file.resolved, &file.written, array), mistakes)
    };
    let (train_size, test_size) = (images(&x_train, "x_train"), images(&x_test, "x_test"));
    let ((train_rows, image), (test_rows, test_image)) = (train_size?, test_size?);
    let mut labels = |(array, node): &(String, Cow<Node>), what: &str, images: usize| {
        let labels = looked_at(node, what, npz::label_rows(&file.resolved, &file.written, array), mistakes)?;
        if labels == images {
            return Some(());
        }
        let (images, labels) = (grouped(images as u64), grouped(labels as u64));
        let message = format!("there are {images} images and {labels} labels in `{}`", file.written);
        mistakes.add(&node.place, message, "not as many labels as images", None);
        None
    };
    let (train_labels, test_labels) =
        (labels(&y_train, "y_train", train_rows), labels(&y_test, "y_test", test_rows));
    train_labels.and(test_labels)?;
    if image != test_image {
        let message = format!("images to train on are {image}, and those to test on {test_image}");
        mistakes.add(&x_test.1.place, message, "all images must be alike", None);
        return None;
    }
    let (train, test) =
        (rows(&fields, "train", train_rows, mistakes), rows(&fields, "test", test_rows, mistakes));
    let arrays = Arrays { x_train: x_train.0, y_train: y_train.0, x_test: x_test.0, y_test: y_test.0 };
    let source = DataSource::Npz { file, arrays, scale: scale?, train: train?, test: test? };
    Some(Data { source, image, rows_by_file: vec![train_rows] })
}

fn cifar10(node: &Node, files: &Files, mistakes: &mut Mistakes) -> Option<Data> {
    let fields = Fields::new(node, &CIFAR10, mistakes)?;
    let scale = scale(&fields, mistakes);
    let node = fields.node("folder", mistakes)?;
    let folder = files.path(&node, "folder", mistakes)?;
    let mut rows_of = |files: &[&str]| {
        let rows = looked_at(&node, "folder", cifar10_rows(&folder, files), mistakes);
        rows.map(|rows| rows.iter().sum::<usize>())
    };
    let (train_rows, test_rows) = (rows_of(&CIFAR10_TRAIN)?, rows_of(&CIFAR10_TEST)?);
    let (train, test) =
        (rows(&fields, "train", train_rows, mistakes), rows(&fields, "test", test_rows, mistakes));
    let source = DataSource::Cifar10 { folder, scale: scale?, train: train?, test: test? };
    Some(Data { source, image: CIFAR10_IMAGE, rows_by_file: vec![train_rows] })
}
