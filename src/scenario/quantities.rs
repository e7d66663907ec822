//! Latencies, bandwidths and parties of a network, and fields that may be left out.

use super::declared::{BANDWIDTH_MBPS, LATENCY_MS, PING_MS};
use super::errors::Mistakes;
use super::grid::{Grid, grid};
use super::read::{self, Fields};
use super::tree::{Kind, Node};
use super::units::Decimal;

/// Decimal places from milliseconds to picoseconds.
const MS_TO_PS: i32 = 9;
/// Decimal places from Mbit/s to bits per second.
const MBPS_TO_BPS: i32 = 6;

/// A party's number.
pub fn party(node: &Node, what: &str, parties: usize, mistakes: &mut Mistakes) -> Option<usize> {
    read::whole(node, what, (0, parties as u64 - 1), mistakes).map(|party| party as usize)
}

/// Picoseconds.
pub fn latency(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<u64> {
    let latency = read::decimal(node, what, &LATENCY_MS, mistakes)?;
    Some(latency.scaled(MS_TO_PS).expect("a latency within limits fits"))
}

/// Bits per second, or none for `unlimited`.
pub fn bandwidth(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<Option<u64>> {
    match &node.kind {
        Kind::Word(word) if word == "unlimited" => Some(None),
        _ => {
            let bandwidth = read::decimal(node, what, &BANDWIDTH_MBPS, mistakes)?;
            Some(Some(bandwidth.scaled(MBPS_TO_BPS).expect("a bandwidth within limits fits")))
        }
    }
}

/// The value of a field that may be left out; `good` turns false if it is there and wrong.
pub fn optional<'a, T>(
    node: Option<&'a Node>,
    good: &mut bool,
    read: impl FnOnce(&'a Node) -> Option<T>,
) -> Option<T> {
    let node = node?;
    let value = read(node);
    *good &= value.is_some();
    value
}

/// Notes that of two fields the second says nothing beside the first; false.
pub fn beside(fields: &Fields, first: &str, second: &str, why: &str, mistakes: &mut Mistakes) -> bool {
    let place = fields.place_of(second).unwrap_or(fields.opening());
    let message = format!("`{second}` cannot stand beside `{first}`");
    mistakes.add(place, message, "the second of the two", Some(why.to_string()));
    false
}

/// Latencies one way, from `latency_ms` or from `ping_ms`.
pub fn latency_grid(
    fields: &Fields,
    places: usize,
    needed: &dyn Fn(usize) -> bool,
    good: &mut bool,
    mistakes: &mut Mistakes,
) -> Option<Grid<u64>> {
    if fields.get("latency_ms").is_some() && fields.get("ping_ms").is_some() {
        let why = "a ping is twice the latency: write one of them";
        *good &= beside(fields, "latency_ms", "ping_ms", why, mistakes);
    }
    let own = optional(fields.get("latency_ms"), good, |node| {
        grid(node, "latency_ms", places, needed, mistakes, &|node, mistakes| {
            latency(node, "latency_ms", mistakes)
        })
    });
    let ping = optional(fields.get("ping_ms"), good, |node| {
        grid(node, "ping_ms", places, needed, mistakes, &|node, mistakes| {
            let ping = read::decimal(node, "ping_ms", &PING_MS, mistakes)?;
            Some(ping.scaled_over(MS_TO_PS, Decimal::whole(2)).expect("a ping within limits fits"))
        })
    });
    own.or(ping)
}
