//! Reads the law of the extra latency of each message.

use super::declared::{LINK, LOG_NORMAL, NORMAL, PARETO, UNIFORM};
use super::errors::Mistakes;
use super::plan::Jitter;
use super::quantities::latency;
use super::read::{self, Fields, unknown_form};
use super::tree::{Kind, Node};

/// A law, and how much a draw follows the one before.
pub fn jitter(node: &Node, mistakes: &mut Mistakes) -> Option<(Jitter, f64)> {
    let name = read::variant_name(node).unwrap_or_default();
    let (group, size) = match (name, &node.kind) {
        ("none", Kind::Word(_)) => return Some((Jitter::None, 0.0)),
        ("uniform", Kind::Record(_)) => (&UNIFORM, "max_ms"),
        ("log_normal", Kind::Record(_)) => (&LOG_NORMAL, "median_ms"),
        ("normal", Kind::Record(_)) => (&NORMAL, "jitter_ms"),
        ("pareto", Kind::Record(_)) => (&PARETO, "jitter_ms"),
        _ => return unknown_form(node, LINK.field("jitter"), mistakes),
    };
    let fields = Fields::new(node, group, mistakes)?;
    let size_ps = fields.node(size, mistakes).and_then(|node| latency(&node, size, mistakes));
    let sigma = if name == "log_normal" { fields.float("sigma", mistakes) } else { Some(0.0) };
    let correlation = fields.float("correlation", mistakes);
    let (size_ps, sigma, correlation) = (size_ps?, sigma?, correlation?);
    let law = match name {
        "uniform" => Jitter::Uniform { max_ps: size_ps },
        "log_normal" => Jitter::LogNormal { median_ps: size_ps, sigma },
        "normal" => Jitter::Normal { sigma_ps: size_ps },
        _ => Jitter::Pareto { scale_ps: size_ps },
    };
    Some((law, correlation))
}
