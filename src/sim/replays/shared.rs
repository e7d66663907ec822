//! The engine as a machine, for networks with limits on incoming interfaces, and for shaped ones.

use super::{
    drive::{Machine, RunReport},
    prepared::Prepared,
    steps::PathStep,
};
use crate::sim::{Network, Replayer, engine::Path, error::Overflow};

/// One network with shared interfaces or wires.
#[derive(Debug)]
pub(super) struct Shared<'p> {
    traces: Vec<&'p Prepared>,
    replayer: Replayer,
}

impl<'p> Shared<'p> {
    pub(super) fn new(network: &Network, traces: Vec<&'p Prepared>) -> Shared<'p> {
        let endpoints = traces.first().map_or(&[][..], |trace| &trace.endpoints);
        Shared { replayer: Replayer::new(network, endpoints), traces }
    }
}

/// Whether the order at incoming interfaces is the same in runs that begin in the same state.
///
/// Of a shaped network it is the order of (time, sender, number of the sender's message), which always repeats. Else it is
/// that of (head, sender, number on the link, receiver), and numbers of two links grow apart. They decide
/// only between messages to different receivers; which of these goes first changes nothing if no answer to it can
/// reach an interface at that same moment, so if the way to every limited interface takes time.
pub(super) fn order_repeats(network: &Network, traces: &[&Prepared]) -> bool {
    if network.is_shaped() {
        return true;
    }
    let n = network.parties;
    let limited = |link: usize| network.interfaces[link % n].ingress_bps.is_some();
    let instant = |link: usize| limited(link) && network.links[link].latency_ps == 0;
    !traces.iter().flat_map(|trace| &trace.keys).any(|key| instant(key.link as usize))
}

impl Machine for Shared<'_> {
    fn turn(&mut self, trace: usize, _: u8) -> Result<(), Overflow> {
        // It was compiled, so that it neither deadlocks nor leaves messages.
        self.replayer.run(&self.traces[trace].trace, &mut ()).map_or(Err(Overflow), |_| Ok(()))
    }

    fn look(&mut self, _: usize, report: &mut RunReport<'_>) {
        let engine = &mut self.replayer.engine;
        let from = report.state.len();
        engine.relative_state(report.state);
        report.gain_ps = engine.earliest_ps();
        let step = |(origin, [latency_ps, serialisation_ps, queueing_ps, window_ps]): Path| PathStep {
            origin,
            latency_ps,
            serialisation_ps,
            queueing_ps,
            window_ps,
        };
        report.steps.extend(engine.paths().map(step));
        self.set(0, &report.state[from..]);
    }

    fn set(&mut self, _: usize, state: &[u64]) {
        self.replayer.engine.set_relative_state(state);
    }
}
