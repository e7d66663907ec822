//! What can be wrong with a data set.

use thiserror::Error;

/// Why a data set cannot be used. `file` is the path as the scenario writes it, or the bundled file's name.
#[derive(Debug, Error)]
pub enum DataError {
    /// The operating system refuses to read it.
    #[error("cannot read `{file}`: {cause}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the operating system says.
        cause: String,
    },
    /// Gzip says that it is damaged.
    #[error("`{file}` is damaged: it cannot be unpacked as gzip ({cause})")]
    Damaged {
        /// The file.
        file: String,
        /// What the unpacker says.
        cause: std::io::Error,
    },
    /// The first four bytes are not those that are needed.
    #[error(
        "`{file}` does not hold {wanted}: it starts with {found}, and IDX {wanted} start with {magic}{}",
        looks_like.as_ref().map_or(String::new(), |text| format!("; {text}"))
    )]
    WrongMagic {
        /// The file.
        file: String,
        /// "images" or "labels".
        wanted: &'static str,
        /// The bytes found, in hexadecimal.
        found: String,
        /// The bytes needed, in words.
        magic: &'static str,
        /// What the file looks like, and what to do.
        looks_like: Option<String>,
    },
    /// Fewer bytes than the header announces.
    #[error("`{file}` is cut short: its header announces {announced} bytes of data, and {found} are there")]
    Truncated {
        /// The file.
        file: String,
        /// Bytes that the header announces.
        announced: u64,
        /// Bytes that follow it.
        found: u64,
    },
    /// More bytes than the header announces.
    #[error("`{file}` is longer than its header announces ({announced} bytes of data)")]
    TooLong {
        /// The file.
        file: String,
        /// Bytes that the header announces.
        announced: u64,
    },
    /// There is nothing in it.
    #[error("`{file}` is empty")]
    Empty {
        /// The file.
        file: String,
    },
    /// It is a folder.
    #[error("`{file}` is a folder{}: all rows stand in one file, as docs/own-data.md says", holds.as_ref().map_or(String::new(), |name| format!(" (it holds `{name}`)")))]
    Folder {
        /// The folder.
        file: String,
        /// The first of the files in it, by name.
        holds: Option<String>,
    },
    /// The file ends within its header.
    #[error("`{file}` is cut short: it ends within its header, after {found} bytes")]
    NoHeader {
        /// The file.
        file: String,
        /// Bytes that are there.
        found: usize,
    },
    /// A dimension is zero, or the product of all is absurd.
    #[error(
        "`{file}` announces data of {shape}, which cannot be: every dimension must be at least 1, and all together at most 2^40 bytes"
    )]
    WrongShape {
        /// The file.
        file: String,
        /// The dimensions.
        shape: String,
    },
    /// Images and labels are not of the same rows.
    #[error(
        "`{images}` holds {image_rows} images and `{labels}` holds {label_rows} labels: they must be as many"
    )]
    Uneven {
        /// File of images.
        images: String,
        /// File of labels.
        labels: String,
        /// Number of images.
        image_rows: usize,
        /// Number of labels.
        label_rows: usize,
    },
    /// More rows are asked for than there are.
    #[error("`{file}` holds {rows} rows, and {asked} are asked for")]
    TooFewRows {
        /// The file.
        file: String,
        /// Rows that are there.
        rows: usize,
        /// Rows asked for.
        asked: usize,
    },
    /// Images of two files are not of the same width.
    #[error(
        "images of `{file}` have {width} pixels and those of `{other}` {other_width}: they must be alike"
    )]
    WidthsDiffer {
        /// The first file to train on.
        file: String,
        /// Pixels of its images.
        width: usize,
        /// Another file.
        other: String,
        /// Pixels of its images.
        other_width: usize,
    },
    /// A label is none of those that the network is trained on.
    #[error("{row} is labelled {label}, and the labels to train on are {labels}")]
    LabelOutOfRange {
        /// The file.
        file: String,
        /// The row and its file, in words.
        row: String,
        /// Its label.
        label: String,
        /// The labels of the training part, in words.
        labels: String,
    },
    /// The labels do not follow each other.
    #[error(
        "the labels of `{file}` are {labels}, which leaves classes without a row: labels must follow each other. The \
         label {suspect} stands in {rows} row{}, first in {place}; if it is no mistake, number the classes \
         without gaps",
        if *rows == 1 { "" } else { "s" }
    )]
    Gap {
        /// The file.
        file: String,
        /// The labels that are there, in words.
        labels: String,
        /// The rarest one beside a gap.
        suspect: String,
        /// Rows that have it.
        rows: u64,
        /// The first of them.
        place: String,
    },
    /// A single class cannot be learned.
    #[error("every row of `{file}` is labelled {label}: there is nothing to tell apart")]
    OneClass {
        /// The file.
        file: String,
        /// The only label.
        label: String,
    },
    /// No column of a table is the one that labels are said to be in.
    #[error("{problem}")]
    LabelColumn {
        /// The table.
        file: String,
        /// What is wrong with it, with the table.
        problem: String,
        /// The names of the table's columns, if it has names.
        columns: Vec<String>,
    },
    /// Something is wrong with a file as a whole.
    #[error("`{file}` {problem}")]
    Wrong {
        /// The file.
        file: String,
        /// What is wrong with it, and what to do: a sentence whose subject is the file.
        problem: String,
    },
    /// Something is wrong at a place of a file.
    #[error("{place}: {problem}")]
    WrongAt {
        /// The file.
        file: String,
        /// Row and column, and the file, in words.
        place: String,
        /// What is wrong there, and what to do.
        problem: String,
    },
}

impl DataError {
    /// Something is wrong with a file as a whole.
    pub(super) fn wrong(file: &str, problem: impl Into<String>) -> DataError {
        DataError::Wrong { file: file.to_string(), problem: problem.into() }
    }

    /// Something is wrong at a place of a file.
    pub(super) fn wrong_at(file: &str, place: impl Into<String>, problem: impl Into<String>) -> DataError {
        DataError::WrongAt { file: file.to_string(), place: place.into(), problem: problem.into() }
    }

    /// More labels than a network can have classes.
    pub(super) fn too_many_labels(file: &str) -> DataError {
        let problem = "has more than 256 different labels: these are hardly the classes of a classification";
        DataError::wrong(file, problem)
    }

    /// The file that is to blame, as the message calls it: the path as the scenario writes it, or something that has the path in it.
    pub fn file(&self) -> &str {
        match self {
            DataError::Unreadable { file, .. }
            | DataError::Damaged { file, .. }
            | DataError::WrongMagic { file, .. }
            | DataError::Truncated { file, .. }
            | DataError::TooLong { file, .. }
            | DataError::Empty { file }
            | DataError::Folder { file, .. }
            | DataError::NoHeader { file, .. }
            | DataError::WrongShape { file, .. }
            | DataError::Uneven { labels: file, .. }
            | DataError::TooFewRows { file, .. }
            | DataError::WidthsDiffer { other: file, .. }
            | DataError::LabelOutOfRange { file, .. }
            | DataError::Gap { file, .. }
            | DataError::OneClass { file, .. }
            | DataError::LabelColumn { file, .. }
            | DataError::Wrong { file, .. }
            | DataError::WrongAt { file, .. } => file,
        }
    }
}
