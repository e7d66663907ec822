//! A party's messages in the hands of an adversary: looked at, altered or held back on their way out.
//!
//! It sits between programs and network, so that no program knows of it.

use super::SpanId;
use super::SpanTree;

/// A message on its way out.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The sender.
    pub from: usize,
    /// The receiver.
    pub to: usize,
    /// Its number on the link, from 0 at the start of the run.
    pub ordinal: u64,
    /// Span path in which it was sent, joined by `/`.
    pub span: &'a str,
}

/// Gets each message on its way out and gives what is sent in its place, of the same size; `None` drops it.
pub type Interceptor<M> = Box<dyn FnMut(&Outgoing<'_>, M) -> Option<M>>;

/// The interceptor of a simulation, if it has one.
pub(crate) struct Adversary<M>(pub(crate) Option<Interceptor<M>>);

impl<M> Adversary<M> {
    /// What is sent in place of a message.
    #[inline(always)]
    pub(crate) fn pass(
        &mut self,
        (from, to, ordinal): (usize, usize, u64),
        (spans, span): (&SpanTree, SpanId),
        message: M,
    ) -> Option<M> {
        match &mut self.0 {
            None => Some(message),
            Some(intercept) => intercept(&Outgoing { from, to, ordinal, span: &spans.path(span) }, message),
        }
    }
}
