//! The numbers of a data set, as they stand in its files.

/// Numbers in as little memory as holds each of them exactly: as bytes if all are whole numbers from 0 to 255, else as 32-bit
/// floating point if no number loses a digit, else as 64-bit. So equal numbers are equal, whatever file they came from.
#[derive(Clone, Debug, PartialEq)]
pub enum Entries {
    /// Whole numbers from 0 to 255.
    Bytes(Vec<u8>),
    /// Of single precision.
    F32(Vec<f32>),
    /// Of double precision.
    F64(Vec<f64>),
}

/// Runs the same expression on whichever vector there is.
macro_rules! each {
    ($numbers:expr, $vector:ident => $value:expr) => {
        match $numbers {
            Entries::Bytes($vector) => $value,
            Entries::F32($vector) => $value,
            Entries::F64($vector) => $value,
        }
    };
}

impl Entries {
    /// None yet.
    pub fn new() -> Entries {
        Entries::Bytes(Vec::new())
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        each!(self, all => all.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Memory for so many more, all at once.
    pub fn reserve(&mut self, more: usize) {
        each!(self, all => all.reserve_exact(more));
    }

    /// One of them.
    pub fn get(&self, at: usize) -> f64 {
        match self {
            Entries::Bytes(all) => f64::from(all[at]),
            Entries::F32(all) => f64::from(all[at]),
            Entries::F64(all) => all[at],
        }
    }

    /// Adds one; it must be finite.
    pub fn push(&mut self, number: f64) {
        debug_assert!(number.is_finite(), "what is not finite is refused where it is read");
        match self {
            Entries::Bytes(all) if f64::from(number as u8) == number => all.push(number as u8),
            Entries::F32(all) if f64::from(number as f32) == number => all.push(number as f32),
            Entries::F64(all) => all.push(number),
            _ => {
                self.widen(number);
                self.push(number);
            }
        }
    }

    /// Goes over to numbers that hold this one too.
    fn widen(&mut self, number: f64) {
        let single = f64::from(number as f32) == number;
        *self = match std::mem::take(self) {
            Entries::Bytes(all) if single => Entries::F32(moved(all, f32::from)),
            Entries::Bytes(all) => Entries::F64(moved(all, f64::from)),
            Entries::F32(all) => Entries::F64(moved(all, f64::from)),
            Entries::F64(all) => Entries::F64(all),
        };
    }

    /// Keeps the first ones.
    pub fn truncate(&mut self, length: usize) {
        each!(self, all => all.truncate(length));
    }

    /// Adds others behind these.
    pub fn extend(&mut self, others: Entries) {
        if let (Entries::Bytes(all), Entries::Bytes(others)) = (&mut *self, &others) {
            all.extend_from_slice(others);
            return;
        }
        (0..others.len()).for_each(|at| self.push(others.get(at)));
    }

    /// The first ones alone.
    pub fn first(&self, length: usize) -> Entries {
        let mut first = self.clone();
        first.truncate(length);
        first
    }
}

impl Default for Entries {
    fn default() -> Entries {
        Entries::new()
    }
}

/// The same numbers in a vector that has place for as many as the one before.
fn moved<A: Copy, B>(all: Vec<A>, number: impl Fn(A) -> B) -> Vec<B> {
    let mut wider = Vec::with_capacity(all.capacity());
    wider.extend(all.iter().map(|&one| number(one)));
    wider
}
