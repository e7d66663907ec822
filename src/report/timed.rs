//! Every event of a replay with its time: what pictures of a trace are drawn from.

use std::sync::Arc;

use super::names::Names;
use crate::sim::{
    Endpoint, Network, Observer, Occurrence, OccurrenceKind, Replayer, SimError, SpanId, SpanTree, Trace,
};

/// The events of all parties, and the names of their spans.
pub struct Timed {
    /// Each party's in its order, and every send before its receive.
    pub events: Vec<Occurrence>,
    /// Number of parties.
    pub parties: usize,
    /// What the parties are called.
    pub names: Names,
    /// The names of the spans.
    pub spans: Arc<SpanTree>,
}

struct Recorder(Vec<Occurrence>);

impl Observer for Recorder {
    fn event(&mut self, occurrence: &Occurrence) {
        self.0.push(*occurrence);
    }
}

impl Timed {
    /// Replays a trace so many times, one run after the other, from clocks at zero.
    pub fn of(
        trace: &Trace,
        times: u64,
        network: &Network,
        endpoints: &[Endpoint],
    ) -> Result<Timed, SimError> {
        let mut recorder = Recorder(Vec::new());
        let mut replayer = Replayer::new(network, endpoints);
        for _ in 0..times {
            replayer.run(trace, &mut recorder)?;
        }
        Ok(Timed {
            events: recorder.0,
            parties: trace.parties(),
            names: Names::default(),
            spans: Arc::clone(trace.spans()),
        })
    }

    /// What a party did.
    pub fn line(&self, party: usize) -> impl Iterator<Item = &Occurrence> {
        self.events.iter().filter(move |event| event.party == party)
    }

    /// When the last party ends.
    pub fn end_ps(&self) -> u64 {
        self.events.iter().map(|event| event.end_ps).max().unwrap_or(0)
    }

    /// The spans from below the root to a span.
    pub fn ancestry(&self, span: SpanId) -> Vec<SpanId> {
        let mut spans = Vec::new();
        let mut at = span;
        while let Some(parent) = self.spans.parent(at) {
            spans.push(at);
            at = parent;
        }
        spans.reverse();
        spans
    }
}

/// What a leaf of the tree of slices is called.
pub fn event_name(names: &Names, event: &Occurrence) -> String {
    let peer = names.short(event.peer);
    match event.kind {
        OccurrenceKind::Work => "work".to_string(),
        OccurrenceKind::Send(_) => format!("send to {peer}"),
        OccurrenceKind::Recv(..) if event.waited_ps > 0 => format!("wait for {peer}"),
        OccurrenceKind::Recv(..) => format!("receive from {peer}"),
    }
}
