//! Names what decides results: two equal fingerprints have equal results.

use super::data::load;
use super::initial::initial_weights;
use super::values::Values;
use crate::data::{DataError, DataSource, Entries, ImageSize, TrainTest, sizes};
use crate::digest::Hasher;
use crate::nn::layers_on;
use crate::scenario::{InitialWeights, Plan};

/// The program that results come from: its version, and a number for the sources and the bundled data it was built of.
pub const PROGRAM: &str =
    concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), " (build ", env!("MPCSIM_BUILD"), ")");

/// Digits of a fingerprint.
const DIGITS: usize = 16;

/// The first digits of a digest of these pieces and of the program.
pub(crate) fn fingerprint_of(pieces: &[&[u8]]) -> String {
    let mut hasher = Hasher::default();
    hasher.add_piece(PROGRAM.as_bytes());
    pieces.iter().for_each(|piece| hasher.add_piece(piece));
    hasher.digits()[..DIGITS].to_string()
}

/// Digest of a data set's content: what is used of it, and nothing else.
fn content(data: &TrainTest) -> String {
    let mut hasher = Hasher::default();
    for part in [&data.train, &data.test] {
        for size in [part.rows, part.width, part.classes] {
            hasher.add(&(size as u64).to_le_bytes());
        }
        match &part.images {
            Entries::Bytes(bytes) => hasher.add_piece(bytes),
            Entries::F32(numbers) => {
                add_numbers(&mut hasher, numbers.iter().map(|number| number.to_le_bytes()))
            }
            Entries::F64(numbers) => {
                add_numbers(&mut hasher, numbers.iter().map(|number| number.to_le_bytes()))
            }
        }
        hasher.add_piece(&part.labels);
    }
    // They say how labels became classes.
    data.notes.iter().for_each(|note| hasher.add_piece(note.as_bytes()));
    hasher.digits()
}

/// Adds numbers of so many bytes each, and how many they are.
fn add_numbers<const BYTES: usize>(hasher: &mut Hasher, numbers: impl ExactSizeIterator<Item = [u8; BYTES]>) {
    hasher.add(&(BYTES as u64).to_le_bytes());
    hasher.add(&(numbers.len() as u64).to_le_bytes());
    numbers.for_each(|number| hasher.add(&number));
}

/// Names the content of a scenario's own data: what is used of it. None for the bundled ones.
pub(crate) fn named_content(source: &DataSource, data: &TrainTest) -> Option<String> {
    let content = own_content(source, data);
    (!content.is_empty()).then(|| content[..DIGITS].to_string())
}

/// Digest of the content of a scenario's own data, and what an image is; empty for the bundled ones, which are part of the program.
pub(crate) fn own_content(source: &DataSource, data: &TrainTest) -> String {
    match source {
        DataSource::Mnist { .. } => String::new(),
        _ => format!("{} {}", content(data), data.train.image_size),
    }
}

fn of(plan: &Plan, values: Values, content: &str) -> String {
    // Where data are does not matter, their content does. Of several files, each is one owner's.
    let owners = format!("{:?}", plan.owners);
    let plan = plan.with_paths(|_| String::new());
    fingerprint_of(&[
        b"run",
        plan.to_ron().as_bytes(),
        owners.as_bytes(),
        values.name().as_bytes(),
        content.as_bytes(),
    ])
}

/// Digest of the initial weights of a plan that has them in a file; empty for others.
pub(crate) fn weights_content(plan: &Plan, image: ImageSize, classes: usize) -> Result<String, DataError> {
    let InitialWeights::File(_) = plan.training.initial_weights else { return Ok(String::new()) };
    // A network that does not fit its data is refused elsewhere.
    let kinds = plan.model.with_output(plan.softmax.logits(classes));
    let Ok(layers) = layers_on(&kinds, image) else { return Ok(String::new()) };
    let mut hasher = Hasher::default();
    for own in initial_weights(plan, &layers, 0)? {
        for values in [&own.weights, &own.bias] {
            let values = values.expect_values();
            add_numbers(&mut hasher, values.iter().map(|value| value.to_le_bytes()));
        }
    }
    Ok(hasher.digits())
}

/// Names a run on these data: 16 hexadecimal digits of a digest of the resolved scenario, where values come from, the
/// data and the initial weights that are used, and the program with all that it was built of.
pub fn fingerprint(plan: &Plan, values: Values, data: &TrainTest) -> Result<String, DataError> {
    let weights = weights_content(plan, data.train.image_size, data.train.classes)?;
    Ok(of(plan, values, &(own_content(&plan.data, data) + &weights)))
}

/// The same without running it. Reads data that are not bundled.
pub fn fingerprint_of_plan(plan: &Plan, values: Values) -> Result<String, DataError> {
    match &plan.data {
        DataSource::Mnist { .. } => {
            let (image, classes) = sizes(&plan.data)?;
            Ok(of(plan, values, &weights_content(plan, image, classes)?))
        }
        _ => fingerprint(plan, values, &load(plan)?),
    }
}
