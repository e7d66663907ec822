//! Reads the value of `faults:`.

use std::borrow::Cow;

use super::declared::{DOWN, DURATION_S, FACTOR, FAULTS, MOMENT_S, SLOW, STOP};
use super::errors::{Mistakes, Place};
use super::plan::{Down, Faults, Slow, Stop};
use super::quantities::party;
use super::read::{self, Fields};
use super::tree::Node;

/// Decimal places from seconds to picoseconds.
const S_TO_PS: i32 = 12;
/// Decimal places from a factor to its millionths.
const FACTOR_PLACES: i32 = 6;

/// What goes wrong among so many parties.
pub fn faults(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<Faults> {
    let fields = Fields::new(node, &FAULTS, mistakes)?;
    let stops = entries(&fields, "stops", mistakes, |fields, mistakes| {
        let (party, at_ps) = (who(fields, "party", parties, mistakes), moment(fields, "at_s", mistakes));
        Some(Stop { party: party?, at_ps: at_ps? })
    });
    let slow = entries(&fields, "slow", mistakes, |fields, mistakes| {
        let party = who(fields, "party", parties, mistakes);
        let factor = fields.node("factor", mistakes);
        let factor = factor.and_then(|node| read::decimal(&node, "factor", &FACTOR, mistakes));
        let (from_ps, to_ps) = (moment(fields, "from_s", mistakes), moment(fields, "to_s", mistakes));
        let (from_ps, to_ps) = in_order(fields, ("from_s", from_ps?), ("to_s", to_ps?), mistakes)?;
        let factor_millionths = factor?.scaled(FACTOR_PLACES).expect("a factor within limits fits");
        Some(Slow { party: party?, from_ps, to_ps, factor_millionths })
    });
    let down = entries(&fields, "down", mistakes, |fields, mistakes| {
        let (from, to) = (who(fields, "from", parties, mistakes), who(fields, "to", parties, mistakes));
        let at_ps = moment(fields, "at_s", mistakes);
        let until_ps = match fields.get("until_s") {
            Some(_) => {
                let until_ps = moment(fields, "until_s", mistakes)?;
                Some(in_order(fields, ("at_s", at_ps?), ("until_s", until_ps), mistakes)?.1)
            }
            None => None,
        };
        let (from, to) = (from?, to?);
        if from == to {
            let label = format!("{from} to itself");
            mistakes.add(fields.opening(), "a link joins two different parties", label, None);
            return None;
        }
        Some(Down { from, to, at_ps: at_ps?, until_ps })
    });
    let timeout_ps = match fields.get("timeout_s") {
        Some(_) => Some(moment(&fields, "timeout_s", mistakes)?),
        None => None,
    };
    let (stops, slow, down) = (stops?, slow?, down?);
    let good = [
        apart(&stops, mistakes, |stop| (format!("party {} stops", stop.party), 0, u64::MAX)),
        apart(&slow, mistakes, |slow| (format!("party {} is slow", slow.party), slow.from_ps, slow.to_ps)),
        apart(&down, mistakes, |down| {
            let until_ps = down.until_ps.unwrap_or(u64::MAX);
            (format!("the link from {} to {} is down", down.from, down.to), down.at_ps, until_ps)
        }),
    ];
    let stops = stops.into_iter().map(|(_, stop)| stop).collect();
    let slow = slow.into_iter().map(|(_, slow)| slow).collect();
    let down = down.into_iter().map(|(_, down)| down).collect();
    good.into_iter().all(|good| good).then_some(Faults { stops, slow, down, timeout_ps, held: None })
}

/// The entries of a list of records, each with its place.
fn entries<T>(
    fields: &Fields,
    name: &'static str,
    mistakes: &mut Mistakes,
    read: impl Fn(&Fields, &mut Mistakes) -> Option<T>,
) -> Option<Vec<(Place, T)>> {
    let (group, example) = match name {
        "stops" => (&STOP, "[(party: 1, at_s: 60)]"),
        "slow" => (&SLOW, "[(party: 1, from_s: 10, to_s: 20, factor: 4)]"),
        _ => (&DOWN, "[(from: 0, to: 1, at_s: 10, until_s: 20)]"),
    };
    let list = fields.node(name, mistakes)?;
    let mut found = Vec::new();
    let mut good = true;
    for item in read::list(&list, name, example, mistakes)? {
        let entry = Fields::new(item, group, mistakes).and_then(|fields| read(&fields, mistakes));
        good &= entry.is_some();
        found.extend(entry.map(|entry| (item.place.clone(), entry)));
    }
    good.then_some(found)
}

fn who(fields: &Fields, name: &str, parties: usize, mistakes: &mut Mistakes) -> Option<usize> {
    let node = fields.node(name, mistakes)?;
    party(&node, name, parties, mistakes)
}

/// Picoseconds.
pub(super) fn moment(fields: &Fields, name: &'static str, mistakes: &mut Mistakes) -> Option<u64> {
    let node = match fields.get(name) {
        Some(node) => Cow::Borrowed(node),
        None => fields.node(name, mistakes)?,
    };
    let value = if name == "timeout_s" { &DURATION_S } else { &MOMENT_S };
    let moment = read::decimal(&node, name, value, mistakes)?;
    Some(moment.scaled(S_TO_PS).expect("a moment within limits fits"))
}

/// Two moments of which the second is later.
fn in_order(
    fields: &Fields,
    (first, from_ps): (&str, u64),
    (second, to_ps): (&str, u64),
    mistakes: &mut Mistakes,
) -> Option<(u64, u64)> {
    if from_ps < to_ps {
        return Some((from_ps, to_ps));
    }
    let place = fields.get(second).map_or(fields.opening(), |node| &node.place);
    let message = format!("`{second}` must be later than `{first}`");
    mistakes.add(place, message, "no later", None);
    None
}

/// Whether nothing of the same kind happens twice at one time: what it is, from when on, and until when.
fn apart<T>(
    entries: &[(Place, T)],
    mistakes: &mut Mistakes,
    interval: impl Fn(&T) -> (String, u64, u64),
) -> bool {
    let mut good = true;
    for (at, (place, entry)) in entries.iter().enumerate() {
        let (what, from_ps, to_ps) = interval(entry);
        let meets = |(_, other): &(Place, T)| {
            let (other, other_from_ps, other_to_ps) = interval(other);
            other == what && other_from_ps < to_ps && from_ps < other_to_ps
        };
        if entries[..at].iter().any(meets) {
            mistakes.add(place, format!("{what} twice at one time"), "the second time", None);
            good = false;
        }
    }
    good
}
