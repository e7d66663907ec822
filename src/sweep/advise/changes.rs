//! What would change the answer: where along all latencies, and along all bandwidths, another choice is first.

use super::choices::Choice;
use super::scaled::{Axis, ONE, Scale, Scales};
use crate::sweep::SweepError;

/// Where another choice is first, the nearest such place in one direction; or that there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// What is changed.
    pub axis: Axis,
    /// Whether towards more of it.
    pub upwards: bool,
    /// In millionths of what was asked for: up to here (upwards) or down to here the first choice stays the first. Known to a
    /// hundredth of itself where another one follows; where none does, the end of what was looked at.
    pub factor: u64,
    /// The same in picoseconds or bits per second, where all links are alike.
    pub value: Option<u64>,
    /// Who is first beyond; none if nobody else is.
    pub then: Option<Choice>,
}

/// A choice with what is known of it under each network.
pub(super) struct Candidate {
    pub choice: Choice,
    pub times_ps: Vec<Option<u64>>,
}

/// The place of the first: of equal ones that which comes first.
fn first(candidates: &[Candidate], network: usize) -> Option<usize> {
    let reached = candidates.iter().enumerate().filter_map(|(at, one)| Some((one.times_ps[network]?, at)));
    reached.min().map(|(_, at)| at)
}

/// All changes. Candidates are in the order of their standing; `time_ps` is the time of one of them under a network.
pub(super) fn changes(
    candidates: &[Candidate],
    scales: &Scales,
    time_ps: impl Fn(usize, Scale) -> Result<Option<u64>, SweepError>,
) -> Result<Vec<Change>, SweepError> {
    let mut changes = Vec::new();
    for axis in [Axis::Latency, Axis::Bandwidth] {
        for upwards in [false, true] {
            let beyond =
                |scale: &Scale| scale.axis == axis && (scale.factor > ONE) == upwards && scale.factor != ONE;
            let mut way: Vec<(u64, usize)> = scales
                .all
                .iter()
                .enumerate()
                .filter(|(_, scale)| beyond(scale))
                .map(|(at, scale)| (scale.factor, at))
                .collect();
            way.sort_by_key(|(factor, _)| factor.abs_diff(ONE));
            let Some(&(end, _)) = way.last() else { continue };
            let mut stays = ONE;
            let mut found = None;
            for (factor, network) in way {
                match first(candidates, network) {
                    Some(0) | None => stays = factor,
                    Some(other) => {
                        found = Some((factor, other));
                        break;
                    }
                }
            }
            let (factor, then) = match found {
                None => (end, None),
                Some((changed, other)) => {
                    let ahead = |factor| -> Result<bool, SweepError> {
                        let scale = Scale { axis, factor };
                        let (own, others) = (time_ps(0, scale)?, time_ps(other, scale)?);
                        Ok(own.is_some_and(|own| others.is_none_or(|others| own <= others)))
                    };
                    (boundary(stays, changed, ahead)?, Some(candidates[other].choice))
                }
            };
            let known = scales.alike[usize::from(axis == Axis::Bandwidth)];
            let value = known.map(|value| (u128::from(value) * u128::from(factor) / u128::from(ONE)) as u64);
            changes.push(Change { axis, upwards, factor, value, then });
        }
    }
    Ok(changes)
}

/// The last factor at which the first choice is ahead, between one at which it is and one at which it is not.
fn boundary(
    mut ahead: u64,
    mut behind: u64,
    is_ahead: impl Fn(u64) -> Result<bool, SweepError>,
) -> Result<u64, SweepError> {
    while ahead.abs_diff(behind) > (ahead.min(behind) / 100).max(1) {
        let middle = ahead.midpoint(behind);
        if is_ahead(middle)? {
            ahead = middle;
        } else {
            behind = middle;
        }
    }
    Ok(ahead)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_boundary_is_found_to_a_hundredth() {
        for (ahead, behind, last) in
            [(1_000, 2_000, 1_234), (1_000, 500, 777), (50_000, 100_000, 77_777), (ONE, 10_000, 13_131)]
        {
            let up = behind > ahead;
            let is_ahead = |factor: u64| Ok(if up { factor <= last } else { factor >= last });
            let found = boundary(ahead, behind, is_ahead).unwrap();
            assert!(
                is_ahead(found).unwrap() && found.abs_diff(last) <= (last / 99).max(1),
                "{found} for {last}"
            );
        }
    }
}
