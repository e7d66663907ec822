//! What one iteration did to each party's critical path, and what many did.

/// Where the critical path of a party came from, and what was added to its parts on the way.
///
/// Compute is not kept: it is what remains of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Step {
    /// The party at whose start the path begins.
    pub origin: u32,
    pub latency_ps: u64,
    pub serialisation_ps: u64,
    pub queueing_ps: u64,
}

impl Step {
    /// The path of a party that nothing happened to.
    pub(super) fn still(party: usize) -> Step {
        Step { origin: party as u32, ..Step::default() }
    }

    /// This step, after the earlier one of the party that it came from.
    fn after(self, earlier: &[Step]) -> Step {
        let first = earlier[self.origin as usize];
        Step {
            origin: first.origin,
            latency_ps: first.latency_ps + self.latency_ps,
            serialisation_ps: first.serialisation_ps + self.serialisation_ps,
            queueing_ps: first.queueing_ps + self.queueing_ps,
        }
    }
}

/// All parties' steps after others; `spare` is memory.
pub(super) fn follow(path: &mut Vec<Step>, next: &[Step], spare: &mut Vec<Step>) {
    spare.clear();
    spare.extend(next.iter().map(|step| step.after(path)));
    std::mem::swap(path, spare);
}

/// All parties' steps, a number of times.
pub(super) fn follow_often(path: &mut Vec<Step>, period: Vec<Step>, times: u64, spare: &mut Vec<Step>) {
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
