//! Windows side by side, of which each becomes one pixel: what pooling layers have in common.

use crate::data::ImageSize;
use crate::protocol::RingShare;
use crate::ring::{Content, Patches};

/// Square windows of so many rows and columns of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Rows and columns of a window.
    pub size: usize,
}

impl Pool {
    /// What comes out; or why that cannot be: every pixel must be in a window.
    pub(super) fn output(&self, input: ImageSize) -> Result<ImageSize, String> {
        let Pool { size } = *self;
        let ImageSize { height, width, channels } = input;
        if height % size != 0 || width % size != 0 {
            return Err(format!("windows of {size} x {size} pixels do not divide an image of {input}"));
        }
        Ok(ImageSize { height: height / size, width: width / size, channels })
    }

    /// Pixels of a window.
    pub(super) fn pixels(&self) -> usize {
        self.size * self.size
    }

    pub(super) fn patches(&self, input: ImageSize) -> Patches {
        let ImageSize { height, width, channels } = input;
        Patches {
            image: [height, width],
            channels,
            windows: [height / self.size, width / self.size],
            kernel: self.size,
            stride: self.size,
            before: [0, 0],
            gap: 1,
        }
    }

    /// For each pixel of a window, row by row, that pixel of all windows: each is what the windows become.
    pub(super) fn apart<S: RingShare>(&self, input: ImageSize, x: &S) -> Vec<S> {
        let patches = self.patches(input);
        let (windows, channels) = (x.patches(&patches), input.channels);
        let pixel = |at| windows.columns(patches.width(), at * channels, (at + 1) * channels);
        (0..self.pixels()).map(pixel).collect()
    }

    /// The inverse of [`Pool::apart`], for the pixels of all windows one after the other. Of a shape nothing but the length counts.
    pub(super) fn together<S: RingShare>(&self, content: Content, input: ImageSize, pixels: &S) -> S {
        if content == Content::Shape {
            return pixels.clone();
        }
        let (size, ImageSize { height, width, channels }) = (self.size, input);
        let (rows, columns) = (height / size, width / size);
        let images = pixels.len() / input.values();
        let place = |(n, y, x): (usize, usize, usize)| {
            let at = (y % size) * size + x % size;
            ((at * images + n) * rows + y / size) * columns + x / size
        };
        pixels.gather_rows(&all_pixels(images, height, width).map(place).collect::<Vec<_>>(), channels)
    }

    /// What windows are given, given to all of their pixels.
    pub(super) fn spread<S: RingShare>(&self, content: Content, input: ImageSize, windows: &S) -> S {
        if content == Content::Shape {
            return windows.tile(self.pixels());
        }
        let (size, ImageSize { height, width, channels }) = (self.size, input);
        let (rows, columns) = (height / size, width / size);
        let images = windows.len() / (rows * columns * channels);
        let place = |(n, y, x): (usize, usize, usize)| (n * rows + y / size) * columns + x / size;
        windows.gather_rows(&all_pixels(images, height, width).map(place).collect::<Vec<_>>(), channels)
    }
}

/// The number of the image, the row and the column of all pixels.
fn all_pixels(images: usize, height: usize, width: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let rows = (0..images).flat_map(move |n| (0..height).map(move |y| (n, y)));
    rows.flat_map(move |(n, y)| (0..width).map(move |x| (n, y, x)))
}
