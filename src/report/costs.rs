//! What `mpcsim cost` prints.

use std::fmt::Write;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, LineStyle, Table};
use serde::Serialize;

use super::units::{bytes_text, count_text};
use crate::protocol::Declared;
use crate::protocol::registry::ProtocolName;
use crate::run::{Operation, OperationCost};
use crate::secure::Rounding;

/// An operation and its cost.
#[derive(Clone, Debug)]
pub struct CostRow {
    /// The operation.
    pub operation: Operation,
    /// The length of its vectors.
    pub n: usize,
    /// Its cost.
    pub cost: OperationCost,
}

#[derive(Serialize)]
struct Line<'a> {
    protocol: &'static str,
    rounding: &'static str,
    op: &'static str,
    n: usize,
    rounds: u64,
    exchanges: u64,
    payload_bytes: u64,
    payload_bytes_by_party: &'a [u64],
    offline_payload_bytes: u64,
}

/// A row as a line of JSON.
pub fn cost_line(protocol: ProtocolName, rounding: Rounding, row: &CostRow) -> String {
    let line = Line {
        protocol: protocol.name(),
        rounding: rounding.name(),
        op: row.operation.name(),
        n: row.n,
        rounds: row.cost.rounds,
        exchanges: row.cost.exchanges,
        payload_bytes: row.cost.payload_bytes,
        payload_bytes_by_party: &row.cost.payload_bytes_by_party,
        offline_payload_bytes: row.cost.offline_payload_bytes,
    };
    serde_json::to_string(&line).expect("a line of numbers and names is JSON") + "\n"
}

/// All rows as a table for people.
pub fn cost_table(protocol: ProtocolName, rounding: Rounding, rows: &[CostRow]) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    let mut header: Vec<String> =
        ["operation", "n", "rounds", "exchanges", "payload, all parties"].map(String::from).to_vec();
    header.extend((0..protocol.parties()).map(|party| format!("by party {party}")));
    header.push("offline".to_string());
    let columns = header.len();
    table.set_header(header);
    for row in rows {
        let cost = &row.cost;
        let n = match row.operation.counts() {
            "" => "-".to_string(),
            items => format!("{} {items}", count_text(row.n as u64)),
        };
        let mut cells = vec![row.operation.name().to_string(), n];
        cells.extend([cost.rounds, cost.exchanges].map(count_text));
        cells.push(bytes_text(cost.payload_bytes));
        cells.extend(cost.payload_bytes_by_party.iter().map(|&bytes| bytes_text(bytes)));
        cells.push(bytes_text(cost.offline_payload_bytes));
        table.add_row(cells);
    }
    for column in 1..columns {
        table.column_mut(column).expect("a column").set_cell_alignment(CellAlignment::Right);
    }
    format!(
        "{}, {} rounding; operands shared before, result stays shared\n{}\n",
        protocol.name(),
        rounding.name(),
        table.trim_fmt()
    )
}

/// What stands behind the figures: what each operation of the protocol declares, and by which formula the others come about.
pub fn cost_details(protocol: ProtocolName, rows: &[CostRow]) -> String {
    let mut text = format!("\n{}: {}\n  {}\n", protocol.name(), protocol.description(), protocol.paper());
    for declared in protocol.costs() {
        let Declared { primitive, formula, .. } = declared;
        let cost = declared.text(protocol.parties());
        write!(text, "\n{}: {}\n  {formula}\n  {cost}\n", primitive.name(), primitive.description())
            .expect("a text takes more");
    }
    if protocol.costs().is_empty() {
        text += "\nWhat its operations send is not declared one by one.\n";
    }
    text += "\nOperations\n";
    let mut operations: Vec<Operation> = rows.iter().map(|row| row.operation).collect();
    operations.dedup();
    for operation in operations {
        write!(text, "\n{}: {}\n  {}\n", operation.name(), operation.description(), operation.how())
            .expect("a text takes more");
    }
    text
}
