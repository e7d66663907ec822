//! From the labels in a file to classes 0, 1, 2, …

use std::collections::BTreeMap;
use std::fmt;

use super::DataError;
use super::origin::Origin;

/// Classes that a network can have: more labels are hardly labels.
pub const MOST_CLASSES: usize = 256;

/// Labels of which a note names each one.
const MOST_NAMED: usize = 20;

/// What a file calls a class. Entries come before texts, each in their order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Label {
    /// A whole number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Label {
    /// A number as a label, if it is whole and one of its own.
    pub fn of_number(number: f64) -> Option<Label> {
        const LARGEST: f64 = (1i64 << 53) as f64;
        (number.abs() < LARGEST && number == number.trunc()).then_some(Label::Number(number as i64))
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Label::Number(number) => write!(f, "{number}"),
            Label::Text(text) => write!(f, "`{text}`"),
        }
    }
}

/// The labels of a file: which there are in all of its rows, and which the first rows have.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// In the order in which they came; of each, how many rows have it, and which is the first.
    known: Vec<(Label, u64, u64)>,
    places: BTreeMap<Label, usize>,
    /// Of each row that is kept, which of the known ones it has.
    kept: Vec<u8>,
    /// All rows.
    rows: usize,
}

impl Labels {
    /// Labels that were counted elsewhere, and those of the rows to keep, as numbers among them.
    pub fn counted(known: Vec<(Label, u64, u64)>, kept: Vec<u8>, rows: usize) -> Labels {
        let places = known.iter().enumerate().map(|(place, (label, ..))| (label.clone(), place)).collect();
        Labels { known, places, kept, rows }
    }

    /// The same labels of a file of so many rows, of which the others need not be looked at.
    pub fn of_rows(self, rows: usize) -> Labels {
        Labels { rows, ..self }
    }

    /// The label of the next row. False if there are too many to be labels.
    #[must_use]
    pub fn add(&mut self, label: Label, keep: bool) -> bool {
        let place = match self.places.get(&label) {
            Some(&place) => place,
            None if self.known.len() == MOST_CLASSES => return false,
            None => {
                self.places.insert(label.clone(), self.known.len());
                self.known.push((label, 0, self.rows as u64));
                self.known.len() - 1
            }
        };
        self.known[place].1 += 1;
        self.rows += 1;
        if keep {
            self.kept.push(place as u8);
        }
        true
    }

    /// The label of the first row.
    pub fn first(&self) -> Option<&Label> {
        self.known.first().map(|(label, ..)| label)
    }

    /// All rows of the file.
    pub fn rows(&self) -> usize {
        self.rows
    }
}

/// The labels that stand in the files to train on, in order: all rows of the files count, not only those asked for, so that
/// ten rows of MNIST have ten classes too.
pub struct Classes {
    labels: Vec<Label>,
}

impl Classes {
    /// Classes that a format has, whatever rows there are: 0, 1, 2, …
    pub fn of_format(count: i64) -> Classes {
        Classes { labels: (0..count).map(Label::Number).collect() }
    }

    /// Finds the classes in files of labels. Entries must follow each other: a gap is a mistake more often than
    /// not, and each number in it would be a class.
    pub fn of(files: &[(&Origin, &Labels)]) -> Result<Classes, DataError> {
        let mut rows = BTreeMap::<&Label, u64>::new();
        for (label, count, _) in files.iter().flat_map(|(_, labels)| &labels.known) {
            *rows.entry(label).or_default() += count;
        }
        let labels: Vec<Label> = rows.keys().map(|&label| label.clone()).collect();
        if labels.len() == 1 {
            let (file, label) = (files[0].0.file().to_string(), labels[0].to_string());
            return Err(DataError::OneClass { file, label });
        }
        if let Some(suspect) = beside_gap(&rows) {
            // The first file that has the label, and where.
            let place =
                |labels: &Labels| labels.known.iter().find(|(label, ..)| label == suspect).map(|of| of.2);
            let mut places = files.iter().filter_map(|(origin, labels)| Some((origin, place(labels)?)));
            let (origin, first) = places.next().expect("the label is in a file");
            return Err(DataError::Gap {
                file: origin.file().to_string(),
                labels: in_words(&labels),
                suspect: suspect.to_string(),
                rows: rows[suspect],
                place: origin.row_alone(first as usize),
            });
        }
        if labels.len() > MOST_CLASSES {
            return Err(DataError::too_many_labels(files[0].0.file()));
        }
        Ok(Classes { labels })
    }

    /// Number of classes.
    pub fn count(&self) -> usize {
        self.labels.len()
    }

    /// The classes of the first rows, so many.
    pub fn map(&self, origin: &Origin, labels: &Labels, rows: usize) -> Result<Vec<u8>, DataError> {
        let class = |(label, ..): &(Label, u64, u64)| self.labels.binary_search(label).ok();
        let classes: Vec<Option<usize>> = labels.known.iter().map(class).collect();
        let class = |(row, &place): (usize, &u8)| {
            let of_label = classes[usize::from(place)].map(|class| class as u8);
            of_label.ok_or_else(|| DataError::LabelOutOfRange {
                file: origin.file().to_string(),
                row: origin.row(row),
                label: labels.known[usize::from(place)].0.to_string(),
                labels: self.in_words(),
            })
        };
        labels.kept[..rows].iter().enumerate().map(class).collect()
    }

    /// "1 to 7": all labels in words.
    fn in_words(&self) -> String {
        match (self.labels.first(), self.labels.last()) {
            (Some(Label::Number(least)), Some(Label::Number(largest))) => format!("{least} to {largest}"),
            _ => in_words(&self.labels),
        }
    }

    /// What a reader of the results has to know of the classes of the rows to train and to test on.
    pub fn notes(&self, train: &[u8], test: &[u8]) -> Vec<String> {
        let mut notes = Vec::new();
        let last = self.count() - 1;
        match &self.labels[0] {
            Label::Number(0) => {}
            Label::Number(_) => {
                notes.push(format!("labels {} are trained as classes 0 to {last}", self.in_words()));
            }
            Label::Text(_) if self.count() <= MOST_NAMED => {
                let names: Vec<String> = self.labels.iter().map(Label::to_string).collect();
                notes.push(format!("labels {} are trained as classes 0 to {last}", names.join(", ")));
            }
            Label::Text(_) => notes.push(format!(
                "{} labels from {} to {}, sorted by their characters, are trained as classes 0 to {last}",
                self.count(),
                self.labels[0],
                self.labels[last]
            )),
        }
        let parts = [
            ("train", train, "the network cannot learn it"),
            ("test", test, "the test accuracy says nothing of it"),
        ];
        for (part, classes, consequence) in parts {
            let mut present = [false; MOST_CLASSES];
            classes.iter().for_each(|&class| present[usize::from(class)] = true);
            let missing: Vec<Label> =
                (0..=last).filter(|&class| !present[class]).map(|class| self.labels[class].clone()).collect();
            if !missing.is_empty() {
                let labels = in_words(&missing);
                notes.push(format!("none of the rows to {part} on is labelled {labels}: {consequence}"));
            }
        }
        notes
    }
}

/// The rarest number beside a gap is the likely mistake, of several the largest; none if numbers follow each other.
fn beside_gap<'a>(rows: &BTreeMap<&'a Label, u64>) -> Option<&'a Label> {
    let numbers: Vec<(i64, &'a Label, u64)> = rows
        .iter()
        .filter_map(|(&label, &count)| match label {
            Label::Number(number) => Some((*number, label, count)),
            Label::Text(_) => None,
        })
        .collect();
    let gaps = numbers.windows(2).filter(|pair| pair[0].0.checked_add(1) != Some(pair[1].0));
    let beside = gaps.flat_map(|pair| [pair[0], pair[1]]);
    beside.min_by_key(|&(number, _, count)| (count, std::cmp::Reverse(number))).map(|(_, label, _)| label)
}

/// "0 to 9 and 200": ascending labels in words.
fn in_words(labels: &[Label]) -> String {
    let follow = |before: &Label, next: &Label| match (before, next) {
        (Label::Number(before), Label::Number(next)) => before.checked_add(1) == Some(*next),
        _ => false,
    };
    let mut runs: Vec<(&Label, &Label)> = Vec::new();
    for label in labels {
        match runs.last_mut() {
            Some((_, last)) if follow(last, label) => *last = label,
            _ => runs.push((label, label)),
        }
    }
    let words = |&(first, last): &(&Label, &Label)| match () {
        () if first == last => first.to_string(),
        () if follow(first, last) => format!("{first}, {last}"),
        () => format!("{first} to {last}"),
    };
    let mut words: Vec<String> = runs.iter().map(words).collect();
    if words.len() > MOST_NAMED {
        let others = words.len() - MOST_NAMED;
        words.truncate(MOST_NAMED);
        words.push(format!("{others} others"));
    }
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(""),
    }
}
