//! Who brought which part of the training data.

use serde::Serialize;

use super::names::Names;
use super::units::{bytes_text, count_text};
use crate::ledger::{Breakdown, SpanCost};
use crate::scenario::{Owners, Plan};

/// Parts by party, for summary.json; none if party 0 brings everything.
#[derive(Serialize)]
pub struct OwnersSummary {
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<Vec<usize>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    labels: Option<usize>,
}

impl OwnersSummary {
    /// The owners of a plan's data.
    pub fn of(plan: &Plan) -> Option<OwnersSummary> {
        let parties = plan.protocol.parties();
        let padded = |parts: &[usize]| {
            let mut parts = parts.to_vec();
            parts.resize(parties, 0);
            Some(parts)
        };
        match &plan.owners {
            Owners::One(0) => None,
            Owners::One(party) => {
                let mut rows = vec![0; parties];
                rows[*party] = plan.data.train_rows();
                Some(OwnersSummary { rows: Some(rows), columns: None, labels: None })
            }
            Owners::Rows(rows) => Some(OwnersSummary { rows: padded(rows), columns: None, labels: None }),
            Owners::Columns { columns, labels } => {
                Some(OwnersSummary { rows: None, columns: padded(columns), labels: Some(*labels) })
            }
        }
    }
}

/// A line of the table's heading: who brings what. Empty if party 0 brings everything.
pub fn owners_line(plan: &Plan) -> String {
    let Some(owners) = OwnersSummary::of(plan) else { return String::new() };
    let names = Names::of(&plan.network);
    let (unit, parts) = match (owners.rows, owners.columns) {
        (Some(rows), _) => ("rows", rows),
        (_, columns) => ("columns", columns.expect("one of the two")),
    };
    let used = parts.iter().enumerate().filter(|(_, part)| **part > 0);
    let parts: Vec<String> =
        used.map(|(party, &part)| format!("{} {}", names.party(party), count_text(part as u64))).collect();
    let labels = owners.labels.map_or(String::new(), |party| format!("; labels: {}", names.party(party)));
    format!("training data, {unit} of each owner: {}{labels}\n", parts.join(", "))
}

/// The span of what a party inputs: `setup/images/party1`.
fn owner_of(span: &SpanCost) -> Option<usize> {
    let (of, owner) = span.path.strip_prefix("setup/")?.split_once("/party")?;
    ["images", "labels"].contains(&of).then(|| owner.parse().ok()).flatten()
}

/// "party 0 188.16 MB" for each owner, from the breakdown of the set-up; empty if there is one owner.
pub fn by_owner(names: &Names, setup: &Breakdown, parties: usize) -> Vec<String> {
    let bytes = |party| {
        let own = setup.spans.iter().filter(|span| owner_of(span) == Some(party));
        own.map(|span| span.payload_bytes).sum::<u64>()
    };
    let used = (0..parties).map(|party| (party, bytes(party))).filter(|(_, bytes)| *bytes > 0);
    used.map(|(party, bytes)| format!("{} {}", names.party(party), bytes_text(bytes))).collect()
}
