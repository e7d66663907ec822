//! The formulas that wait.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::formula::{Deferred, Formula, Operand};
use crate::ring::fast::memory::Awaited;

/// A formula that was noted, with a hash of its identity.
pub(super) struct Noted {
    pub hash: u64,
    pub deferred: Weak<Deferred>,
}

thread_local! {
    /// What this thread has noted, by the length of results, in the order in which it was noted.
    pub(super) static NOTED: RefCell<BTreeMap<usize, Vec<Noted>>> = const { RefCell::new(BTreeMap::new()) };
}

/// Formulas of one length that are not computed, operands before what is made of them.
pub(super) struct Pending {
    pub formulas: Vec<(Arc<Deferred>, Arc<Formula>)>,
    /// The place of each of them, by address.
    places: Vec<(*const Deferred, usize)>,
}

impl Pending {
    /// What this thread has noted for the length of `wanted`, in the order in which it was noted; `wanted` alone if another
    /// thread has noted it.
    pub fn with(wanted: &Arc<Deferred>) -> Self {
        let mut pending = Vec::new();
        NOTED.with_borrow_mut(|noted| {
            noted.entry(wanted.len).or_default().retain(|noted| {
                let deferred = noted.deferred.upgrade();
                let keep = deferred.is_some();
                pending.extend(deferred);
                keep
            });
        });
        if !pending.iter().any(|deferred| Arc::ptr_eq(deferred, wanted)) {
            pending = vec![Arc::clone(wanted)];
        }
        // Without those that are computed.
        let with_formula = |deferred: Arc<Deferred>| Some((Arc::clone(&deferred), deferred.formula()?));
        Pending::of(pending.into_iter().filter_map(with_formula).collect())
    }

    fn of(formulas: Vec<(Arc<Deferred>, Arc<Formula>)>) -> Self {
        let mut places: Vec<_> =
            formulas.iter().enumerate().map(|(i, (deferred, _))| (Arc::as_ptr(deferred), i)).collect();
        places.sort_unstable();
        Pending { formulas, places }
    }

    /// The place of a formula.
    pub fn place(&self, of: &Arc<Deferred>) -> Option<usize> {
        let found = self.places.binary_search_by_key(&Arc::as_ptr(of), |(address, _)| *address);
        found.ok().map(|i| self.places[i].1)
    }

    /// The places of the formulas whose results another needs.
    fn needs(&self, formula: &Formula) -> impl Iterator<Item = usize> {
        formula.operands.iter().filter_map(|operand| match operand {
            Operand::Result(of, _) => self.place(of),
            _ => None,
        })
    }

    /// Which formulas are needed for that at a place, itself among them.
    pub fn needed_for(&self, wanted: usize) -> Vec<bool> {
        let mut needed = vec![false; self.formulas.len()];
        needed[wanted] = true;
        for (i, (_, formula)) in self.formulas.iter().enumerate().rev() {
            if needed[i] {
                self.needs(formula).for_each(|operand| needed[operand] = true);
            }
        }
        needed
    }

    /// Which formulas have to do with that at a place and need not wait for a matrix product.
    pub fn connected_with(&self, wanted: usize) -> Vec<bool> {
        fn first(group: &mut [usize], mut i: usize) -> usize {
            while group[i] != i {
                group[i] = group[group[i]];
                i = group[i];
            }
            i
        }
        let mut group: Vec<usize> = (0..self.formulas.len()).collect();
        let mut waits = vec![false; self.formulas.len()];
        for (i, (_, formula)) in self.formulas.iter().enumerate() {
            waits[i] = formula.awaits_product() || self.needs(formula).any(|operand| waits[operand]);
            if !waits[i] {
                for operand in self.needs(formula) {
                    let (a, b) = (first(&mut group, i), first(&mut group, operand));
                    group[a] = b;
                }
            }
        }
        let own = first(&mut group, wanted);
        (0..group.len()).map(|i| !waits[i] && first(&mut group, i) == own).collect()
    }

    /// Computes what the chosen formulas need and is no formula here; whether there was anything.
    pub fn compute_operands(&self, chosen: &[bool]) -> bool {
        let mut any = false;
        for ((_, formula), _) in self.formulas.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
            for operand in &formula.operands {
                let computed = match operand {
                    Operand::Words(memory, _) if memory.is_awaited() => Some(memory.words()),
                    // Noted by another thread.
                    Operand::Result(of, _) if !of.is_computed() && self.place(of).is_none() => {
                        Some(of.words())
                    }
                    _ => None,
                };
                any |= computed.is_some();
            }
        }
        any
    }

    /// Keeps the chosen formulas.
    pub fn keep(self, chosen: &[bool]) -> Self {
        let chosen = self.formulas.into_iter().zip(chosen).filter(|(_, chosen)| **chosen);
        Pending::of(chosen.map(|(formula, _)| formula).collect())
    }

    /// Which formulas somebody holds besides these here.
    pub fn held(&self) -> Vec<bool> {
        let mut held_here = vec![1; self.formulas.len()];
        for (_, formula) in &self.formulas {
            self.needs(formula).for_each(|operand| held_here[operand] += 1);
        }
        let counts = self.formulas.iter().map(|(deferred, _)| Arc::strong_count(deferred));
        counts.zip(held_here).map(|(all, here)| all > here).collect()
    }
}
