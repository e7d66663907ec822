//! Rows of a matrix, chosen by number.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use super::deferred::OperandIdentity;
use super::fused::Operand;
use super::memory::{Memory, PARALLEL_COPY};
use super::workers::{pieces_of, spread};
use crate::ring::vector::{Content, Vector};

/// Rows that somebody may hold: parties that hold a matrix in common choose the same rows.
struct Gathered {
    from: OperandIdentity,
    rows: Vec<usize>,
    width: usize,
    memory: Weak<Memory>,
}

thread_local! {
    static GATHERED: RefCell<Vec<Gathered>> = const { RefCell::new(Vec::new()) };
}

impl Vector {
    /// Rows of a matrix with `width` columns, chosen by number.
    pub fn gather_rows(&self, rows: &[usize], width: usize) -> Vector {
        let len = rows.len() * width;
        if self.content() == Content::Shape {
            return Vector::shape(len);
        }
        if self.is_known_zero() {
            return Vector::constant(Content::Values, len, 0);
        }
        let from = self.identity();
        let known = GATHERED.with_borrow_mut(|gathered| {
            gathered.retain(|gathered| gathered.memory.strong_count() > 0);
            let same = |g: &&Gathered| g.from == from && g.width == width && g.rows == rows;
            gathered.iter().find(same).and_then(|gathered| gathered.memory.upgrade())
        });
        if let Some(memory) = known {
            return Vector::of_memory(&memory, 0, len);
        }
        let gathered = self.gather(rows, width);
        if let Some((memory, _)) = gathered.memory() {
            let memory = Arc::downgrade(memory);
            let rows = rows.to_vec();
            GATHERED.with_borrow_mut(|all| all.push(Gathered { from, rows, width, memory }));
        }
        gathered
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
}
