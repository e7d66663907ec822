//! Formulas whose results nobody has asked for yet.
//!
//! Programs are chains of formulas on vectors as long as the weights. One after the other, each would write its results
//! to memory that is in no cache any more when the next one reads them. So a formula on long vectors is only noted. When
//! somebody wants elements (for a matrix product, say), all noted formulas that are connected with it are computed
//! together, a tile at a time: what one gives the next, whichever party it belongs to, stays in the first-level cache,
//! and only what somebody still holds afterwards is written.
//!
//! Parties that hold a component in common apply the same formulas to it. As long as somebody holds the results of a
//! formula, the same formula of the same operands is not noted again: parties share its results, as they share the
//! numbers that they draw in common.

mod formula;
mod pending;
mod program;

use std::any::TypeId;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::Wrapping;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::fused::Element;
use super::memory::Awaited;
use super::words::Words;
pub(in crate::ring) use formula::{Deferred, Operand, OperandIdentity};
use formula::{Formula, FunctionOf, Identity, OPERANDS, RESULTS};
use pending::{NOTED, Noted, Pending};
use program::Program;

/// Noted formulas of one length; more are not noted before those that wait have been computed.
const MOST: usize = 512;

impl Deferred {
    /// `f` of constants and of operands with `len` elements each: noted now, or by somebody who still holds it.
    pub fn new<const C: usize, const I: usize, const O: usize, F>(
        len: usize,
        constants: [u64; C],
        operands: [Operand; I],
        f: F,
    ) -> Arc<Self>
    where
        F: Fn([Element; C], [Element; I]) -> [Element; O] + Send + Sync + 'static,
    {
        const { assert!(I <= OPERANDS && O <= RESULTS) };
        const { assert!(size_of::<F>() == 0, "a function that depends on nothing but its arguments") };
        let identity = Identity {
            function: TypeId::of::<F>(),
            constants: constants.to_vec(),
            operands: operands.iter().map(Operand::identity).collect(),
        };
        let mut hasher = DefaultHasher::new();
        identity.hash(&mut hasher);
        let hash = hasher.finish();
        let (deferred, is_full) = NOTED.with_borrow_mut(|noted| {
            let same_length = noted.entry(len).or_default();
            let mut candidates = same_length.iter().filter(|noted| noted.hash == hash);
            let same =
                candidates.find_map(|noted| noted.deferred.upgrade().filter(|d| d.identity == identity));
            if let Some(same) = same {
                return (same, false);
            }
            if same_length.len() >= MOST {
                same_length
                    .retain(|noted| noted.deferred.upgrade().is_some_and(|noted| !noted.is_computed()));
            }
            let function = Box::new(FunctionOf(constants.map(Wrapping), f));
            let formula = Arc::new(Formula { operands: operands.to_vec(), function });
            let deferred = Arc::new_cyclic(|this| Deferred {
                len,
                results: O,
                identity,
                formula: Mutex::new(Some(formula)),
                words: OnceLock::new(),
                this: this.clone(),
            });
            same_length.push(Noted { hash, deferred: Arc::downgrade(&deferred) });
            (deferred, same_length.len() >= MOST)
        });
        if is_full {
            compute(&deferred, Extent::All);
        }
        deferred
    }
}

impl Awaited for Deferred {
    fn is_computed(&self) -> bool {
        self.words.get().is_some()
    }

    fn words(&self) -> &Words {
        if !self.is_computed() {
            compute(&self.this.upgrade().expect("whoever calls holds it"), Extent::Connected);
        }
        self.words.get().expect("computed above")
    }
}

/// What is computed along with a formula that somebody needs.
#[derive(Clone, Copy)]
enum Extent {
    /// What has to do with it: each is an operand of another, directly or through others. What needs a matrix product that
    /// is not computed can wait, as the product can.
    Connected,
    /// All that was noted for the length.
    All,
}

/// Computes `wanted` and, in the same pass, what belongs to the extent and somebody holds.
fn compute(wanted: &Arc<Deferred>, extent: Extent) {
    let pending = loop {
        let pending = Pending::with(wanted);
        // None if it has been computed by now.
        let Some(place) = pending.place(wanted) else { return };
        let chosen = match extent {
            Extent::Connected => pending.needed_for(place),
            Extent::All => vec![true; pending.formulas.len()],
        };
        // Matrix products come first. Some of the formulas may be computed for them.
        if pending.compute_operands(&chosen) {
            continue;
        }
        break match extent {
            Extent::Connected => {
                let connected = pending.connected_with(place);
                pending.keep(&connected)
            }
            Extent::All => pending,
        };
    };
    // What nobody holds is not written.
    let written = pending.held();
    let formulas = pending.formulas.iter().zip(&written);
    let mut memories: Vec<Option<Words>> = formulas
        .map(|((deferred, _), written)| written.then(|| Words::any(deferred.results * deferred.stride())))
        .collect();
    let program = Program::new(&pending, &written);
    program.run(wanted.len, memories.iter_mut().flatten().map(|words| &mut **words).collect());
    drop(program);
    for ((deferred, _), words) in pending.formulas.iter().zip(memories) {
        if let Some(words) = words {
            // Another thread may have been first, with the same words.
            let _ = deferred.words.set(words);
            deferred.formula.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}
