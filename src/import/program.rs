//! The lines of the parties, from when their bytes went out and came in.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Problem;
use super::messages::Cut;
use super::stream::{Piece, Stream};
use crate::sim::{Event, EventKind, SpanId, SpanTree, Trace, TraceBuilder};

/// Bytes that follow others within this time, with nothing between them, belong to the same message.
const BURST_NS: i128 = 100_000;
/// Picoseconds of a nanosecond.
const PS_PER_NS: u64 = 1000;

/// One direction of a connection between two parties.
pub(super) struct Connection<'a> {
    pub(super) sender: usize,
    pub(super) receiver: usize,
    /// As the sender's machine saw it.
    pub(super) sent: &'a Stream,
    /// As the receiver's machine saw it.
    pub(super) received: &'a Stream,
}

/// A message of the program.
struct Message {
    sender: usize,
    receiver: usize,
    /// On the sender's clock.
    sent_ns: i128,
    /// On the receiver's clock.
    came_ns: i128,
    payload: u64,
}

/// The first piece that reaches beyond so many bytes.
fn beyond(pieces: &[Piece], bytes: u64) -> &Piece {
    &pieces[pieces.partition_point(|piece| piece.end <= bytes)]
}

/// Where a connection's messages end if nobody says so: at the end of a write after which the sender did something else, or nothing for a
/// while.
fn bursts(connection: &Connection<'_>, events_ns: &[i128]) -> Vec<Cut> {
    let (pieces, skip) = (connection.sent.sent(), connection.sent.skip());
    let something_between = |from: i128, to: i128| {
        let next = events_ns.partition_point(|&event| event <= from);
        events_ns.get(next).is_some_and(|&event| event < to)
    };
    let (mut cuts, mut begun) = (Vec::new(), skip);
    for (at, piece) in pieces.iter().enumerate().filter(|(_, piece)| piece.end > skip) {
        let ends = pieces.get(at + 1).is_none_or(|next| {
            piece.pushes
                && (next.time_ns - piece.time_ns > BURST_NS || something_between(piece.time_ns, next.time_ns))
        });
        if ends {
            cuts.push(Cut { end: piece.end, payload: piece.end - begun });
            begun = piece.end;
        }
    }
    cuts
}

/// When each party's machine saw bytes go out or come in, in order.
fn events(parties: usize, connections: &[Connection<'_>]) -> Vec<Vec<i128>> {
    let mut events = vec![Vec::new(); parties];
    for connection in connections {
        events[connection.sender].extend(connection.sent.sent().iter().map(|piece| piece.time_ns));
        events[connection.receiver].extend(connection.received.available().iter().map(|piece| piece.time_ns));
    }
    events.iter_mut().for_each(|events| events.sort_unstable());
    events
}

/// All messages, those of a link in the order in which they were sent.
fn messages(parties: usize, connections: &[Connection<'_>]) -> Vec<Message> {
    let events = events(parties, connections);
    let mut messages = Vec::new();
    for connection in connections {
        let &Connection { sender, receiver, .. } = connection;
        let found = match connection.sent.cuts() {
            Some(cuts) => cuts.to_vec(),
            None => bursts(connection, &events[sender]),
        };
        let mut begun = connection.sent.skip();
        for Cut { end, payload } in found {
            let sent_ns = beyond(connection.sent.sent(), begun).time_ns;
            let came_ns = beyond(connection.received.available(), end - 1).time_ns;
            messages.push(Message { sender, receiver, sent_ns, came_ns, payload });
            begun = end;
        }
    }
    // Stable: messages of one connection stay in its order.
    messages.sort_by_key(|message| message.sent_ns);
    messages
}

/// By how much each party's clock is ahead of party 0's: what the fastest messages of two directions took differs by twice that, if the
/// way takes as long in both.
fn clocks_ahead(parties: usize, messages: &[Message]) -> Result<Vec<i128>, Problem> {
    let mut fastest: BTreeMap<(usize, usize), i128> = BTreeMap::new();
    for message in messages {
        let took = message.came_ns - message.sent_ns;
        let least = fastest.entry((message.sender, message.receiver)).or_insert(took);
        *least = took.min(*least);
    }
    let mut ahead = vec![None; parties];
    ahead[0] = Some(0);
    let mut compared = vec![0];
    while let Some(party) = compared.pop() {
        for other in 0..parties {
            let (Some(there), Some(back)) = (fastest.get(&(party, other)), fastest.get(&(other, party)))
            else {
                continue;
            };
            if ahead[other].is_none() {
                ahead[other] = ahead[party].map(|ahead| ahead + (there - back) / 2);
                compared.push(other);
            }
        }
    }
    (0..).zip(ahead).map(|(party, ahead)| ahead.ok_or(Problem::Clocks(party))).collect()
}

/// What a party did at a moment: messages that come are taken before one that is sent then.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Came { from: usize, ordinal: u64 },
    Sent { to: usize, payload: u64 },
}

/// A party's line: it takes what has come before it sends, and works since the last message came or went.
fn line(builder: &mut TraceBuilder, party: usize, start_ns: i128, acts: &[(i128, Act)]) {
    let event = |kind| Event { kind, span: SpanId::ROOT };
    let (mut before_ns, mut waits) = (start_ns, true);
    for &(at_ns, act) in acts {
        match act {
            Act::Came { from, ordinal } => {
                builder.push(party, event(EventKind::Recv { from, ordinal, group_start: waits }));
                waits = false;
            }
            Act::Sent { to, payload } => {
                let worked = u64::try_from(at_ns - before_ns).unwrap_or(0).saturating_mul(PS_PER_NS);
                builder.push(party, event(EventKind::Work { ps: worked }));
                builder.push(party, event(EventKind::Send { to, payload_bytes: payload }));
                waits = true;
            }
        }
        before_ns = at_ns;
    }
}

/// The trace; if `one_clock`, all times are of one machine.
pub(super) fn trace(
    parties: usize,
    connections: &[Connection<'_>],
    one_clock: bool,
) -> Result<Trace, Problem> {
    let messages = messages(parties, connections);
    let ahead = if one_clock { vec![0; parties] } else { clocks_ahead(parties, &messages)? };
    let mut acts: Vec<Vec<(i128, Act)>> = vec![Vec::new(); parties];
    let mut sent: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    for &Message { sender, receiver, sent_ns, came_ns, payload } in &messages {
        let ordinal = sent.entry((sender, receiver)).or_default();
        acts[sender].push((sent_ns - ahead[sender], Act::Sent { to: receiver, payload }));
        acts[receiver].push((came_ns - ahead[receiver], Act::Came { from: sender, ordinal: *ordinal }));
        *ordinal += 1;
    }
    let start_ns = messages
        .iter()
        .map(|message| message.sent_ns - ahead[message.sender])
        .min()
        .ok_or(Problem::NoData)?;
    let mut builder = TraceBuilder::new(parties);
    for (party, acts) in acts.iter_mut().enumerate() {
        // Stable, so that messages of a link that were sent at once stay in their order.
        acts.sort_by_key(|&(at_ns, act)| (at_ns, matches!(act, Act::Sent { .. })));
        line(&mut builder, party, start_ns, acts);
    }
    Ok(builder.finish(Arc::new(SpanTree::new())))
}
