//! What every party did when, small enough to be drawn.
//!
//! A replay has one event for each piece of work; a picture needs stretches. Neighbouring stretches of one span and
//! kind are one; beyond a limit, the shortest ones are joined with their neighbours and the smallest messages left out.

use crate::sim::{
    Endpoint, MessageId, Network, Observer, Occurrence, OccurrenceKind, Replayer, SimError, Trace,
};

/// Most stretches that are kept, over all parties.
const STRETCHES: usize = 6000;
/// Most messages that are kept.
const MESSAGES: usize = 3000;

/// A party's time from one moment to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    /// When it began.
    pub start_ps: u64,
    /// When it ended.
    pub end_ps: u64,
    /// Whether the party waited for a message; it computed if not.
    pub waits: bool,
    /// The span, as a place in [`Activity::spans`].
    pub span: usize,
}

/// A message on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    /// Which one.
    pub message: MessageId,
    /// When its sender handed it over.
    pub sent_ps: u64,
    /// When its last bit was with the receiver.
    pub arrival_ps: u64,
    /// Its bytes, framing not counted.
    pub payload_bytes: u64,
    /// The receiver's span, as a place in [`Activity::spans`].
    pub span: usize,
}

/// What all parties did in a phase that they began together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// When the last party was done.
    pub end_ps: u64,
    /// Paths of the spans.
    pub spans: Vec<String>,
    /// Each party's stretches, without gaps but for time that was not used.
    pub parties: Vec<Vec<Stretch>>,
    /// Messages in the order of their arrival.
    pub messages: Vec<Flight>,
    /// Messages of the phase, kept or not.
    pub all_messages: usize,
    /// Stretches shorter than this were joined with the one before; 0 if none.
    pub resolution_ps: u64,
}

fn push(line: &mut Vec<Stretch>, next: Stretch) {
    if next.start_ps == next.end_ps {
        return;
    }
    match line.last_mut() {
        Some(last) if last.span == next.span && last.waits == next.waits && last.end_ps == next.start_ps => {
            last.end_ps = next.end_ps;
        }
        _ => line.push(next),
    }
}

impl Observer for Activity {
    fn event(&mut self, event: &Occurrence) {
        let span = event.span.index();
        let line = &mut self.parties[event.party];
        let waited_ps = event.start_ps + event.waited_ps;
        push(line, Stretch { start_ps: event.start_ps, end_ps: waited_ps, waits: true, span });
        push(line, Stretch { start_ps: waited_ps, end_ps: event.end_ps, waits: false, span });
        if let OccurrenceKind::Recv(message, way) = event.kind {
            let (sent_ps, arrival_ps) = (way.sent_ps, way.arrival_ps);
            let payload_bytes = event.payload_bytes;
            self.messages.push(Flight { message, sent_ps, arrival_ps, payload_bytes, span });
        }
    }
}

impl Activity {
    /// Replays a trace from clocks at zero.
    pub fn of(trace: &Trace, network: &Network, endpoints: &[Endpoint]) -> Result<Activity, SimError> {
        let spans = trace.spans().ids().map(|id| trace.spans().path(id)).collect();
        let mut activity =
            Activity { spans, parties: vec![Vec::new(); trace.parties()], ..Activity::default() };
        let replay = Replayer::new(network, endpoints).run(trace, &mut activity)?;
        activity.end_ps = replay.clocks.iter().map(|clock| clock.time_ps).max().unwrap_or(0);
        activity.shorten(STRETCHES, MESSAGES);
        Ok(activity)
    }

    /// Keeps about so many stretches, and at most so many messages.
    fn shorten(&mut self, stretches: usize, messages: usize) {
        let mut resolution_ps = self.end_ps / 8192 + 1;
        while self.parties.iter().map(Vec::len).sum::<usize>() > stretches && resolution_ps < self.end_ps {
            self.parties.iter_mut().for_each(|line| join_short(line, resolution_ps));
            self.resolution_ps = resolution_ps;
            resolution_ps *= 2;
        }
        self.all_messages = self.messages.len();
        if self.messages.len() > messages {
            self.messages.sort_by_key(|m| (std::cmp::Reverse(m.payload_bytes), m.sent_ps, m.message));
            self.messages.truncate(messages);
        }
        self.messages.sort_by_key(|m| (m.arrival_ps, m.message));
    }
}

/// Joins every short stretch with the one before it.
fn join_short(line: &mut Vec<Stretch>, resolution_ps: u64) {
    let mut joined: Vec<Stretch> = Vec::new();
    for next in line.drain(..) {
        match joined.last_mut() {
            Some(last) if last.end_ps == next.start_ps && next.end_ps - next.start_ps < resolution_ps => {
                last.end_ps = next.end_ps;
            }
            _ => push(&mut joined, next),
        }
    }
    *line = joined;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortening_keeps_the_time_and_the_largest_messages() {
        let stretch = |i: u64| Stretch {
            start_ps: 10 * i,
            end_ps: 10 * i + 10,
            waits: i.is_multiple_of(2),
            span: (i % 3) as usize,
        };
        let flight = |i: u64| Flight {
            message: MessageId { from: 0, to: 1, ordinal: i },
            sent_ps: i,
            arrival_ps: 2 * i,
            payload_bytes: i % 7,
            span: 0,
        };
        let mut activity = Activity {
            end_ps: 10_000,
            parties: vec![(0..1000).map(stretch).collect()],
            messages: (0..100).map(flight).collect(),
            ..Activity::default()
        };
        activity.shorten(100, 14);
        let line = &activity.parties[0];
        assert!(line.len() <= 100);
        assert_eq!((line[0].start_ps, line[line.len() - 1].end_ps), (0, 10_000));
        assert!(line.windows(2).all(|pair| pair[0].end_ps == pair[1].start_ps));
        assert!(activity.messages.iter().all(|m| m.payload_bytes == 6) && activity.messages.len() == 14);
        assert_eq!(activity.all_messages, 100);
    }
}
