//! Parts of a data set as read, and how they become one.

use super::DataError;
use super::dataset::{Dataset, TrainTest};
use super::entries::Entries;
use super::image::ImageSize;
use super::labels::{Classes, Labels};
use super::origin::Origin;
use super::scale::{Scale, Scaling};

/// Images and labels as read.
#[derive(Clone, Debug)]
pub struct Part {
    /// Where its images stand.
    pub origin: Origin,
    /// Where its labels stand.
    pub labels_origin: Origin,
    /// All images of its files.
    pub rows: usize,
    /// Entries of an image.
    pub width: usize,
    /// What an image is.
    pub image_size: ImageSize,
    /// The first images, at least as many as are asked for, if there are as many.
    pub numbers: Entries,
    /// The labels.
    pub labels: Labels,
}

/// How parts are put together.
pub struct Wanted {
    /// Rows to train on. Of several parts all rows are taken.
    pub train: usize,
    /// Rows to test on.
    pub test: usize,
    /// What becomes of the numbers.
    pub scale: Scale,
    /// The largest number that may come out of that, whatever its sign.
    pub largest: f64,
    /// Classes that the format has; otherwise they follow from the labels.
    pub classes: Option<Classes>,
}

impl Part {
    /// The first rows, as many as asked for, not yet scaled.
    fn dataset(self, asked: usize, classes: &Classes) -> Result<Dataset, DataError> {
        let Part { origin, labels_origin, rows, width, image_size, numbers: mut images, labels } = self;
        if rows != labels.rows() {
            return Err(DataError::Uneven {
                images: origin.file().to_string(),
                labels: labels_origin.file().to_string(),
                image_rows: rows,
                label_rows: labels.rows(),
            });
        }
        if rows < asked || asked == 0 {
            return Err(DataError::TooFewRows { file: origin.file().to_string(), rows, asked });
        }
        images.truncate(asked * width);
        let labels = classes.map(&labels_origin, &labels, asked)?;
        let scaling = Scaling::DivideBy(1.0);
        Ok(Dataset { images, scaling, labels, rows: asked, width, image_size, classes: classes.count() })
    }
}

/// Puts the parts together, those to train on in their order.
pub fn join(train: Vec<Part>, test: Part, wanted: Wanted) -> Result<TrainTest, DataError> {
    let (first, width) = (train[0].origin.file().to_string(), train[0].width);
    if let Some(other) = train[1..].iter().chain([&test]).find(|part| part.width != width) {
        let (other, other_width) = (other.origin.file().to_string(), other.width);
        return Err(DataError::WidthsDiffer { file: first, width, other, other_width });
    }
    let image_size = ImageSize::common(train.iter().chain([&test]).map(|part| part.image_size));
    let labels: Vec<_> = train.iter().map(|part| (&part.labels_origin, &part.labels)).collect();
    let classes = wanted.classes.map_or_else(|| Classes::of(&labels), Ok)?;
    let rows_of = |part: &Part, alone| if alone { wanted.train } else { part.rows };
    let alone = train.len() == 1;
    let mut origins = Vec::new();
    let mut parts = train.into_iter().map(|part| {
        let rows = rows_of(&part, alone);
        origins.push((part.origin.clone(), rows));
        part.dataset(rows, &classes)
    });
    let mut train = parts.next().expect("a file to train on")?;
    for part in parts {
        let part = part?;
        train.images.extend(part.images);
        train.labels.extend(part.labels);
        train.rows += part.rows;
    }
    if train.rows != wanted.train {
        return Err(DataError::TooFewRows { file: first, rows: train.rows, asked: wanted.train });
    }
    let test_origin = (test.origin.clone(), wanted.test);
    let mut test = test.dataset(wanted.test, &classes)?;
    let scaling = Scaling::fit(wanted.scale, &train.images, width);
    for part in [&mut train, &mut test] {
        part.image_size = image_size;
        part.scaling = scaling.clone();
    }
    check_range(&train, &origins, wanted.largest)?;
    check_range(&test, &[test_origin], wanted.largest)?;
    let mut notes = classes.notes(&train.labels, &test.labels);
    match scaling.constant_columns() {
        0 => {}
        columns => notes.push(format!(
            "{columns} of {width} inputs have the same number in all rows to train on: scaled, they are 0"
        )),
    }
    Ok(TrainTest { train, test, notes })
}

/// Refuses what does not fit the number format; `origins` with their numbers of rows, in order.
fn check_range(data: &Dataset, origins: &[(Origin, usize)], largest: f64) -> Result<(), DataError> {
    // What is not a number is not small enough either.
    let fits = |number: f64| number.abs() <= largest;
    if let (Entries::Bytes(_), Scaling::DivideBy(divisor)) = (&data.images, &data.scaling)
        && fits(f64::from(u8::MAX) / divisor)
    {
        return Ok(());
    }
    for row in 0..data.rows {
        let Some(column) = data.inputs(row, 0..data.width).position(|number| !fits(number)) else { continue };
        let mut left = row;
        let (origin, _) = origins
            .iter()
            .find(|(_, rows)| {
                let here = left < *rows;
                left -= if here { 0 } else { *rows };
                here
            })
            .expect("a row of a part");
        let held = data.images.get(row * data.width + column);
        let scaled = data.scaling.apply(column, held);
        let becomes = if scaled == held { String::new() } else { format!(", which scaling makes {scaled}") };
        let problem = format!(
            "{held} stands there{becomes}, and the number format holds {largest} at most: scale the data (`scale: \
             standard`, `min_max` or `divide_by(…)`), or give `fixed_point` more bits before the binary point"
        );
        return Err(DataError::wrong_at(origin.file(), origin.value(left, column), problem));
    }
    Ok(())
}
