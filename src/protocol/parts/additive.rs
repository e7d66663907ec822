//! Additive sharings: x is the sum of one component a party, bits the xor.

use crate::protocol::Components;
use crate::ring::{Plane, Vector};

/// The component of one party; and, of numbers that are fixed, what of them is known and masked already.
#[derive(Clone, Debug)]
pub struct Additive<T>(pub(in crate::protocol) T, pub(in crate::protocol) Option<Fixed>);

/// Numbers that were opened under a mask once, see [`crate::protocol::Protocol::fix`].
#[derive(Clone, Debug)]
pub struct Fixed {
    /// The numbers less their masks.
    pub(in crate::protocol) opened: Vector,
    /// This party's share of the masks.
    pub(in crate::protocol) mask: Vector,
}

impl<T> Additive<T> {
    /// A component of numbers that are not fixed.
    pub(in crate::protocol) fn of(component: T) -> Self {
        Additive(component, None)
    }
}

macro_rules! components {
    ($part:ty $(, $gathered:item)?) => {
        impl Components for Additive<$part> {
            type Part = $part;

            fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&$part; N]) -> $part) -> Self {
                Additive::of(f(shares.map(|s| &s.0)))
            }

            fn combine_all(shares: &[&Self], f: impl Fn(&[&$part]) -> Vec<$part>) -> Vec<Self> {
                f(&shares.iter().map(|s| &s.0).collect::<Vec<_>>()).into_iter().map(Additive::of).collect()
            }

            fn elements(&self) -> usize {
                self.0.len()
            }

            $($gathered)?
        }
    };
}

components!(
    Vector,
    // Rows of a matrix that is fixed are fixed.
    fn gathered(&self, gather: impl Fn(&Vector) -> Vector) -> Self {
        let fixed = self.1.as_ref();
        let fixed = fixed.map(|Fixed { opened, mask }| Fixed { opened: gather(opened), mask: gather(mask) });
        Additive(gather(&self.0), fixed)
    }
);
components!(Plane);
