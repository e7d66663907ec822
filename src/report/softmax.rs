//! What `mpcsim list --details` says of the softmax variants.

use std::fmt::Write;

use super::units::{bytes_text, count_text};
use crate::protocol::registry::ProtocolName;
use crate::run::{Approximation, Operation};
use crate::secure::Rounding;
use crate::sim::SimError;
use crate::softmax::Softmax;

/// Rows of ten classes of which costs are counted.
const BATCH: usize = 128;
/// Standard deviations of the logits on which errors are measured.
const DEVIATIONS: [f64; 3] = [1.0, 4.0, 8.0];
/// Rows of each measurement.
const ROWS: usize = 20_000;

/// Formula, paper, domain, what is revealed, costs under each protocol and errors of every variant.
pub fn softmax_details() -> Result<String, SimError> {
    let mut text = format!(
        "Softmax variants with x the logits, d = x - max x, y the one-hot label; sigmoids have one logit for two classes, of which p \
         is the probability of the second. Costs: {BATCH} rows of 10 classes (of one logit for a sigmoid), forward and \
         backward, no loss, probabilistic rounding. Errors: of the output distribution to softmax, on {} rows of 10 normal \
         logits (one for a sigmoid), 31 bits with 16 after the point, probabilistic rounding.\n",
        count_text(ROWS as u64)
    );
    for softmax in Softmax::ALL {
        text += &variant(softmax)?;
    }
    Ok(text)
}

fn variant(softmax: Softmax) -> Result<String, SimError> {
    let mut text = format!("\n{}: {}\n", softmax.in_full(), softmax.description());
    let mut line = |name: &str, content: &str| {
        writeln!(text, "  {name:<9}{content}").expect("a text takes more");
    };
    line("formula", softmax.formula());
    line("paper", softmax.paper());
    line("domain", softmax.domain());
    line("reveals", softmax.reveals().unwrap_or("nothing"));
    for parameter in softmax.parameters() {
        line("field", &format!("{}: {}", parameter.name, parameter.about));
    }
    for protocol in ProtocolName::ALL {
        let operation = Operation::OutputLayer(softmax);
        if !operation.is_served_by(protocol) {
            line("cost", &format!("{:<9}not for malicious parties", protocol.name()));
            continue;
        }
        let cost = operation.cost(protocol, Rounding::Probabilistic, BATCH, None)?;
        let offline = match cost.offline_payload_bytes {
            0 => String::new(),
            bytes => format!(", of which {} offline", bytes_text(bytes)),
        };
        let rounds = count_text(cost.rounds);
        let bytes = bytes_text(cost.payload_bytes);
        line("cost", &format!("{:<9}{rounds:>6} rounds, {bytes}{offline}", protocol.name()));
    }
    for deviation in DEVIATIONS {
        let off = Approximation::measured(softmax, deviation, ROWS)?;
        let beyond = match off.beyond_domain {
            0.0 => String::new(),
            fraction => format!(", beyond its domain in {:.2} % of the rows", 100.0 * fraction),
        };
        let content = format!(
            "sd {deviation}: largest {:.1e}, mean total variation {:.1e}, KL {:.1e}, another largest class in {:.2} % of the \
             rows{beyond}",
            off.largest,
            off.total_variation,
            off.divergence,
            100.0 * off.changed
        );
        line("error", &content);
    }
    Ok(text)
}
