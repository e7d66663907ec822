//! A party's messages in the hands of an adversary: looked at, altered or held back on their way out.
//!
//! It sits between programs and network, so that no program knows of it.

use super::SpanId;
use super::SpanTree;

/// Some messages of a party.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// A single one, by its number among all that the party sends, from 1.
    Number(u64),
    /// All to this party.
    To(usize),
    /// All that are sent in the span of this path, or inside it.
    Span(String),
}

impl Which {
    /// Whether a message is one of them: its number among its sender's from 1, its receiver, and the path of its span.
    pub fn has(&self, number: u64, to: usize, span: impl FnOnce() -> String) -> bool {
        match self {
            Which::Number(own) => *own == number,
            Which::To(own) => *own == to,
            Which::Span(own) => is_inside(&span(), own),
        }
    }
}

/// Whether a span is the one of this path, or inside it.
pub(crate) fn is_inside(span: &str, outer: &str) -> bool {
    span.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

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
