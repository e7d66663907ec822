//! A plan as a scenario file: every default written out, every number exact. Reading it gives the same plan.

use std::fmt::Write;

use super::plan::{
    ComputePlan, DataSource, Jitter, Length, Link, Model, NetworkPlan, PartyCompute, Plan, WireOverhead,
};
use super::presets::OVERHEADS;
use super::units::decimal_text;

/// Decimal places from a millisecond to a picosecond.
const MS_PLACES: u32 = 9;
/// Decimal places from a microsecond to a picosecond, and from a nanosecond to a femtosecond.
const US_PLACES: u32 = 6;
/// Decimal places from a Mbit/s to a bit per second.
const MBPS_PLACES: u32 = 6;

impl Plan {
    /// The scenario as resolved.
    pub fn to_ron(&self) -> String {
        let mut text = String::from("(\n");
        let mut field = |name: &str, value: String| line(&mut text, 1, &format!("{name}: {value}"));
        field("name", quoted(&self.name));
        field("seed", self.seed.to_string());
        field("protocol", self.protocol.name().to_string());
        field("rounding", self.rounding.name().to_string());
        let format = self.fixed_point;
        field(
            "fixed_point",
            format!("(fraction_bits: {}, total_bits: {})", format.fraction_bits, format.total_bits),
        );
        let Model::Dense { hidden } = &self.model;
        field("model", format!("dense(hidden: {hidden:?})"));
        field("softmax", self.softmax.name().to_string());
        field("loss", self.loss.to_string());
        field("data", data(&self.data));
        field("training", training(self));
        field("network", network(&self.network));
        field("compute", compute(&self.compute));
        text.push_str(")\n");
        text
    }

    /// Names the plan and the version of the program that runs it: 16 hexadecimal digits. Two plans with the same
    /// fingerprint give the same results, provided that data files which they name have not changed.
    pub fn fingerprint(&self) -> String {
        let version = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"), "\n");
        format!("{:016x}", fnv1a(&[version.as_bytes(), self.to_ron().as_bytes()]))
    }
}

impl NetworkPlan {
    /// The network as resolved, as it can stand behind `network:`.
    pub fn to_ron(&self) -> String {
        network(self)
    }
}

impl ComputePlan {
    /// The costs as resolved, as they can stand behind `compute:`.
    pub fn to_ron(&self) -> String {
        compute(self)
    }
}

/// The hash of Fowler, Noll and Vo, 64 bits, of several pieces in a row.
pub fn fnv1a(pieces: &[&[u8]]) -> u64 {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let bytes = pieces.iter().flat_map(|piece| piece.iter());
    bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
}

fn line(text: &mut String, depth: usize, content: &str) {
    writeln!(text, "{}{content},", "    ".repeat(depth)).expect("writing to a string succeeds");
}

fn quoted(text: &str) -> String {
    ron::to_string(text).expect("a text can be written")
}

fn data(source: &DataSource) -> String {
    match source {
        DataSource::Mnist { train, test } => format!("mnist(train: {train}, test: {test})"),
        DataSource::Idx { train_images, train_labels, test_images, test_labels, train, test } => {
            let mut text = String::from("idx(\n");
            line(&mut text, 2, &format!("train_images: {}", quoted(&train_images.written)));
            line(&mut text, 2, &format!("train_labels: {}", quoted(&train_labels.written)));
            line(&mut text, 2, &format!("test_images: {}", quoted(&test_images.written)));
            line(&mut text, 2, &format!("test_labels: {}", quoted(&test_labels.written)));
            line(&mut text, 2, &format!("train: {train}"));
            line(&mut text, 2, &format!("test: {test}"));
            text + "    )"
        }
    }
}

fn training(plan: &Plan) -> String {
    let training = plan.training;
    let length = match training.length {
        Length::Epochs(epochs) => format!("epochs: {epochs}"),
        Length::Iterations(iterations) => format!("iterations: {iterations}"),
    };
    format!(
        "({length}, batch: {}, learning_rate: {:?}, momentum: {:?}, restart_below: {:?})",
        training.batch, training.learning_rate, training.momentum, training.restart_below
    )
}

fn network(plan: &NetworkPlan) -> String {
    // The first link stands for all, and those that differ follow.
    let usual = if plan.parties > 1 { *plan.link(0, 1) } else { plan.links[0] };
    let mut text = String::from("custom(\n");
    line(&mut text, 2, &format!("label: {}", quoted(&plan.label)));
    line(&mut text, 2, &format!("latency_ms: {}", decimal_text(usual.latency_ps, MS_PLACES)));
    line(&mut text, 2, &format!("bandwidth_mbps: {}", bandwidth(usual.bandwidth_bps)));
    line(&mut text, 2, &format!("jitter: {}", jitter(usual.jitter)));
    line(&mut text, 2, &format!("overhead: {}", overhead(plan.overhead)));
    line(&mut text, 2, &format!("interfaces: {}", interfaces(plan)));
    line(&mut text, 2, &format!("links: {}", links(plan, usual)));
    text + "    )"
}

fn links(plan: &NetworkPlan, usual: Link) -> String {
    let mut text = String::new();
    for from in 0..plan.parties {
        for to in (0..plan.parties).filter(|to| *to != from) {
            let link = plan.link(from, to);
            if *link != usual {
                let content = format!(
                    "(from: {from}, to: {to}, latency_ms: {}, bandwidth_mbps: {}, jitter: {})",
                    decimal_text(link.latency_ps, MS_PLACES),
                    bandwidth(link.bandwidth_bps),
                    jitter(link.jitter)
                );
                line(&mut text, 3, &content);
            }
        }
    }
    in_brackets(&text)
}

fn interfaces(plan: &NetworkPlan) -> String {
    let mut text = String::new();
    for (party, interface) in plan.interfaces.iter().enumerate() {
        let (egress, ingress) = (bandwidth(interface.egress_bps), bandwidth(interface.ingress_bps));
        line(&mut text, 3, &format!("(party: {party}, egress_mbps: {egress}, ingress_mbps: {ingress})"));
    }
    in_brackets(&text)
}

fn in_brackets(lines: &str) -> String {
    if lines.is_empty() { "[]".to_string() } else { format!("[\n{lines}        ]") }
}

fn bandwidth(bps: Option<u64>) -> String {
    bps.map_or("unlimited".to_string(), |bps| decimal_text(bps, MBPS_PLACES))
}

fn jitter(jitter: Jitter) -> String {
    match jitter {
        Jitter::None => "none".to_string(),
        Jitter::Uniform { max_ps } => format!("uniform(max_ms: {})", decimal_text(max_ps, MS_PLACES)),
        Jitter::LogNormal { median_ps, sigma } => {
            format!("log_normal(median_ms: {}, sigma: {sigma:?})", decimal_text(median_ps, MS_PLACES))
        }
    }
}

fn overhead(overhead: WireOverhead) -> String {
    match OVERHEADS.iter().find(|(_, preset)| *preset == overhead) {
        Some((name, _)) => name.to_string(),
        None => format!(
            "custom(per_message_bytes: {}, per_segment_bytes: {}, segment_payload_bytes: {})",
            overhead.per_message_bytes, overhead.per_segment_bytes, overhead.segment_payload_bytes
        ),
    }
}

fn compute(plan: &ComputePlan) -> String {
    if plan.label == "none" && plan.parties.iter().all(|party| *party == PartyCompute::default()) {
        return "none".to_string();
    }
    let mut text = String::from("custom(\n");
    line(&mut text, 2, &format!("label: {}", quoted(&plan.label)));
    let usual = plan.parties[0];
    costs(usual).iter().for_each(|cost| line(&mut text, 2, cost));
    let mut others = String::new();
    for (party, own) in plan.parties.iter().enumerate().filter(|(_, own)| **own != usual) {
        line(&mut others, 3, &format!("(party: {party}, {})", costs(*own).join(", ")));
    }
    line(&mut text, 2, &format!("parties: {}", in_brackets(&others)));
    text + "    )"
}

/// Speed and cores have been divided out: what is written is what it costs.
fn costs(party: PartyCompute) -> [String; 8] {
    [
        ("send_us", party.send_ps),
        ("receive_us", party.receive_ps),
        ("wake_us", party.wake_ps),
        ("add_ns", party.add_fs),
        ("multiply_ns", party.multiply_fs),
        ("mac_ns", party.mac_fs),
        ("bit_word_ns", party.bit_word_fs),
        ("random_byte_ns", party.random_byte_fs),
    ]
    .map(|(name, value)| format!("{name}: {}", decimal_text(value, US_PLACES)))
}
