//! Sharings in which a helper has no part: it runs the program of those that have one, and knows lengths.

use super::additive::Additive;
use crate::protocol::Components;
use crate::ring::meter::{self, Work};
use crate::ring::{Plane, Vector};

/// What a party has of a sharing: a component, or nothing but its length.
#[derive(Clone, Debug)]
pub struct Held<T> {
    part: T,
    helper: bool,
}

impl<T: Clone> Held<T> {
    /// The component of a party that has one.
    pub(in crate::protocol) fn own(component: Additive<T>) -> Self {
        Held { part: component.0, helper: false }
    }

    /// What a helper has: `shape` has no content.
    pub(in crate::protocol) fn helped(shape: T) -> Self {
        Held { part: shape, helper: true }
    }

    /// The component.
    pub(in crate::protocol) fn component(&self) -> Additive<T> {
        assert!(!self.helper, "a helper has no component");
        Additive::of(self.part.clone())
    }
}

/// A helper has nothing to compute: only lengths are found out, on nobody's account.
fn done<T>(helper: bool, work: impl FnOnce() -> T) -> T {
    if helper { meter::charged(Work::default(), work) } else { work() }
}

macro_rules! components {
    ($part:ty) => {
        impl Components for Held<$part> {
            type Part = $part;

            fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&$part; N]) -> $part) -> Self {
                let helper = shares[0].helper;
                Held { part: done(helper, || f(shares.map(|share| &share.part))), helper }
            }

            fn combine_all(shares: &[&Self], f: impl Fn(&[&$part]) -> Vec<$part>) -> Vec<Self> {
                let helper = shares.first().is_some_and(|share| share.helper);
                let parts: Vec<_> = shares.iter().map(|share| &share.part).collect();
                done(helper, || f(&parts)).into_iter().map(|part| Held { part, helper }).collect()
            }

            fn elements(&self) -> usize {
                self.part.len()
            }
        }
    };
}

components!(Vector);
components!(Plane);
