//! `owners:`: which party brings which part of the training data.

use super::declared::{COLUMNS, SCENARIO};
use super::errors::Mistakes;
use super::read::{self, Fields, unknown_form};
use super::tree::{Kind, Node};
use super::units::{Decimal, decimal_text, grouped};
use crate::data::Owners;

/// Digits behind the point of a part.
const PLACES: u32 = 9;
/// One, in units of the last of these places.
const WHOLE: u64 = 10u64.pow(PLACES);

/// What is divided among the parties: rows of the training data, columns of a row.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Rows to train on.
    pub rows: usize,
    /// Columns of a row.
    pub width: usize,
    /// Number of parties that may own something.
    pub parties: usize,
}

/// `[0.5, 0.3, 0.2]`: rows; `columns(parts: [0.5, 0.5], labels: 0)`: columns, and the labels of all rows.
pub fn owners(node: &Node, sizes: Sizes, mistakes: &mut Mistakes) -> Option<Owners> {
    if matches!(node.kind, Kind::List(_)) {
        let by_party = parts(node, sizes.rows, sizes.parties, "row", mistakes)?;
        return Some(canonical(&by_party).unwrap_or(Owners::Rows(by_party)));
    }
    if read::variant_name(node) != Some("columns") || !matches!(node.kind, Kind::Record(_)) {
        return unknown_form(node, SCENARIO.field("owners"), mistakes);
    }
    let fields = Fields::new(node, &COLUMNS, mistakes)?;
    let columns = fields.node("parts", mistakes);
    let columns = columns.and_then(|node| parts(&node, sizes.width, sizes.parties, "column", mistakes));
    let labels = fields.node("labels", mistakes);
    let labels =
        labels.and_then(|node| read::whole(&node, "labels", (0, sizes.parties as u64 - 1), mistakes));
    let (columns, labels) = (columns?, labels? as usize);
    // Whoever has all columns and the labels has everything.
    match canonical(&columns) {
        Some(Owners::One(party)) if party == labels => Some(Owners::One(party)),
        _ => Some(Owners::Columns { columns, labels }),
    }
}

/// The only party that has a part, if there is only one.
fn canonical(by_party: &[usize]) -> Option<Owners> {
    let mut owners = (0..by_party.len()).filter(|&party| by_party[party] > 0);
    match (owners.next(), owners.next()) {
        (Some(party), None) => Some(Owners::One(party)),
        _ => None,
    }
}

/// A list of fractions that add up to one, or of whole numbers that add up to `total`, as whole numbers.
fn parts(
    node: &Node,
    total: usize,
    parties: usize,
    unit: &str,
    mistakes: &mut Mistakes,
) -> Option<Vec<usize>> {
    let items = read::list(node, "owners", "[0.5, 0.3, 0.2]", mistakes)?;
    if items.len() > parties {
        let message = format!("{parties} parties hold shares, and `owners` has {} parts", items.len());
        mistakes.add(
            &items[parties].place,
            message,
            "a part of nobody",
            Some("give one part a party".to_string()),
        );
        return None;
    }
    let mut values = Vec::new();
    for item in items {
        let value = match &item.kind {
            Kind::Number(written) => Decimal::parse(written).and_then(|number| number.scaled(PLACES as i32)),
            _ => None,
        };
        let Some(value) = value else {
            let message = format!("a part must be a fraction from 0 to 1, or a number of {unit}s");
            return read::wrong(item, &message, None, mistakes);
        };
        values.push(value);
    }
    let sum: u128 = values.iter().map(|&value| u128::from(value)).sum();
    let mut by_party: Vec<usize> = if sum == u128::from(WHOLE) {
        by_fractions(&values, total)
    } else if sum == u128::from(WHOLE) * total as u128 && values.iter().all(|value| value % WHOLE == 0) {
        values.iter().map(|value| (value / WHOLE) as usize).collect()
    } else {
        let text = u64::try_from(sum).map_or("more".to_string(), |sum| decimal_text(sum, PLACES));
        let message = format!(
            "the parts must add up to 1, as fractions, or to {}, as numbers of {unit}s",
            grouped(total as u64)
        );
        mistakes.add(&node.place, message, format!("they add up to {}", text.trim_end_matches(".0")), None);
        return None;
    };
    if let Some(party) = (0..by_party.len()).find(|&party| values[party] > 0 && by_party[party] == 0) {
        let message = format!("this part of {} {unit}s comes to no {unit}", grouped(total as u64));
        let help = Some("write 0 for a party that brings nothing".to_string());
        mistakes.add(&items[party].place, message, format!("party {party} would bring nothing"), help);
        return None;
    }
    // One way to write the same owners.
    while by_party.last() == Some(&0) {
        by_party.pop();
    }
    Some(by_party)
}

/// Whole numbers in the proportion of fractions: each boundary between two parties is rounded to the nearest.
fn by_fractions(fractions: &[u64], total: usize) -> Vec<usize> {
    let (mut sum, mut end) = (0u128, 0);
    let part = |&fraction: &u64| {
        sum += u128::from(fraction);
        let start = end;
        end = ((sum * total as u128 + u128::from(WHOLE) / 2) / u128::from(WHOLE)) as usize;
        end - start
    };
    fractions.iter().map(part).collect()
}
