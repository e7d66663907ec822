//! `ring_bits`: which protocols have a smaller ring, and what has place in it.

use super::declared::RING_BITS;
use super::errors::Mistakes;
use super::plan::{Optimizer, Plan, Protocol, Softmax};
use super::read::{self, Fields};
use super::training::training_field;
use super::tree::Node;
use crate::protocol::registry::ProtocolName;
use crate::softmax::Division;

/// 32 or 64.
pub fn ring_bits(node: &Node, mistakes: &mut Mistakes) -> Option<u32> {
    let bits = read::whole(node, "ring_bits", (0, u64::MAX), &mut Mistakes::default());
    match bits {
        Some(32) => Some(u32::BITS),
        Some(64) => Some(u64::BITS),
        _ => read::wrong(node, &format!("`ring_bits` must be {RING_BITS}"), None, mistakes),
    }
}

/// The protocol in a ring of so many bits.
pub fn with_ring_bits(
    fields: &Fields,
    protocol: Protocol,
    bits: u32,
    mistakes: &mut Mistakes,
) -> Option<Protocol> {
    let found = protocol.with_ring_bits(bits);
    if found.is_none() {
        let place = fields.place_of("ring_bits").unwrap_or(fields.opening());
        let message = format!("`{}` has no `ring_bits: {bits}`", protocol.name());
        let ways = Protocol::IN_OTHER_WAYS.into_iter().filter(|way| way.ring_bits() == bits);
        let names: Vec<&str> = ways.map(ProtocolName::name).collect();
        let help = format!(
            "its ring has {} bits: leave it out, or take protocol: {}",
            protocol.ring_bits(),
            names.join(", ")
        );
        mistakes.add(place, message, "not with this", Some(help));
    }
    found
}

/// Whether all that is computed has place in the protocol's ring; a mistake at its place if not. What a ring of 64 bits has place for is
/// looked at where the number format is read.
pub fn check_ring(plan: &Plan, fields: &Fields, mistakes: &mut Mistakes) -> bool {
    let ring_bits = plan.protocol.ring_bits();
    let Some((name, why, help)) = without_place(plan) else { return true };
    let inside = || training_field(fields, name);
    let place = fields.place_of(name).or_else(inside).or(fields.place_of("ring_bits"));
    let message = format!("a ring of {ring_bits} bits has no place for this: {why}");
    mistakes.add(place.unwrap_or(fields.opening()), message, "not with `ring_bits: 32`", Some(help));
    false
}

/// Whether a plan is not refused for its ring.
pub fn has_place(plan: &Plan) -> bool {
    without_place(plan).is_none()
}

/// The field, the reason, and what to write instead, if numbers of as many bits as the ring has are truncated, or divided by anything but
/// opened lengths. All of this has place in 64 bits: a mean of the longest numbers and the largest windows has 63.
fn without_place(plan: &Plan) -> Option<(&'static str, String, String)> {
    let ring_bits = plan.protocol.ring_bits();
    if ring_bits == u64::BITS {
        return None;
    }
    let (largest, format) = (ring_bits - 1, plan.fixed_point);
    let product = format.product_bits();
    if product > largest {
        let (f, k) = (format.fraction_bits, format.total_bits);
        let why = format!(
            "a product of numbers of {k} bits with {f} after the binary point has {product} bits before it is rounded, and {largest} \
             can be"
        );
        let help =
            "take at most that for both together, such as fixed_point: (fraction_bits: 13, total_bits: 18)";
        return Some(("fixed_point", why, help.to_string()));
    }
    let means = plan.model.layers.iter().filter_map(|layer| layer.mean_bits(format));
    if let Some(bits) = means.max().filter(|&bits| bits > largest) {
        let why = format!("a mean of `avg_pool` has {bits} bits before it is rounded, and {largest} can be");
        let help =
            "take windows of 2, 4 or 8 pixels along each side, max_pool, or a `fixed_point` with fewer bits";
        return Some(("model", why, help.to_string()));
    }
    let has_quotient =
        matches!(plan.softmax, Softmax::ReluGradient(relu) if relu.0.division != Division::Reciprocal);
    if !has_quotient {
        let why = match plan.softmax {
            Softmax::ReluGradient(_) => "a reciprocal is worked out on longer numbers".to_string(),
            other => format!("{} works on longer numbers", other.name()),
        };
        let help = "take softmax: relu_gradient(division: quotient), or ring_bits: 64";
        return Some(("softmax", why, help.to_string()));
    }
    let training = &plan.training;
    let Optimizer::Sgd(_) = training.optimizer else {
        let why = "Adam's square roots are worked out on longer numbers".to_string();
        return Some(("optimizer", why, "take optimizer: sgd(), or ring_bits: 64".to_string()));
    };
    if training.weight_decay != 0.0 {
        let why = "weight decay is worked out on longer numbers".to_string();
        return Some(("weight_decay", why, "leave it out, or take ring_bits: 64".to_string()));
    }
    let (bits, _) = training.descent().step_truncation(format);
    (bits > largest).then(|| {
        let why = format!("the product of a step has {bits} bits before it is rounded, and {largest} can be");
        let help = "take a learning rate below 1 and a batch that is a power of two or divided by as one, or ring_bits: 64";
        ("training", why, help.to_string())
    })
}
