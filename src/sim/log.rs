//! What parties of a live run do: recorded, and timed.
//!
//! Owns the choice of when it is timed. Where parties share neither wires nor interfaces, a time does not depend on which
//! party goes first, and the engine goes along. Where they do, it serves messages in their order, which is known only when
//! all parties wait: then the record is replayed when it is complete.

use std::sync::Arc;

use super::{
    Clock, Replay, Replayer, SimError, SpanId, SpanTree, Trace, TraceBuilder, World,
    engine::{Engine, Kept},
    error::{Overflow, sum},
};

/// A record that is being written.
pub(crate) struct Log {
    parties: usize,
    recorder: TraceBuilder,
    replayer: Replayer,
    start: Vec<Clock>,
    /// Whether the engine goes along; it stops when a clock overflows, which is said at the end.
    along: bool,
}

impl Log {
    pub(crate) fn new(world: &World) -> Log {
        Log {
            parties: world.network.parties,
            recorder: TraceBuilder::new(world.network.parties),
            replayer: Replayer::new(&world.network, &world.endpoints),
            start: Vec::new(),
            along: false,
        }
    }

    pub(crate) fn reset(&mut self) {
        self.replayer.reset();
        self.recorder = TraceBuilder::new(self.parties);
    }

    pub(crate) fn clocks(&self) -> Vec<Clock> {
        self.replayer.clocks()
    }

    pub(crate) fn begin(&mut self) {
        self.along = !self.replayer.engine.serves();
        self.start = self.replayer.clocks();
        if self.along {
            self.replayer.engine.begin_run();
        }
    }

    /// The trace as far as it goes.
    pub(crate) fn so_far(&self, spans: &Arc<SpanTree>) -> Trace {
        self.recorder.clone().finish(Arc::clone(spans))
    }

    /// The trace and the times of a run that has ended.
    pub(crate) fn end(&mut self, spans: &Arc<SpanTree>) -> Result<(Trace, Replay), SimError> {
        let next = self.recorder.as_long();
        let trace = std::mem::replace(&mut self.recorder, next).finish(Arc::clone(spans));
        let engine = &self.replayer.engine;
        let replay = if engine.serves() {
            self.replayer.run(&trace, &mut ())?
        } else if !self.along {
            return Err(SimError::Overflow);
        } else if let Some(error) = engine.unreceived() {
            return Err(error);
        } else {
            Replay { start: std::mem::take(&mut self.start), clocks: engine.clocks() }
        };
        Ok((trace, replay))
    }

    #[inline(always)]
    fn time(&mut self, step: impl FnOnce(&mut Engine) -> Result<(), Overflow>) {
        if self.along {
            self.along = step(&mut self.replayer.engine).is_ok();
        }
    }

    #[inline]
    pub(crate) fn work(&mut self, party: usize, span: SpanId, ps: u64) {
        self.recorder.work(party, span, ps);
        self.time(|engine| engine.work::<false>(party, ps));
    }

    #[inline]
    pub(crate) fn send(&mut self, party: usize, span: SpanId, to: usize, payload_bytes: u64) {
        self.recorder.send(party, span, to, payload_bytes);
        self.time(|engine| engine.send::<false>(party, to, payload_bytes, false, Kept::No).map(|_| ()));
    }

    #[inline]
    pub(crate) fn recv(&mut self, party: usize, span: SpanId, from: usize, ordinal: u64, group_start: bool) {
        self.recorder.recv(party, span, from, ordinal, group_start);
        self.time(|engine| {
            let ordinal = sum(engine.base(from, party), ordinal)?;
            engine.receive::<false>(party, from, ordinal).map(|_| ())
        });
    }
}
