//! Latencies, bandwidths and parties of a network, and fields that may be left out.

use super::declared::{BACKGROUND, BANDWIDTH_MBPS, LATENCY_MS, LOSS, PING_MS};
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

/// Millionths.
pub fn share(node: &Node, what: &str, mistakes: &mut Mistakes) -> Option<u64> {
    let share = read::decimal(node, what, &BACKGROUND, mistakes)?;
    Some(share.scaled(6).expect("a share within limits fits"))
}

/// How many of 10^9 packets are lost.
pub fn loss(node: &Node, mistakes: &mut Mistakes) -> Option<u32> {
    let share = read::decimal(node, "loss", &LOSS, mistakes)?;
    let billionths = share.scaled(9).expect("a share within limits fits");
    Some(u32::try_from(billionths).expect("a share within limits fits"))
}

/// The share of a limit that others use; of no limit there is none.
pub fn share_of(fields: &Fields, what: &str, limit: Option<u64>, mistakes: &mut Mistakes) -> Option<u64> {
    let node = fields.node(what, mistakes)?;
    let share = share(&node, what, mistakes)?;
    if share > 0 && limit.is_none() {
        return read::wrong(&node, NO_SHARE, Some(NO_SHARE_HELP.to_string()), mistakes);
    }
    Some(share)
}

/// Why others cannot use a share, and what to do.
pub const NO_SHARE: &str = "others use a share of a rate, and here is no limit";
/// See [`NO_SHARE`].
pub const NO_SHARE_HELP: &str = "give the limit in Mbit/s, or leave the share out";

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
