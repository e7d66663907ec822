//! Windows of images as rows of a matrix, so that a convolution is a matrix product.

use std::ops::Range;

/// Where windows of images are. An image has rows of pixels, the values of a pixel one after the other. Each image gives a row
/// of a matrix for each window, from the left in each row of windows from the top: its pixels row by row. What is not part
/// of the image is zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patches {
    /// Rows and columns of pixels of an image.
    pub image: [usize; 2],
    /// Values of a pixel.
    pub channels: usize,
    /// Rows and columns of windows.
    pub windows: [usize; 2],
    /// Rows and columns of pixels of a window.
    pub kernel: usize,
    /// By how many pixels one window is apart from the next.
    pub stride: usize,
    /// How many pixels the first window begins above the image, and to the left of it.
    pub before: [usize; 2],
    /// How many pixels one pixel of the image is apart from the next; between them are zeros.
    pub gap: usize,
}

impl Patches {
    /// Values of an image.
    pub fn image_len(&self) -> usize {
        self.image[0] * self.image[1] * self.channels
    }

    /// Values of a window: columns of the matrix.
    pub fn width(&self) -> usize {
        self.kernel * self.kernel * self.channels
    }

    /// Windows of an image: rows of the matrix that it gives.
    pub fn rows(&self) -> usize {
        self.windows[0] * self.windows[1]
    }

    /// Values of the matrix for so many values of images.
    pub fn len_of(&self, values: usize) -> usize {
        let images = values / self.image_len();
        assert_eq!(images * self.image_len(), values, "whole images");
        images * self.rows() * self.width()
    }

    /// Which row (axis 0) or column (1) of the image a row or column of a window is.
    fn source(&self, axis: usize, window: usize, at: usize) -> Option<usize> {
        let place = (window * self.stride + at).checked_sub(self.before[axis])?;
        (place % self.gap == 0 && place / self.gap < self.image[axis]).then_some(place / self.gap)
    }

    /// For each pixel of each window the number of the pixel that it is, counted over all images; `None` for zeros.
    pub fn pixels(&self, images: usize) -> impl Iterator<Item = Option<usize>> + '_ {
        let [height, width] = self.image;
        let windows = (0..images)
            .flat_map(move |n| (0..self.windows[0]).map(move |y| (n, y)))
            .flat_map(move |(n, y)| (0..self.windows[1]).map(move |x| (n, y, x)));
        windows.flat_map(move |(n, y, x)| {
            (0..self.kernel * self.kernel).map(move |at| {
                let row = self.source(0, y, at / self.kernel)?;
                let column = self.source(1, x, at % self.kernel)?;
                Some((n * height + row) * width + column)
            })
        })
    }

    /// The columns of a window that are part of the image, and the pixel that the first of them is; pixels without gaps.
    fn inside(&self, window: usize) -> (Range<usize>, usize) {
        let (first, before) = (window * self.stride, self.before[1]);
        let start = before.saturating_sub(first).min(self.kernel);
        let end = (self.image[1] + before).saturating_sub(first).clamp(start, self.kernel);
        (start..end, (first + start).saturating_sub(before))
    }

    /// Writes the matrix of some images.
    pub fn write<T: Copy + Default>(&self, images: &[T], matrix: &mut [T]) {
        let image = images.chunks_exact(self.image_len());
        for (image, rows) in image.zip(matrix.chunks_exact_mut(self.rows() * self.width())) {
            for (window, row) in rows.chunks_exact_mut(self.width()).enumerate() {
                let (y, x) = (window / self.windows[1], window % self.windows[1]);
                for (at, line) in row.chunks_exact_mut(self.kernel * self.channels).enumerate() {
                    match self.source(0, y, at) {
                        None => line.fill(T::default()),
                        Some(source) => self.write_line(image, source, x, line),
                    }
                }
            }
        }
    }

    /// A row of pixels of a window.
    fn write_line<T: Copy + Default>(&self, image: &[T], row: usize, window: usize, line: &mut [T]) {
        let (channels, first) = (self.channels, row * self.image[1]);
        let values = |pixel: usize, count: usize| &image[(first + pixel) * channels..][..count * channels];
        if self.gap == 1 {
            let (inside, pixel) = self.inside(window);
            line[..inside.start * channels].fill(T::default());
            line[inside.end * channels..].fill(T::default());
            if !inside.is_empty() {
                let place = &mut line[inside.start * channels..inside.end * channels];
                place.copy_from_slice(values(pixel, inside.len()));
            }
            return;
        }
        for (at, place) in line.chunks_exact_mut(channels).enumerate() {
            match self.source(1, window, at) {
                None => place.fill(T::default()),
                Some(pixel) => place.copy_from_slice(values(pixel, 1)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_those_of_the_definition() {
        let mut compared = 0;
        for (height, width, channels) in [(1, 1, 1), (4, 5, 1), (5, 3, 2), (7, 7, 3)] {
            for (kernel, stride, gap) in
                [(1, 1, 1), (2, 2, 1), (3, 1, 1), (5, 2, 1), (3, 1, 2), (4, 1, 3), (2, 3, 2)]
            {
                for before in [[0, 0], [1, 0], [2, 3], [9, 9]] {
                    let windows = [3, 4];
                    let patches =
                        Patches { image: [height, width], channels, windows, kernel, stride, before, gap };
                    let images = 2;
                    let values: Vec<u64> = (1..=(images * patches.image_len()) as u64).collect();
                    let mut matrix = vec![99; patches.len_of(values.len())];
                    patches.write(&values, &mut matrix);
                    let pixels: Vec<Option<usize>> = patches.pixels(images).collect();
                    assert_eq!(pixels.len() * channels, matrix.len());
                    let mut at = 0;
                    for n in 0..images {
                        for (y, x) in (0..windows[0]).flat_map(|y| (0..windows[1]).map(move |x| (y, x))) {
                            for (ky, kx) in (0..kernel).flat_map(|y| (0..kernel).map(move |x| (y, x))) {
                                // Positions among pixels and the zeros between them.
                                let row = (y * stride + ky) as i64 - before[0] as i64;
                                let column = (x * stride + kx) as i64 - before[1] as i64;
                                let there = row >= 0
                                    && column >= 0
                                    && row % gap as i64 == 0
                                    && column % gap as i64 == 0
                                    && row / (gap as i64) < height as i64
                                    && column / (gap as i64) < width as i64;
                                let pixel = (n * height + (row / gap as i64) as usize) * width
                                    + (column / gap as i64) as usize;
                                assert_eq!(pixels[at / channels], there.then_some(pixel));
                                for c in 0..channels {
                                    let expected = if there { (pixel * channels + c + 1) as u64 } else { 0 };
                                    assert_eq!(matrix[at], expected, "{patches:?} at {at}");
                                    at += 1;
                                    compared += 1;
                                }
                            }
                        }
                    }
                }
            }
        }
        assert!(compared > 10_000);
    }
}
