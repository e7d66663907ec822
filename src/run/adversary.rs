//! A party that cheats: whether there is anything for it to do, and what it sends in a training on shares in place of its
//! messages.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::record::Recorded;
use super::{RunError, epochs, total_iterations};
use crate::protocol::Message;
use crate::ring::meter::{Work, charged};
use crate::scenario::{Adversary, Misdeed, Plan, Which, likely};
use crate::sim::{EventKind, Interceptor, Outgoing, Trace, is_inside};

/// Where the loss is opened.
const LOSS: &str = "iteration/loss";

/// Refuses an adversary with nothing to do: its party sends none of the messages that it would alter or hold back.
pub(crate) fn check_sends(plan: &Plan, recorded: &Recorded, rows: usize) -> Result<(), RunError> {
    let Some(Adversary { party, which, .. }) = &plan.adversary else { return Ok(()) };
    let phases = [&recorded.iteration, &recorded.restart];
    let sends = |trace: &Trace| {
        let send = |kind| match kind {
            EventKind::Send { to, .. } => Some(to),
            EventKind::Work { .. } | EventKind::Recv { .. } => None,
        };
        let sends = trace.events(*party).filter_map(|event| Some((send(event.kind)?, event.span)));
        sends.collect::<Vec<_>>()
    };
    let help = match which {
        Which::Number(number) => {
            let [iteration, restart] = phases.map(|trace| sends(trace).len() as u128);
            let restarts = epochs(plan, rows) - 1;
            let most = u128::from(total_iterations(plan, rows)) * iteration + u128::from(restarts) * restart;
            if u128::from(*number) <= most {
                return Ok(());
            }
            format!("has no message {number}: it sends at most {most} in the training")
        }
        Which::To(to) => {
            let receivers: BTreeSet<usize> =
                phases.iter().flat_map(|trace| sends(trace)).map(|(to, _)| to).collect();
            if receivers.contains(to) {
                return Ok(());
            }
            let receivers: Vec<String> = receivers.iter().map(usize::to_string).collect();
            format!(
                "sends nothing to party {to}: it sends to {}",
                if receivers.is_empty() { "nobody".to_string() } else { receivers.join(" and ") }
            )
        }
        Which::Span(outer) => {
            let paths = |trace: &&Trace| {
                sends(trace).iter().map(|(_, span)| trace.spans().path(*span)).collect::<Vec<_>>()
            };
            let spans: BTreeSet<String> = phases.iter().flat_map(paths).collect();
            if spans.iter().any(|span| is_inside(span, outer)) {
                return Ok(());
            }
            let starts = spans.iter().flat_map(|span| {
                span.match_indices('/').map(|(end, _)| &span[..end]).chain([&span[..]]).collect::<Vec<_>>()
            });
            let help = match likely(outer, starts) {
                Some(close) => format!("did you mean \"{close}\"?"),
                None => format!("it sends in {}", spans.iter().next().map_or("none", String::as_str)),
            };
            format!("sends nothing in the span \"{outer}\" of the adversary: {help}")
        }
    };
    Err(RunError::Adversary(format!("party {party} {help}")))
}

/// What is known of the messages of a training.
#[derive(Clone, Default)]
pub(super) struct Cheat(Rc<State>);

#[derive(Default)]
struct State {
    /// Whether messages are those of the training.
    active: Cell<bool>,
    /// Messages of the cheating party.
    sent: Cell<u64>,
    altered: Cell<u64>,
    /// Whether anything that opens the loss was sent since the phase began.
    loss_sent: Cell<bool>,
    /// What it sent last, by receiver and span.
    last: RefCell<BTreeMap<(usize, String), Message>>,
}

impl Cheat {
    /// A phase of the training begins.
    pub(super) fn begin(&self) {
        self.0.active.set(true);
        self.0.loss_sent.set(false);
    }

    /// What comes now is no part of the training.
    pub(super) fn rest(&self) {
        self.0.active.set(false);
    }

    /// Messages that were altered.
    pub(super) fn altered(&self) -> u64 {
        self.0.altered.get()
    }

    /// Whether shares of the loss were sent in this phase, to open it.
    pub(super) fn loss_was_opened(&self) -> bool {
        self.0.loss_sent.get()
    }

    /// What the party does to its messages; its choices follow from the seed, the link and the message's number.
    pub(super) fn interceptor(&self, adversary: &Adversary, seed: u64) -> Interceptor<Message> {
        let (state, adversary) = (Rc::clone(&self.0), adversary.clone());
        Box::new(move |outgoing, message| {
            if !state.active.get() {
                return Some(message);
            }
            if is_inside(outgoing.span, LOSS) {
                state.loss_sent.set(true);
            }
            if outgoing.from != adversary.party {
                return Some(message);
            }
            let number = state.sent.get() + 1;
            state.sent.set(number);
            let altered = adversary
                .which
                .has(number, outgoing.to, || outgoing.span.to_string())
                .then(|| {
                    // Nobody is charged for it.
                    let choice = mix(seed ^ mix(number));
                    charged(Work::default(), || state.alter(adversary.does, outgoing, &message, choice))
                })
                .flatten();
            if adversary.does == Misdeed::Replay {
                let place = (outgoing.to, outgoing.span.to_string());
                state.last.borrow_mut().insert(place, message.clone());
            }
            if altered.is_some() {
                state.altered.set(state.altered.get() + 1);
            }
            Some(altered.unwrap_or(message))
        })
    }
}

impl State {
    /// What is sent in place of a message; `None` if nothing depends on what it says, or there is nothing to replay.
    fn alter(
        &self,
        does: Misdeed,
        outgoing: &Outgoing<'_>,
        message: &Message,
        choice: u64,
    ) -> Option<Message> {
        match does {
            Misdeed::Flip => {
                let parts = message.parts().len();
                let first = choice as usize % parts.max(1);
                (0..parts).find_map(|skip| message.with_bit_flipped((first + skip) % parts, mix(choice)))
            }
            Misdeed::Replace => message.with_random_content(choice),
            Misdeed::Replay => {
                let last = self.last.borrow();
                let earlier = last.get(&(outgoing.to, outgoing.span.to_string()))?;
                earlier.has_form_of(message).then(|| earlier.clone())
            }
            Misdeed::Drop | Misdeed::Delay { .. } => None,
        }
    }
}

/// Another number for each, with no pattern to be seen (SplitMix64's finish).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
