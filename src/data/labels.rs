//! From the numbers in a file of labels to classes 0, 1, 2, …

use super::DataError;
use super::idx::Idx;

/// Values that a label can have.
const VALUES: usize = 256;

/// The labels that stand in the files to train on: all rows of the files count, not only those asked for, so that ten
/// rows of MNIST have ten classes too.
pub struct Classes {
    least: u8,
    largest: u8,
}

impl Classes {
    /// Finds the classes in files of labels. Their numbers must follow each other: a gap is a mistake more often than
    /// not, and each number in it would be a class.
    pub fn of(files: &[&(String, Idx)]) -> Result<Classes, DataError> {
        let mut rows = [0u64; VALUES];
        for (label, count, _) in files.iter().flat_map(|(_, labels)| labels.values.iter()) {
            rows[usize::from(label)] += count;
        }
        let present: Vec<u8> = (0..=u8::MAX).filter(|&label| rows[usize::from(label)] > 0).collect();
        let (least, largest) = (present[0], present[present.len() - 1]);
        // The first file that has a label, and where.
        let first = |label: u8| {
            let place = |labels: &Idx| labels.values.iter().find(|&(found, ..)| found == label);
            let mut places = files.iter().filter_map(|(name, labels)| Some((name, place(labels)?.2)));
            places.next().expect("the label is in a file")
        };
        if least == largest {
            return Err(DataError::OneClass { file: first(least).0.clone(), label: least });
        }
        if present.len() < usize::from(largest - least) + 1 {
            // The rarest label beside a gap is the likely mistake, of several the largest.
            let beside_gap = |&&label: &&u8| {
                let empty = |next: Option<u8>| next.is_some_and(|next| rows[usize::from(next)] == 0);
                (label > least && empty(label.checked_sub(1)))
                    || (label < largest && empty(label.checked_add(1)))
            };
            let suspect = *present
                .iter()
                .rev()
                .filter(beside_gap)
                .min_by_key(|&&label| rows[usize::from(label)])
                .expect("a gap has ends");
            let (file, row) = first(suspect);
            return Err(DataError::Gap {
                file: file.clone(),
                labels: ranges(present.iter().copied()),
                suspect,
                rows: rows[usize::from(suspect)],
                row: row as usize,
            });
        }
        Ok(Classes { least, largest })
    }

    /// Number of classes.
    pub fn count(&self) -> usize {
        usize::from(self.largest - self.least) + 1
    }

    /// Turns labels into classes from 0.
    pub fn map(&self, file: &str, labels: &mut [u8]) -> Result<(), DataError> {
        for (row, label) in labels.iter_mut().enumerate() {
            if !(self.least..=self.largest).contains(label) {
                let (least, largest) = (self.least, self.largest);
                return Err(DataError::LabelOutOfRange {
                    file: file.to_string(),
                    row,
                    label: *label,
                    least,
                    largest,
                });
            }
            *label -= self.least;
        }
        Ok(())
    }

    /// What a reader of the results has to know of the classes of the rows to train and to test on.
    pub fn notes(&self, train: &[u8], test: &[u8]) -> Vec<String> {
        let mut notes = Vec::new();
        if self.least > 0 {
            let (least, largest) = (self.least, self.largest);
            notes
                .push(format!("labels {least} to {largest} are trained as classes 0 to {}", largest - least));
        }
        let parts = [
            ("train", train, "the network cannot learn it"),
            ("test", test, "the test accuracy says nothing of it"),
        ];
        for (part, classes, consequence) in parts {
            let missing: Vec<u8> =
                (0..=self.largest - self.least).filter(|class| !classes.contains(class)).collect();
            if !missing.is_empty() {
                let labels = ranges(missing.into_iter().map(|class| class + self.least));
                notes.push(format!("none of the rows to {part} on is labelled {labels}: {consequence}"));
            }
        }
        notes
    }
}

/// "0 to 9 and 200": ascending numbers in words.
fn ranges(labels: impl Iterator<Item = u8>) -> String {
    let mut runs: Vec<(u8, u8)> = Vec::new();
    for label in labels {
        match runs.last_mut() {
            Some((_, last)) if *last + 1 == label => *last = label,
            _ => runs.push((label, label)),
        }
    }
    let words = |&(first, last): &(u8, u8)| match last - first {
        0 => first.to_string(),
        1 => format!("{first}, {last}"),
        _ => format!("{first} to {last}"),
    };
    let words: Vec<String> = runs.iter().map(words).collect();
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.join(""),
    }
}
