//! Replicated sharings among three parties: x = x_0 + x_1 + x_2, bits with xor; party i holds x_i and x_{i+1}.

use crate::protocol::Components;
use crate::ring::{Extended, Plane, Residues, Vector, Wide};

/// The two components that party i holds: number i and number i + 1.
#[derive(Clone, Debug)]
pub struct Replicated<T> {
    pub(in crate::protocol) own: T,
    pub(in crate::protocol) next: T,
}

/// Components know how many elements they stand for.
pub trait Length {
    /// How many.
    fn elements(&self) -> usize;
}

impl Length for Vector {
    fn elements(&self) -> usize {
        self.len()
    }
}

impl<const BITS: u32> Length for Wide<BITS> {
    fn elements(&self) -> usize {
        crate::ring::RingVector::len(self)
    }
}

impl<const MODULUS: u64> Length for Residues<MODULUS> {
    fn elements(&self) -> usize {
        crate::ring::RingVector::len(self)
    }
}

impl Length for Extended {
    fn elements(&self) -> usize {
        self.len()
    }
}

impl Length for Plane {
    fn elements(&self) -> usize {
        self.len()
    }
}

impl<T: Clone + Length> Components for Replicated<T> {
    type Part = T;

    fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&T; N]) -> T) -> Self {
        Replicated { own: f(shares.map(|s| &s.own)), next: f(shares.map(|s| &s.next)) }
    }

    fn combine_all(shares: &[&Self], f: impl Fn(&[&T]) -> Vec<T>) -> Vec<Self> {
        let own = f(&shares.iter().map(|s| &s.own).collect::<Vec<_>>());
        let next = f(&shares.iter().map(|s| &s.next).collect::<Vec<_>>());
        zipped(own, next)
    }

    fn elements(&self) -> usize {
        self.own.elements()
    }
}

/// Sharings of which the components were computed apart.
pub(in crate::protocol) fn zipped<T>(own: Vec<T>, next: Vec<T>) -> Vec<Replicated<T>> {
    let mut shares = Vec::with_capacity(own.len());
    shares.extend(own.into_iter().zip(next).map(|(own, next)| Replicated { own, next }));
    shares
}
