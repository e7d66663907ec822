//! The size of an image.

use std::fmt;

/// What one image is, and what layers make of it: rows of pixels, each with so many channels. Values stand row by row, the
/// channel varying fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageSize {
    /// Rows of pixels.
    pub height: usize,
    /// Pixels of a row.
    pub width: usize,
    /// Values of a pixel.
    pub channels: usize,
}

impl ImageSize {
    /// Values that are no image.
    pub const fn flat(values: usize) -> ImageSize {
        ImageSize { height: 1, width: 1, channels: values }
    }

    /// What a row of these dimensions is: one alone is the width; of more than three the last ones count as channels.
    pub fn of_row(dimensions: &[usize]) -> ImageSize {
        match *dimensions {
            [] => ImageSize::flat(1),
            [width] => ImageSize { height: 1, width, channels: 1 },
            [height, width, ref channels @ ..] => {
                ImageSize { height, width, channels: channels.iter().product() }
            }
        }
    }

    /// What images of several files are, which have as many values: an image if all files say the same, else a row of pixels.
    pub fn common(files: impl IntoIterator<Item = ImageSize>) -> ImageSize {
        let mut files = files.into_iter();
        let first = files.next().expect("a file");
        if files.all(|other| other == first) {
            return first;
        }
        ImageSize { height: 1, width: first.values(), channels: 1 }
    }

    /// How many values it has.
    pub const fn values(&self) -> usize {
        self.height * self.width * self.channels
    }
}

/// `28 x 28 x 1`, or `100 values` where there is one pixel.
impl fmt::Display for ImageSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ImageSize { height: 1, width: 1, channels: 1 } => write!(f, "1 value"),
            ImageSize { height: 1, width: 1, channels } => write!(f, "{channels} values"),
            ImageSize { height, width, channels } => write!(f, "{height} x {width} x {channels}"),
        }
    }
}
