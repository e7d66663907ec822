//! `softmax:`: a variant and what its parameters are set to.

use super::declared::{SCENARIO, softmax_group};
use super::errors::Mistakes;
use super::field::Group;
use super::plan::{DataSource, FixedPoint, Protocol, Softmax};
use super::read::{self, Fields, unknown_form};
use super::tree::{Kind as NodeKind, Node};
use crate::softmax::{Kind, Parameter, Setting};

/// Classes of the bundled data.
const MNIST_CLASSES: usize = 10;
/// The fewest that own data have; what they are is looked at when the data are read.
const LEAST_CLASSES: usize = 2;
/// Furthest from zero that an interval may reach.
const FURTHEST: f64 = 1000.0;

/// The variant that is written.
pub fn softmax(node: &Node, mistakes: &mut Mistakes) -> Option<Softmax> {
    let named = Softmax::ALL.iter().find(|variant| read::variant_name(node) == Some(variant.name()));
    match (named, &node.kind) {
        (Some(&variant), NodeKind::Word(_) | NodeKind::Record(_)) => match softmax_group(variant) {
            Some(group) => with_settings(variant, group, node, mistakes),
            None if matches!(node.kind, NodeKind::Word(_)) => Some(variant),
            None => unknown_form(node, SCENARIO.field("softmax"), mistakes),
        },
        _ => unknown_form(node, SCENARIO.field("softmax"), mistakes),
    }
}

fn with_settings(
    variant: Softmax,
    group: &'static Group,
    node: &Node,
    mistakes: &mut Mistakes,
) -> Option<Softmax> {
    let fields = Fields::new(node, group, mistakes)?;
    let settings: Vec<Option<Setting>> =
        variant.parameters().iter().map(|parameter| setting(parameter, &fields, mistakes)).collect();
    Some(variant.with(&settings.into_iter().collect::<Option<Vec<Setting>>>()?))
}

fn setting(parameter: &Parameter, fields: &Fields, mistakes: &mut Mistakes) -> Option<Setting> {
    let name = parameter.name;
    match parameter.kind {
        Kind::Whole(..) => fields.whole(name, mistakes).map(Setting::Whole),
        Kind::OddNumber(least, most) => {
            let node = fields.node(name, mistakes)?;
            let number = read::whole(&node, name, (least, most), mistakes)?;
            if number % 2 == 1 {
                return Some(Setting::Whole(number));
            }
            let needed = fields.needed(name);
            read::wrong(&node, &format!("`{name}` must be {needed}"), None, mistakes)
        }
        Kind::Number { .. } => fields.float(name, mistakes).map(Setting::Number),
        Kind::Word(words) => fields.choice(name, &words(), |word| word, mistakes).map(Setting::Word),
        Kind::Boolean => fields.boolean(name, mistakes).map(Setting::Boolean),
        Kind::Interval => {
            let node = fields.node(name, mistakes)?;
            interval(&node, name, &fields.needed(name), mistakes).map(Setting::Interval)
        }
    }
}

/// `none`, or `(low, high)`.
fn interval(node: &Node, name: &str, needed: &str, mistakes: &mut Mistakes) -> Option<Option<(f64, f64)>> {
    let wrong =
        |mistakes: &mut Mistakes| read::wrong(node, &format!("`{name}` must be {needed}"), None, mistakes);
    match &node.kind {
        NodeKind::Word(word) if word == "none" => Some(None),
        NodeKind::Tuple(None, items) => {
            let [low, high] = &items[..] else { return wrong(mistakes) };
            let within = |x: f64| x.abs() <= FURTHEST;
            let low = read::float(low, name, "a number from -1000 to 1000", within, mistakes)?;
            let high = read::float(high, name, "a number from -1000 to 1000", within, mistakes)?;
            if low < high { Some(Some((low, high))) } else { wrong(mistakes) }
        }
        _ => wrong(mistakes),
    }
}

/// Whether the variant can serve what stands around it; a mistake at its place if not.
pub fn check_softmax(
    (variant, node): (Softmax, &Node),
    format: FixedPoint,
    protocol: Option<Protocol>,
    data: Option<&DataSource>,
    mistakes: &mut Mistakes,
) -> bool {
    let classes = match data {
        Some(DataSource::Mnist { .. }) => MNIST_CLASSES,
        _ => LEAST_CLASSES,
    };
    if let Some(reason) = variant.refusal(format, classes) {
        mistakes.add(&node.place, reason, "not with this number format and data", None);
        return false;
    }
    match (variant.reveals(), protocol) {
        (Some(what), Some(protocol)) if protocol.is_malicious() => {
            let honest = Protocol::ALL.into_iter().filter(|protocol| !protocol.is_malicious());
            let honest: Vec<&str> = honest.map(Protocol::name).collect();
            let message = format!(
                "softmax {} opens {what} in the middle of an iteration, before {} has checked anything",
                variant.name(),
                protocol.name()
            );
            let help = format!("it is for semi-honest protocols: {}", honest.join(", "));
            mistakes.add(&node.place, message, "not with this protocol", Some(help));
            false
        }
        _ => true,
    }
}
