//! What `mpcsim cost` prints.

use std::fmt::Write;

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, LineStyle, Table};
use serde::Serialize;

use super::units::{Seconds, bytes_text, count_text, time_text};
use crate::protocol::Declared;
use crate::protocol::registry::ProtocolName;
use crate::ring::MatMul;
use crate::run::{Operation, OperationCost};
use crate::secure::{FixedPoint, Rounding};

/// An operation and its cost.
#[derive(Clone, Debug)]
pub struct CostRow {
    /// The protocol.
    pub protocol: ProtocolName,
    /// The operation.
    pub operation: Operation,
    /// The length of its vectors.
    pub n: usize,
    /// Its cost.
    pub cost: OperationCost,
    /// The name of the network that it was timed in; none if it was not.
    pub network: Option<String>,
}

impl CostRow {
    /// The shapes of its matrices, or the layer and its sizes, if it was asked for with such.
    fn shape(&self) -> Option<String> {
        match self.operation {
            Operation::Product(MatMul { rows, inner, columns, .. }) => {
                Some(format!("{rows}x{inner}x{columns}"))
            }
            Operation::Layer(layer, _) => Some(layer.to_string()),
            _ => None,
        }
    }
}

#[derive(Serialize)]
struct Line<'a> {
    protocol: &'static str,
    rounding: &'static str,
    op: &'static str,
    n: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    shape: Option<String>,
    rounds: u64,
    exchanges: u64,
    payload_bytes: u64,
    payload_bytes_by_party: &'a [u64],
    offline_payload_bytes: u64,
    #[serde(flatten)]
    time: Option<Time<'a>>,
}

#[derive(Serialize)]
struct Time<'a> {
    network: &'a str,
    modelled_seconds: Seconds,
    offline_modelled_seconds: Seconds,
}

/// A row as a line of JSON.
pub fn cost_line(rounding: Rounding, row: &CostRow) -> String {
    let line = Line {
        protocol: row.protocol.full_name(),
        rounding: rounding.name(),
        op: row.operation.name(),
        n: row.n,
        shape: row.shape(),
        rounds: row.cost.rounds,
        exchanges: row.cost.exchanges,
        payload_bytes: row.cost.payload_bytes,
        payload_bytes_by_party: &row.cost.payload_bytes_by_party,
        offline_payload_bytes: row.cost.offline_payload_bytes,
        time: row.network.as_deref().map(|network| Time {
            network,
            modelled_seconds: Seconds(row.cost.modelled_ps),
            offline_modelled_seconds: Seconds(row.cost.offline_modelled_ps),
        }),
    };
    serde_json::to_string(&line).expect("a line of numbers and names is JSON") + "\n"
}

/// All rows as CSV, with a column for each party that any of them has.
pub fn costs_csv(rounding: Rounding, rows: &[CostRow]) -> String {
    let parties = rows.iter().map(|row| row.protocol.parties()).max().unwrap_or(0);
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut write = |cells: Vec<String>| writer.write_record(cells).expect("written to memory");
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let mut header =
        names(&["protocol", "rounding", "op", "n", "shape", "rounds", "exchanges", "payload_bytes"]);
    header.extend((0..parties).map(|party| format!("payload_bytes_by_party_{party}")));
    header.extend(names(&[
        "offline_payload_bytes",
        "network",
        "modelled_seconds",
        "offline_modelled_seconds",
    ]));
    write(header);
    for row in rows {
        let cost = &row.cost;
        let mut cells = names(&[row.protocol.full_name(), rounding.name(), row.operation.name()]);
        cells.extend([row.n.to_string(), row.shape().unwrap_or_default()]);
        cells.extend([cost.rounds, cost.exchanges, cost.payload_bytes].map(|count| count.to_string()));
        let by_party = |party| cost.payload_bytes_by_party.get(party).map_or(String::new(), u64::to_string);
        cells.extend((0..parties).map(by_party));
        cells.push(cost.offline_payload_bytes.to_string());
        cells.extend(match &row.network {
            Some(network) => {
                let [time, offline] =
                    [cost.modelled_ps, cost.offline_modelled_ps].map(|ps| Seconds(ps).to_string());
                [network.clone(), time, offline]
            }
            None => Default::default(),
        });
        write(cells);
    }
    String::from_utf8(writer.into_inner().expect("written to memory")).expect("cells are UTF-8")
}

/// All rows, which are of one protocol, as a table for people.
pub fn cost_table(protocol: ProtocolName, rounding: Rounding, rows: &[CostRow]) -> String {
    let network = rows.iter().find_map(|row| row.network.as_deref());
    let mut table = Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
    let mut header: Vec<String> =
        ["operation", "n", "rounds", "exchanges", "payload, all parties"].map(String::from).to_vec();
    header.extend((0..protocol.parties()).map(|party| format!("by party {party}")));
    header.push("offline".to_string());
    header.extend(network.iter().flat_map(|_| ["time", "offline time"].map(String::from)));
    let columns = header.len();
    table.set_header(header);
    for row in rows {
        let cost = &row.cost;
        let n = match row.operation.counts() {
            "" => row.shape().unwrap_or("-".to_string()),
            items => {
                let of = row.shape().map_or(String::new(), |shape| format!(" of {shape}"));
                format!("{} {items}{of}", count_text(row.n as u64))
            }
        };
        let mut cells = vec![row.operation.name().to_string(), n];
        cells.extend([cost.rounds, cost.exchanges].map(count_text));
        cells.push(bytes_text(cost.payload_bytes));
        cells.extend(cost.payload_bytes_by_party.iter().map(|&bytes| bytes_text(bytes)));
        cells.push(bytes_text(cost.offline_payload_bytes));
        cells
            .extend(network.iter().flat_map(|_| [cost.modelled_ps, cost.offline_modelled_ps].map(time_text)));
        table.add_row(cells);
    }
    for column in 1..columns {
        table.column_mut(column).expect("a column").set_cell_alignment(CellAlignment::Right);
    }
    let network = network.map_or(String::new(), |network| {
        format!("; times under {network}, on new connections, the offline phase before")
    });
    let FixedPoint { fraction_bits, total_bits } = Operation::fixed_point(protocol);
    let format = if protocol.ring_bits() == u64::BITS {
        String::new()
    } else {
        format!(", numbers of {total_bits} bits with {fraction_bits} after the point")
    };
    format!(
        "{}, {} rounding{format}; operands shared before, result stays shared{network}\n{}\n",
        protocol.full_name(),
        rounding.name(),
        table.trim_fmt()
    )
}

/// What stands behind the figures: what each operation of the protocol declares, and by which formula the others come about.
pub fn cost_details(protocol: ProtocolName, rows: &[CostRow]) -> String {
    let mut text =
        format!("\n{}: {}\n  {}\n", protocol.full_name(), protocol.description(), protocol.paper());
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
