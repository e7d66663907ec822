//! Sums of matrix products that nobody has asked for yet, so that parties can share the work.
//!
//! What a party adds up for a product of two sharings is a sum of products of components, x (y + y') + x' y say. Over all
//! parties, each product of a component of one factor with a component of the other comes once: their sums add up to the
//! product of what is shared. Where that holds, one of the sums is that product less the other sums: in place of the two
//! products of one party comes one, of matrices that are short if what is shared is, so that [`super::exact_f64`] may do it.
//! In a ring the bits are those that each party would get on its own.

use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::deferred::OperandIdentity;
use super::dispatch::{Level, dispatched};
use super::exact_f64::{ExactKernel, exact_tasks};
use super::gemm::{self, Kernel, Target, Task};
use super::memory::{Awaited, Memory, PARALLEL_COPY};
use super::words::Words;
use super::workers::{pieces_of, spread};
use crate::ring::matmul::MatMul;
use crate::ring::vector::Vector;

/// Elements that stay in the first-level cache while others are subtracted from them.
const TILE: usize = 1 << 10;

/// Sums that wait, at most: those that wait for others must not be too deep.
const MOST: usize = 256;

/// A matrix, and those with whose sum it is multiplied.
pub(in crate::ring) type Term = (Vector, Vec<Vector>);

/// What a matrix is, and those with whose sum it is multiplied.
type TermIdentity = (OperandIdentity, Vec<OperandIdentity>);

/// A sum of matrix products of one shape.
pub(in crate::ring) struct Product {
    shape: MatMul,
    /// What the factors are.
    identity: Vec<TermIdentity>,
    /// What is to be computed, until it was.
    terms: Mutex<Option<Arc<Vec<Term>>>>,
    /// Whether it has been tried to compute it together with others.
    is_joint: AtomicBool,
    words: OnceLock<Words>,
}

impl fmt::Debug for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a product of {:?}", self.shape)
    }
}

thread_local! {
    /// The memories of the sums that this thread has noted.
    static NOTED: RefCell<Vec<Weak<Memory>>> = const { RefCell::new(Vec::new()) };
}

/// What this thread has noted and somebody still holds, in the order in which it was noted.
fn held() -> Vec<(Arc<Memory>, Arc<Product>)> {
    NOTED.with_borrow_mut(|noted| {
        let mut held = Vec::new();
        noted.retain(|memory| {
            let product =
                memory.upgrade().and_then(|memory| memory.awaited().map(|product| (memory, product)));
            let keep = product.is_some();
            held.extend(product);
            keep
        });
        held
    })
}

impl Product {
    /// A sum that is computed when somebody needs it: noted now, or by a party that adds up the same, which is still held.
    pub fn noted(shape: MatMul, terms: Vec<Term>) -> Arc<Memory> {
        let identity: Vec<TermIdentity> =
            terms.iter().map(|(x, ys)| (x.identity(), ys.iter().map(Vector::identity).collect())).collect();
        let held = held();
        let same = |product: &Product| product.shape == shape && product.identity == identity;
        if let Some((memory, _)) = held.iter().find(|(_, product)| same(product)) {
            return Arc::clone(memory);
        }
        let waiting: Vec<_> = held.iter().filter(|(_, product)| !product.is_computed()).collect();
        if waiting.len() + 1 >= MOST {
            // Those that were noted first need none of the others.
            for (_, product) in waiting {
                product.words();
            }
        }
        let terms = Mutex::new(Some(Arc::new(terms)));
        let (is_joint, words) = (AtomicBool::new(false), OnceLock::new());
        let product = Arc::new(Product { shape, identity, terms, is_joint, words });
        let memory = Arc::new(Memory::Awaited(product));
        NOTED.with_borrow_mut(|noted| noted.push(Arc::downgrade(&memory)));
        memory
    }

    /// What is to be computed, if it was not.
    fn terms(&self) -> Option<Arc<Vec<Term>>> {
        self.terms.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, words: Words) {
        // Another thread may have been first, with the same words.
        let _ = self.words.set(words);
        self.terms.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Awaited for Product {
    fn is_computed(&self) -> bool {
        self.words.get().is_some()
    }

    fn words(&self) -> &Words {
        if let Some(terms) = self.terms()
            && !self.is_computed()
        {
            // Alone, if this happens for the factors of what is to be computed together.
            let joint = if self.is_joint.swap(true, Ordering::Relaxed) { None } else { Joint::with(self) };
            match joint {
                Some(joint) => joint.compute(),
                None => self.set(sum_of_products(self.shape, &terms)),
            }
        }
        self.words.get().expect("computed above")
    }
}

/// A sum that waits.
struct Candidate {
    product: Arc<Product>,
    terms: Arc<Vec<Term>>,
}

impl Candidate {
    fn new(product: Arc<Product>) -> Option<Self> {
        let terms = product.terms()?;
        Some(Candidate { product, terms })
    }

    /// What its left factors are.
    fn lefts(&self) -> impl Iterator<Item = &OperandIdentity> {
        self.product.identity.iter().map(|(x, _)| x)
    }

    /// And its right ones.
    fn rights(&self) -> impl Iterator<Item = &OperandIdentity> {
        self.product.identity.iter().flat_map(|(_, ys)| ys)
    }
}

/// Several sums that contain each product of one of their left factors with one of their right factors once.
struct Joint {
    shape: MatMul,
    /// The one with the most products comes last.
    sums: Vec<(Arc<Product>, Arc<Vec<Term>>)>,
    lefts: Vec<Vector>,
    rights: Vec<Vector>,
}

impl Joint {
    /// `wanted` and what was noted with the same factors, if computing them together saves work.
    fn with(wanted: &Product) -> Option<Self> {
        let noted = held().into_iter().map(|(_, product)| product);
        let of_shape = noted.filter(|product| product.shape == wanted.shape);
        let candidates: Vec<Candidate> = of_shape.filter_map(Candidate::new).collect();
        let place = candidates.iter().position(|c| std::ptr::eq(&*c.product, wanted))?;
        // Of the same product of sharings are those that have to do with each other on both sides.
        let by_left = connected(&candidates, place, |c| c.lefts().collect());
        let by_right = connected(&candidates, place, |c| c.rights().collect());
        let mut joint =
            Joint { shape: wanted.shape, sums: Vec::new(), lefts: Vec::new(), rights: Vec::new() };
        let (mut lefts, mut rights, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        for (i, Candidate { product, terms, .. }) in candidates.into_iter().enumerate() {
            if !by_left[i] || !by_right[i] {
                continue;
            }
            for (x, ys) in &*terms {
                let left = place_of(x, &mut lefts, &mut joint.lefts);
                pairs.extend(ys.iter().map(|y| (left, place_of(y, &mut rights, &mut joint.rights))));
            }
            joint.sums.push((product, terms));
        }
        pairs.sort_unstable();
        let once = (0..lefts.len()).flat_map(|x| (0..rights.len()).map(move |y| (x, y)));
        joint.sums.sort_by_key(|(_, terms)| terms.len());
        let saves = joint.sums.last().is_some_and(|(_, terms)| terms.len() > 1);
        (saves && pairs.into_iter().eq(once)).then_some(joint)
    }

    /// Computes all of them.
    fn compute(self) {
        let Joint { shape, mut sums, lefts, rights } = self;
        // Noted before anything is computed: they are made in one pass.
        let (left, right) = (sum(&lefts), sum(&rights));
        let (last, _) = sums.pop().expect("several sums");
        let rights: Vec<Vec<Vector>> = sums.iter().map(|(_, terms)| sums_of_rights(terms)).collect();
        let mut results: Vec<Words> = sums.iter().map(|_| Words::any(shape.rows * shape.columns)).collect();
        let mut words = Words::any(shape.rows * shape.columns);
        let mut tasks = Vec::new();
        for (((_, terms), rights), result) in sums.iter().zip(&rights).zip(&mut results) {
            tasks.push(tasks_of(shape, terms, rights, result));
        }
        let (left, right) = shape.views(left.expect_values(), right.expect_values());
        let exact = exact_tasks(&ExactKernel::available(), left, right, &mut words);
        let of_all = |out| gemm::tasks(Kernel::best(), Target::Overwrite, &[(left, right)], out);
        tasks.push(exact.unwrap_or_else(of_all));
        gemm::run_all(tasks);
        for ((product, _), result) in sums.iter().zip(results) {
            product.set(result);
        }
        let others: Vec<&[u64]> = sums.iter().map(|(product, _)| &**product.words()).collect();
        subtract_all(&mut words, &others);
        last.set(words);
    }
}

/// Which candidates have a factor in common with that at a place, directly or through others.
fn connected(
    candidates: &[Candidate],
    place: usize,
    factors: impl Fn(&Candidate) -> Vec<&OperandIdentity>,
) -> Vec<bool> {
    let mut connected = vec![false; candidates.len()];
    connected[place] = true;
    let mut found = vec![place];
    while let Some(i) = found.pop() {
        for (j, candidate) in candidates.iter().enumerate() {
            if !connected[j] && factors(candidate).iter().any(|x| factors(&candidates[i]).contains(x)) {
                connected[j] = true;
                found.push(j);
            }
        }
    }
    connected
}

/// The number of a factor among those that are known, where it is put if it is not.
fn place_of(x: &Vector, known: &mut Vec<OperandIdentity>, vectors: &mut Vec<Vector>) -> usize {
    let identity = x.identity();
    known.iter().position(|known| *known == identity).unwrap_or_else(|| {
        known.push(identity);
        vectors.push(x.clone());
        known.len() - 1
    })
}

/// The sum of vectors.
fn sum(vectors: &[Vector]) -> Vector {
    let (first, rest) = vectors.split_first().expect("something to add up");
    rest.iter().fold(first.clone(), |sum, x| sum.plus(x))
}

/// The sum of the products of some terms, on their own.
pub(in crate::ring) fn sum_of_products(shape: MatMul, terms: &[Term]) -> Words {
    let mut words = Words::any(shape.rows * shape.columns);
    gemm::run(tasks_of(shape, terms, &sums_of_rights(terms), &mut words));
    words
}

/// The right factors of the products of some terms.
fn sums_of_rights(terms: &[Term]) -> Vec<Vector> {
    terms.iter().map(|(_, ys)| sum(ys)).collect()
}

/// What is to be done for the sum of products of some terms.
fn tasks_of<'a>(shape: MatMul, terms: &'a [Term], rights: &'a [Vector], out: &'a mut [u64]) -> Vec<Task<'a>> {
    let views = |((x, _), y): (&'a Term, &'a Vector)| shape.views(x.expect_values(), y.expect_values());
    let factors: Vec<_> = terms.iter().zip(rights).map(views).collect();
    gemm::tasks(Kernel::best(), Target::Overwrite, &factors, out)
}

/// Subtracts all `others`, spread over the current rayon pool.
fn subtract_all(words: &mut [u64], others: &[&[u64]]) {
    let each = words.len().div_ceil(pieces_of(words.len(), PARALLEL_COPY)).max(1);
    spread(words.chunks_mut(each).enumerate().collect(), |(i, words): (usize, &mut [u64])| {
        for (j, words) in words.chunks_mut(TILE).enumerate() {
            let start = i * each + j * TILE;
            others
                .iter()
                .for_each(|other| subtract(Level::best(), &other[start..start + words.len()], words));
        }
    });
}

dispatched! {
    /// Subtracts from `out`.
    fn subtract(words: &[u64], out: &mut [u64]) {
        words.iter().zip(out).for_each(|(x, out)| *out = out.wrapping_sub(*x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sums of products of matrices of any elements, as lists of (left, rights) by number.
    fn noted(sums: &[&[(usize, &[usize])]]) -> Vec<Arc<Memory>> {
        let shape = MatMul::new(2, 3, 4);
        let vectors = |len: usize| -> Vec<Vector> { (0..4).map(|i| vec![i; len].into()).collect() };
        let (lefts, rights) = (vectors(6), vectors(12));
        let term = |(x, ys): &(usize, &[usize])| -> Term {
            (lefts[*x].clone(), ys.iter().map(|y| rights[*y].clone()).collect())
        };
        sums.iter().map(|terms| Product::noted(shape, terms.iter().map(term).collect())).collect()
    }

    /// How many sums are computed together with each.
    fn together(sums: &[&[(usize, &[usize])]]) -> Vec<usize> {
        let noted = noted(sums);
        noted.iter().map(|sum| Joint::with(&product(sum)).map_or(1, |joint| joint.sums.len())).collect()
    }

    fn product(memory: &Memory) -> Arc<Product> {
        memory.awaited().expect("a product")
    }

    #[test]
    fn parts_of_one_product_are_computed_together() {
        let parts: [&[(usize, &[usize])]; 3] =
            [&[(0, &[0, 1]), (1, &[0])], &[(1, &[1, 2]), (2, &[1])], &[(2, &[2, 0]), (0, &[2])]];
        assert_eq!(together(&parts), [3, 3, 3]);
        // The last component of the left, or of both, is zero.
        assert_eq!(together(&[parts[0], &[(1, &[1, 2])], &[(0, &[2])]]), [3, 3, 3]);
        assert_eq!(together(&[parts[0], &[(1, &[1])]]), [2, 2]);
        // x y + x' y is (x + x') y.
        let sum = noted(&[&[(0, &[0]), (1, &[0])]]);
        assert!(Joint::with(&product(&sum[0])).is_some());
        // Two products with a factor in common, on either side.
        let beside: [&[(usize, &[usize])]; 2] = [&[(0, &[0]), (1, &[0])], &[(0, &[3]), (1, &[3])]];
        assert_eq!(together(&beside), [1, 1]);
        assert_eq!(together(&[&[(0, &[0, 1]), (1, &[0])], &[(1, &[1])], &[(3, &[0, 1])]]), [2, 2, 1]);
    }

    #[test]
    fn what_is_no_whole_product_is_computed_alone() {
        let part: &[(usize, &[usize])] = &[(0, &[0, 1]), (1, &[0])];
        assert_eq!(together(&[part]), [1]);
        assert_eq!(together(&[part, &[(1, &[1, 2])]]), [1, 1], "x y'' is missing");
        assert_eq!(
            together(&[part, &[(1, &[1])], &[(1, &[1, 2]), (0, &[2])]]),
            [1, 1, 1],
            "x' y' comes twice"
        );
        // No product less than alone.
        let sums = noted(&[&[(0, &[0])], &[(0, &[1])]]);
        assert!(sums.iter().all(|sum| Joint::with(&product(sum)).is_none()));
    }
    #[test]
    fn what_two_parties_add_up_alike_is_noted_once_while_somebody_holds_it() {
        let part: &[(usize, &[usize])] = &[(0, &[0, 1]), (1, &[0])];
        let sums = noted(&[part, &[(1, &[1])], part]);
        assert!(Arc::ptr_eq(&sums[0], &sums[2]) && !Arc::ptr_eq(&sums[0], &sums[1]));
        assert_eq!(Joint::with(&product(&sums[0])).map(|joint| joint.sums.len()), Some(2));
        // Also after it was computed.
        product(&sums[0]).words();
        let shape = product(&sums[0]).shape;
        let terms = |x: u64| -> Vec<Term> { vec![(vec![x; 6].into(), vec![vec![x; 12].into()])] };
        let other: Vec<Term> = terms(1);
        let (first, again) = (Product::noted(shape, other.clone()), Product::noted(shape, other.clone()));
        assert!(Arc::ptr_eq(&first, &again));
        product(&first).words();
        assert!(Arc::ptr_eq(&first, &Product::noted(shape, other.clone())));
        // Equal numbers elsewhere are another matrix.
        assert!(!Arc::ptr_eq(&first, &Product::noted(shape, terms(1))));
    }
}
