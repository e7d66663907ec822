//! Sub-programs side by side: strand keys, and the two ways to wait for several futures.

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};

use super::jitter::mix;

/// The strand of a party's program before any fork.
pub(crate) const ROOT_STRAND: u64 = 0;

/// The strand of a child, the same in every party that forks at the same places.
pub(crate) fn child_strand(parent: u64, fork: u64, child: u64) -> u64 {
    mix(mix(mix(parent) ^ fork) ^ child)
}

/// Runs two futures side by side, the first before the second in each step, until both are done.
///
/// What both send in one step goes out together, and what was sent to both in one step is received together: their
/// rounds are merged. Neither holds the other up: where one has its message and the other has not, it goes on. Give
/// each a handle of its own from [`Party::fork`](super::Party::fork).
pub async fn both<A: Future, B: Future>(a: A, b: B) -> (A::Output, B::Output) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut first, mut second) = (None, None);
    poll_fn(move |context| {
        if first.is_none()
            && let Poll::Ready(output) = a.as_mut().poll(context)
        {
            first = Some(output);
        }
        if second.is_none()
            && let Poll::Ready(output) = b.as_mut().poll(context)
        {
            second = Some(output);
        }
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            unfinished => {
                (first, second) = unfinished;
                Poll::Pending
            }
        }
    })
    .await
}

/// Runs futures side by side, in order within each round, until all are done.
pub async fn all<F: Future>(futures: Vec<F>) -> Vec<F::Output> {
    let mut running: Vec<Pin<Box<F>>> = futures.into_iter().map(Box::pin).collect();
    let mut outputs: Vec<Option<F::Output>> = running.iter().map(|_| None).collect();
    poll_fn(move |context| {
        let mut unfinished = false;
        for (future, output) in running.iter_mut().zip(&mut outputs) {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(value) => *output = Some(value),
                    Poll::Pending => unfinished = true,
                }
            }
        }
        if unfinished {
            return Poll::Pending;
        }
        Poll::Ready(outputs.drain(..).map(|output| output.expect("all are done")).collect())
    })
    .await
}
