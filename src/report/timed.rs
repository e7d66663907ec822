//! Every event of a replay with its time: what pictures of a trace are drawn from.

use std::sync::Arc;

use crate::sim::{
    Endpoint, Network, Observer, Occurrence, OccurrenceKind, Replayer, SimError, SpanId, SpanTree, Trace,
};

/// The events of all parties, and the names of their spans.
pub struct Timed {
    /// By party, in its order.
    pub lines: Vec<Vec<Occurrence>>,
    /// The names of the spans.
    pub spans: Arc<SpanTree>,
}

struct Recorder(Vec<Vec<Occurrence>>);

impl Observer for Recorder {
    fn event(&mut self, occurrence: &Occurrence) {
        self.0[occurrence.party].push(*occurrence);
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
        let mut recorder = Recorder(vec![Vec::new(); trace.parties()]);
        let mut replayer = Replayer::new(network, endpoints);
        for _ in 0..times {
            replayer.run(trace, &mut recorder)?;
        }
        Ok(Timed { lines: recorder.0, spans: Arc::clone(trace.spans()) })
    }

    /// Number of parties.
    pub fn parties(&self) -> usize {
        self.lines.len()
    }

    /// When the last party ends.
    pub fn end_ps(&self) -> u64 {
        self.lines.iter().filter_map(|line| Some(line.last()?.end_ps)).max().unwrap_or(0)
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
pub fn event_name(event: &Occurrence) -> String {
    match event.kind {
        OccurrenceKind::Work => "work".to_string(),
        OccurrenceKind::Send(_) => format!("send to {}", event.peer),
        OccurrenceKind::Recv(..) if event.waited_ps > 0 => format!("wait for {}", event.peer),
        OccurrenceKind::Recv(..) => format!("receive from {}", event.peer),
    }
}
