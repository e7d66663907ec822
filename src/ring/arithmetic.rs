//! Arithmetic of vectors: what it costs, and when it is computed.

use std::array::from_fn;
use std::num::Wrapping;
use std::sync::Arc;

use super::fast::deferred::{self, Deferred, OperandIdentity};
use super::fast::exact_f64::gemm_exact_f64;
use super::fast::fused::{Element, Operand, fuse};
use super::fast::gemm::MatrixView;
use super::fast::memory::{Awaited, Memory, PARALLEL_COPY};
use super::fast::product::{Product, Term, sum_of_products};
use super::fast::words::Words;
use super::fast::workers::{pieces_of, spread};
use super::matmul::MatMul;
use super::meter;
use super::vector::{Content, DEFERRED, Vector};

/// What a formula costs for each element.
#[derive(Clone, Copy, Debug)]
pub struct Ops {
    additions: u64,
    multiplications: u64,
}

impl Ops {
    /// So many additions, subtractions and shifts.
    pub const fn additions(additions: u64) -> Self {
        Ops { additions, multiplications: 0 }
    }

    /// And so many multiplications.
    pub const fn and_multiplications(self, multiplications: u64) -> Self {
        Ops { multiplications, ..self }
    }

    /// Counts them for `len` elements: for what a party would do now, and we do within a later formula.
    pub fn count(self, len: usize) {
        meter::count(|w| {
            w.additions += self.additions * len as u64;
            w.multiplications += self.multiplications * len as u64;
        });
    }
}

impl Vector {
    /// A formula of several vectors, element by element, in one pass: each result is one entry of what `f` returns.
    /// `ops` says what the formula costs. `f` depends on its arguments alone; what else it needs goes into
    /// [`Vector::fused_with`].
    pub fn fused<const I: usize, const O: usize>(
        ops: Ops,
        x: [&Vector; I],
        f: impl Fn([Element; I]) -> [Element; O] + Copy + Send + Sync + 'static,
    ) -> [Vector; O] {
        Vector::fused_with(ops, [], x, move |[], x| f(x))
    }

    /// The same for a formula that has constants besides.
    pub fn fused_with<const C: usize, const I: usize, const O: usize>(
        ops: Ops,
        constants: [u64; C],
        x: [&Vector; I],
        f: impl Fn([Element; C], [Element; I]) -> [Element; O] + Copy + Send + Sync + 'static,
    ) -> [Vector; O] {
        let len = x[0].len();
        assert!(x.iter().all(|x| x.len() == len), "vectors of different lengths");
        ops.count(len);
        if x[0].content() == Content::Shape {
            return from_fn(|_| Vector::shape(len));
        }
        let cuts = Vector::cuts(&x);
        if cuts.is_empty() {
            return Vector::fused_piece(constants, x, f);
        }
        let ends = cuts.iter().copied().chain([len]);
        let pieces: Vec<[Vector; O]> = std::iter::once(0)
            .chain(cuts.iter().copied())
            .zip(ends)
            .map(|(start, end)| {
                let x = x.map(|x| x.slice(start, end));
                Vector::fused_piece(constants, x.each_ref(), f)
            })
            .collect();
        from_fn(|i| Vector::concat(&pieces.iter().map(|piece| &piece[i]).collect::<Vec<_>>()))
    }

    /// Places where vectors that were joined, but not yet in memory, can be cut.
    fn cuts(x: &[&Vector]) -> Vec<usize> {
        let mut cuts = Vec::new();
        for x in x {
            let mut end = 0;
            for part in x.parts().into_iter().flatten() {
                end += part.len;
                cuts.push(end);
            }
        }
        cuts.sort_unstable();
        cuts.dedup();
        cuts.pop();
        cuts
    }

    /// A formula of vectors without cuts.
    fn fused_piece<const C: usize, const I: usize, const O: usize>(
        constants: [u64; C],
        x: [&Vector; I],
        f: impl Fn([Element; C], [Element; I]) -> [Element; O] + Copy + Send + Sync + 'static,
    ) -> [Vector; O] {
        let len = x[0].len();
        let mut stride = len;
        let memory = if len < DEFERRED {
            // One memory for all results, so that joining them copies nothing.
            let mut words = Words::any(O * len);
            let mut rest = &mut words[..];
            let results = from_fn(|_| rest.split_off_mut(..len).expect("a place for each"));
            let constants = constants.map(Wrapping);
            fuse(x.map(Vector::operand), results, move |x| f(constants, x));
            Memory::Words(words)
        } else {
            let deferred = Deferred::new(len, constants, x.map(Vector::deferred_operand), f);
            stride = deferred.stride();
            Memory::Awaited(deferred)
        };
        let memory = Arc::new(memory);
        from_fn(|i| Vector::of_memory(&memory, i * stride, len))
    }

    /// This as an operand of a formula that is computed later.
    fn deferred_operand(&self) -> deferred::Operand {
        let (memory, start) = self.memory().expect("a vector with values");
        if memory.is_awaited() {
            match memory.awaited::<Deferred>() {
                Some(of) if of.len() == self.len() && start.is_multiple_of(of.stride()) => {
                    return deferred::Operand::Result(Arc::clone(&of), start / of.stride());
                }
                // Part of a result.
                Some(of) => {
                    of.words();
                }
                // A product is not computed here.
                None => return deferred::Operand::Words(Arc::clone(memory), start),
            }
        }
        match self.operand() {
            Operand::Constant(word) => deferred::Operand::Constant(word),
            Operand::Drawn(position) => deferred::Operand::Drawn(position),
            Operand::Words(_) => deferred::Operand::Words(Arc::clone(memory), start),
        }
    }

    /// What tells it from other vectors of the same length: the same for those that have the same elements for the same
    /// reason.
    pub(in crate::ring) fn identity(&self) -> OperandIdentity {
        self.deferred_operand().identity()
    }

    fn formula<const I: usize>(
        additions: u64,
        x: [&Vector; I],
        f: impl Fn([Element; I]) -> Element + Copy + Send + Sync + 'static,
    ) -> Vector {
        let [result] = Vector::fused(Ops::additions(additions), x, move |x| [f(x)]);
        result
    }

    /// A formula with a constant.
    fn formula_with(
        ops: Ops,
        constant: u64,
        x: &Vector,
        f: impl Fn(Element, Element) -> Element + Copy + Send + Sync + 'static,
    ) -> Vector {
        let [result] = Vector::fused_with(ops, [constant], [x], move |[c], [x]| [f(c, x)]);
        result
    }

    fn count_additions(&self, times: u64) {
        meter::count(|w| w.additions += times * self.len() as u64);
    }

    /// x + y, done on nobody's account.
    pub(in crate::ring) fn plus(&self, other: &Vector) -> Vector {
        Vector::formula(0, [self, other], |[x, y]| x + y)
    }

    /// x + y.
    pub fn add(&self, other: &Vector) -> Vector {
        if other.is_known_zero() && self.len() == other.len() {
            self.count_additions(1);
            return self.clone();
        }
        Vector::formula(1, [self, other], |[x, y]| x + y)
    }

    /// x - y.
    pub fn sub(&self, other: &Vector) -> Vector {
        Vector::formula(1, [self, other], |[x, y]| x - y)
    }

    /// -x.
    pub fn neg(&self) -> Vector {
        Vector::formula(1, [self], |[x]| -x)
    }

    /// x + c for a public c.
    pub fn add_scalar(&self, c: u64) -> Vector {
        Vector::formula_with(Ops::additions(1), c, self, |c, x| x + c)
    }

    /// c x for a public c.
    pub fn scale(&self, c: u64) -> Vector {
        Vector::formula_with(Ops::additions(0).and_multiplications(1), c, self, |c, x| x * c)
    }

    /// x y, elementwise.
    pub fn mul(&self, other: &Vector) -> Vector {
        let ops = Ops::additions(0).and_multiplications(1);
        let [product] = Vector::fused(ops, [self, other], |[x, y]| [x * y]);
        product
    }

    /// x >> bits, of the unsigned representative.
    pub fn shift_right(&self, bits: u32) -> Vector {
        Vector::formula_with(Ops::additions(1), bits.into(), self, |bits, x| x >> bits.0 as usize)
    }

    /// x >> bits, of the signed representative.
    pub fn shift_right_signed(&self, bits: u32) -> Vector {
        Vector::formula_with(Ops::additions(1), bits.into(), self, |bits, x| {
            shift_right_signed(x, bits.0 as u32)
        })
    }

    /// The signed numbers of `bits` bits that their lowest bits are.
    pub fn signed(&self, bits: u32) -> Vector {
        self.scale(1 << (u64::BITS - bits)).shift_right_signed(u64::BITS - bits)
    }

    /// The matrix product.
    pub fn matmul(&self, other: &Vector, shape: MatMul) -> Vector {
        Vector::sum_of_products(&[(self, &[other])], shape)
    }

    /// The sum of several matrix products of the same shape, each of a vector with a sum of others. A long result is
    /// computed when it is needed.
    ///
    /// # Panics
    /// If there is nothing to add up, or a vector does not have the elements of its place in the shape.
    pub fn sum_of_products(terms: &[(&Vector, &[&Vector])], shape: MatMul) -> Vector {
        let len = shape.rows * shape.columns;
        let mut additions = (terms.len() - 1) * len;
        for (x, ys) in terms {
            ys.iter().for_each(|y| shape.check(x.len(), y.len()));
            additions += (ys.len() - 1) * ys[0].len();
        }
        meter::count(|w| {
            w.macs += (terms.len() * len * shape.inner) as u64;
            w.additions += additions as u64;
        });
        if terms[0].0.content() == Content::Shape {
            return Vector::shape(len);
        }
        // Products with zero are not worth doing; what they would cost a party is counted above.
        let not_zero = |ys: &[&Vector]| -> Vec<Vector> {
            ys.iter().filter(|y| !y.is_known_zero()).map(|y| (*y).clone()).collect()
        };
        let terms: Vec<Term> = terms
            .iter()
            .filter(|(x, _)| !x.is_known_zero())
            .map(|(x, ys)| ((*x).clone(), not_zero(ys)))
            .filter(|(_, ys)| !ys.is_empty())
            .collect();
        if terms.is_empty() {
            return Vector::constant(Content::Values, len, 0);
        }
        if len < DEFERRED {
            return sum_of_products(shape, &terms).into();
        }
        Vector::of_memory(&Product::noted(shape, terms), 0, len)
    }

    /// The product of signed matrices through floating-point hardware, if that is exact, see [`gemm_exact_f64`].
    pub fn exact_matmul(left: MatrixView<'_>, right: MatrixView<'_>) -> Option<Vector> {
        let mut product = Words::any(left.rows * right.cols);
        gemm_exact_f64(left, right, &mut product).then(|| product.into())
    }

    /// x plus the same row for each row of the matrix x.
    pub fn add_to_rows(&self, row: &Vector) -> Vector {
        assert!(
            !row.is_empty() && self.len().is_multiple_of(row.len()),
            "rows of the length of what is added"
        );
        self.count_additions(1);
        Vector::written(self.content(), self.len(), |out| {
            let (values, row) = (self.expect_values(), row.expect_values());
            let each = self.len().div_ceil(pieces_of(self.len(), PARALLEL_COPY)).next_multiple_of(row.len());
            let pieces = out.chunks_mut(each).zip(values.chunks(each)).collect();
            spread(pieces, |(out, values): (&mut [u64], &[u64])| {
                for (out, x) in out.chunks_exact_mut(row.len()).zip(values.chunks_exact(row.len())) {
                    out.iter_mut().zip(x.iter().zip(row)).for_each(|(z, (x, y))| *z = x.wrapping_add(*y));
                }
            });
        })
    }

    /// The sum of each row of a matrix with `width` columns.
    pub fn row_sums(&self, width: usize) -> Vector {
        self.count_additions(1);
        Vector::written(self.content(), self.len() / width, |out| {
            let rows = self.expect_values().chunks_exact(width);
            let sum = |row: &[u64]| row.iter().fold(0u64, |sum, &x| sum.wrapping_add(x));
            out.iter_mut().zip(rows).for_each(|(out, row)| *out = sum(row));
        })
    }

    /// The sum of each column of a matrix with `width` columns.
    pub fn column_sums(&self, width: usize) -> Vector {
        self.count_additions(1);
        Vector::written(self.content(), width, |sums| {
            sums.fill(0);
            for row in self.expect_values().chunks_exact(width) {
                sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum = sum.wrapping_add(x));
            }
        })
    }
}

/// x >> bits, of the signed representative.
pub fn shift_right_signed(x: Element, bits: u32) -> Element {
    Wrapping((x.0.cast_signed() >> bits).cast_unsigned())
}
