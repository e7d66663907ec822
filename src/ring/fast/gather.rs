//! Rows of a matrix, chosen by number, and windows of images.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::deferred::OperandIdentity;
use super::fused::Operand;
use super::memory::{Memory, PARALLEL_COPY};
use super::workers::{pieces_of, spread};
use crate::ring::patches::Patches;
use crate::ring::vector::{Content, Vector};

/// What is taken from a vector.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice<'a> {
    Rows { rows: &'a [usize], width: usize },
    Windows(&'a Patches),
}

/// The same, kept.
enum Kept {
    Rows { rows: Vec<usize>, width: usize },
    Windows(Patches),
}

impl Kept {
    fn of(choice: Choice) -> Kept {
        match choice {
            Choice::Rows { rows, width } => Kept::Rows { rows: rows.to_vec(), width },
            Choice::Windows(patches) => Kept::Windows(*patches),
        }
    }

    fn choice(&self) -> Choice<'_> {
        match self {
            Kept::Rows { rows, width } => Choice::Rows { rows, width: *width },
            Kept::Windows(patches) => Choice::Windows(patches),
        }
    }
}

/// What somebody may hold: parties that hold a vector in common take the same from it.
struct Gathered {
    from: OperandIdentity,
    kept: Kept,
    memory: Weak<Memory>,
}

thread_local! {
    static GATHERED: RefCell<Vec<Gathered>> = const { RefCell::new(Vec::new()) };
}

impl Vector {
    /// Rows of a matrix with `width` columns, chosen by number.
    pub fn gather_rows(&self, rows: &[usize], width: usize) -> Vector {
        let choice = Choice::Rows { rows, width };
        self.gathered(choice, rows.len() * width, || self.gather(rows, width))
    }

    /// Windows of images as rows of a matrix; the images stand one after the other.
    pub fn patches(&self, patches: &Patches) -> Vector {
        let len = patches.len_of(self.len());
        // Once it is in memory, it is the same for all who hold it.
        self.values();
        self.gathered(Choice::Windows(patches), len, || self.gather_windows(patches, len))
    }

    /// What is taken from this vector, made unless somebody holds it.
    fn gathered(&self, choice: Choice, len: usize, make: impl FnOnce() -> Vector) -> Vector {
        if self.content() == Content::Shape {
            return Vector::shape(len);
        }
        if self.is_known_zero() {
            return Vector::constant(Content::Values, len, 0);
        }
        let from = self.identity();
        let known = GATHERED.with_borrow_mut(|gathered| {
            gathered.retain(|gathered| gathered.memory.strong_count() > 0);
            let same = |g: &&Gathered| g.from == from && g.kept.choice() == choice;
            gathered.iter().find(same).and_then(|gathered| gathered.memory.upgrade())
        });
        if let Some(memory) = known {
            return Vector::of_memory(&memory, 0, len);
        }
        let made = make();
        if let Some((memory, _)) = made.memory() {
            let memory = Arc::downgrade(memory);
            GATHERED.with_borrow_mut(|all| all.push(Gathered { from, kept: Kept::of(choice), memory }));
        }
        made
    }

    fn gather(&self, rows: &[usize], width: usize) -> Vector {
        Vector::written(Content::Values, rows.len() * width, |out| {
            let operand = self.operand();
            let gather = |out: &mut [u64], rows: &[usize]| {
                for (place, row) in out.chunks_exact_mut(width.max(1)).zip(rows) {
                    match operand {
                        Operand::Words(words) => {
                            place.copy_from_slice(&words[row * width..(row + 1) * width])
                        }
                        Operand::Drawn(position) => position.after(row * width).stream(width).fill(place),
                        Operand::Constant(word) => place.fill(word),
                    }
                }
            };
            let rows_each = rows.len().div_ceil(pieces_of(out.len(), PARALLEL_COPY)).max(1);
            let pieces = out.chunks_mut((rows_each * width).max(1)).zip(rows.chunks(rows_each)).collect();
            spread(pieces, |(out, rows): (&mut [u64], &[usize])| gather(out, rows));
        })
    }

    fn gather_windows(&self, patches: &Patches, len: usize) -> Vector {
        Vector::written(Content::Values, len, |out| {
            let images = self.expect_values();
            let (image, matrix) = (patches.image_len(), patches.rows() * patches.width());
            let count = images.len() / image;
            let each = count.div_ceil(pieces_of(len, PARALLEL_COPY)).max(1);
            let pieces = images.chunks(each * image).zip(out.chunks_mut((each * matrix).max(1))).collect();
            spread(pieces, |(images, out): (&[u64], &mut [u64])| patches.write(images, out));
        })
    }
}
