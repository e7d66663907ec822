//! Reads what links become in the course of time.

use super::declared::{AT_S, CHANGE};
use super::errors::Mistakes;
use super::grid::{Grid, grid};
use super::plan::{Change, Link};
use super::quantities::{bandwidth, latency_grid, optional};
use super::read::{self, Fields};
use super::tree::Node;

/// Decimal places from seconds to picoseconds.
const S_TO_PS: i32 = 12;

const EXAMPLE: &str = "[(at_s: 60, bandwidth_mbps: 10.0)]";

/// Places of the moments of a single link: figures, no matrix.
pub const SINGLE: usize = 0;

/// A moment, and what is new from then on.
pub struct Moment {
    at_ps: u64,
    latency_ps: Option<Grid<u64>>,
    bandwidth_bps: Option<Grid<Option<u64>>>,
}

/// All moments of a list, in order. Figures stand between so many places.
pub fn moments(node: &Node, places: usize, mistakes: &mut Mistakes) -> Option<Vec<Moment>> {
    let mut good = true;
    let mut moments: Vec<Moment> = Vec::new();
    for item in read::list(node, "changes", EXAMPLE, mistakes)? {
        let fields = Fields::new(item, &CHANGE, mistakes)?;
        let at_s = fields.node("at_s", mistakes);
        let at_s = at_s.and_then(|node| read::decimal(&node, "at_s", &AT_S, mistakes));
        let at_ps = at_s.map(|at_s| at_s.scaled(S_TO_PS).expect("a moment within limits fits"));
        let latency_ps = latency_grid(&fields, places, &|_| false, &mut good, mistakes);
        let bandwidth_bps = optional(fields.get("bandwidth_mbps"), &mut good, |node| {
            let read = |node: &Node, mistakes: &mut Mistakes| bandwidth(node, "bandwidth_mbps", mistakes);
            grid(node, "bandwidth_mbps", places, &|_| false, mistakes, &read)
        });
        let Some(at_ps) = at_ps else {
            good = false;
            continue;
        };
        if good && latency_ps.is_none() && bandwidth_bps.is_none() {
            let help = Some("add latency_ms, ping_ms or bandwidth_mbps".to_string());
            mistakes.add(&item.place, "a change that changes nothing", "here", help);
            good = false;
        }
        if moments.last().is_some_and(|earlier| earlier.at_ps >= at_ps) {
            mistakes.add(
                &item.place,
                "changes stand in the order of time",
                "no later than the one before",
                None,
            );
            good = false;
        }
        moments.push(Moment { at_ps, latency_ps, bandwidth_bps });
    }
    good.then_some(moments)
}

/// What a link between two places becomes.
pub fn of_link(moments: &[Moment], link: &Link, pair: (usize, usize), places: (usize, usize)) -> Vec<Change> {
    let (mut latency_ps, mut bandwidth_bps) = (link.latency_ps, link.bandwidth_bps);
    let change = |moment: &Moment| {
        let own = moment.latency_ps.as_ref().and_then(|grid| grid.between(places.0, places.1));
        latency_ps = own.unwrap_or(latency_ps);
        let own = moment.bandwidth_bps.as_ref().and_then(|grid| grid.between(places.0, places.1));
        bandwidth_bps = own.unwrap_or(bandwidth_bps);
        Change { at_ps: moment.at_ps, from: pair.0, to: pair.1, latency_ps, bandwidth_bps }
    };
    moments.iter().map(change).collect()
}
