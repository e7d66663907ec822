//! Additive sharings: x is the sum of one component a party, bits the xor.

use crate::protocol::Components;
use crate::ring::{Plane, Vector};

/// The component of one party.
#[derive(Clone, Debug)]
pub struct Additive<T>(pub(in crate::protocol) T);

macro_rules! components {
    ($part:ty) => {
        impl Components for Additive<$part> {
            type Part = $part;

            fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&$part; N]) -> $part) -> Self {
                Additive(f(shares.map(|s| &s.0)))
            }

            fn combine_all(shares: &[&Self], f: impl Fn(&[&$part]) -> Vec<$part>) -> Vec<Self> {
                f(&shares.iter().map(|s| &s.0).collect::<Vec<_>>()).into_iter().map(Additive).collect()
            }

            fn elements(&self) -> usize {
                self.0.len()
            }
        }
    };
}

components!(Vector);
components!(Plane);
