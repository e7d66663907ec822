//! What one iteration did to each party's critical path, and what many did.

/// Where the critical path of a party came from, and what was added to its parts on the way.
///
/// Compute is not kept: it is what remains of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct PathStep {
    /// The party at whose start the path begins.
    pub origin: u32,
    pub latency_ps: u64,
    pub serialisation_ps: u64,
    pub queueing_ps: u64,
    pub window_ps: u64,
}

impl PathStep {
    /// The path of a party that nothing happened to.
    pub(super) fn still(party: usize) -> PathStep {
        PathStep { origin: party as u32, ..PathStep::default() }
    }

    /// This step, after the earlier one of the party that it came from.
    fn after(self, earlier: &[PathStep]) -> PathStep {
        let first = earlier[self.origin as usize];
        PathStep {
            origin: first.origin,
            latency_ps: first.latency_ps + self.latency_ps,
            serialisation_ps: first.serialisation_ps + self.serialisation_ps,
            queueing_ps: first.queueing_ps + self.queueing_ps,
            window_ps: first.window_ps + self.window_ps,
        }
    }
}

/// All parties' steps after others; `spare` is memory.
pub(super) fn follow(path: &mut Vec<PathStep>, next: &[PathStep], spare: &mut Vec<PathStep>) {
    spare.clear();
    spare.extend(next.iter().map(|step| step.after(path)));
    std::mem::swap(path, spare);
}

/// All parties' steps, a number of times.
pub(super) fn follow_often(
    path: &mut Vec<PathStep>,
    period: Vec<PathStep>,
    times: u64,
    spare: &mut Vec<PathStep>,
) {
    let (mut power, mut left) = (period, times);
    while left > 0 {
        if left & 1 == 1 {
            follow(path, &power, spare);
        }
        left >>= 1;
        if left > 0 {
            spare.clear();
            spare.extend(power.iter().map(|step| step.after(&power)));
            std::mem::swap(&mut power, spare);
        }
    }
}
