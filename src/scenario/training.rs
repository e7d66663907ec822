//! `training`: how long, with which optimiser, and what its constants become in the number format.

use super::declared::{ADAM, LEARNING_RATE, MOST_RATES, MOST_TARGETS, RATE, TRAINING};
use super::errors::{Mistakes, Place};
use super::field::Value;
use super::files::Files;
use super::plan::{
    Adam, BatchDivision, FixedPoint, InitialWeights, InverseRoot, Length, Optimizer, Rate, Sgd, Training,
};
use super::quantities::optional;
use super::read::{self, Fields, unknown_form};
use super::tree::{Kind, Node, Record};
use super::units::grouped;

/// The learning rate if none is given.
const SGD_RATE: f64 = 0.01;
const ADAM_RATE: f64 = 0.001;

/// Reads a training. What is left out can depend on the number format; with a mistake in that, the default one is taken.
pub fn training_of(
    node: &Node,
    format: Option<FixedPoint>,
    files: &Files,
    mistakes: &mut Mistakes,
) -> Option<Training> {
    let fields = Fields::new(node, &TRAINING, mistakes)?;
    let length = length(&fields, mistakes);
    let batch = fields.whole("batch", mistakes);
    let optimizer = optimizer_of(&fields, format.unwrap_or_default(), mistakes);
    let rates = match fields.get("learning_rate") {
        Some(node) => rates_of(node, mistakes),
        None => {
            let rate = if matches!(optimizer, Some(Optimizer::Adam(_))) { ADAM_RATE } else { SGD_RATE };
            Some(vec![Rate { from_epoch: 1, rate }])
        }
    };
    let weight_decay = fields.float("weight_decay", mistakes);
    let restart_below = fields.float("restart_below", mistakes);
    let initial_weights = fields.node("initial_weights", mistakes);
    let initial_weights = initial_weights.and_then(|node| initial_weights_of(&node, files, mistakes));
    let mut right = true;
    let evaluate_every =
        optional(fields.get("evaluate_every"), &mut right, |_| fields.whole("evaluate_every", mistakes));
    let targets = optional(fields.get("targets"), &mut right, |node| targets_of(node, mistakes));
    if !right {
        return None;
    }
    Some(Training {
        length: length?,
        batch: batch? as usize,
        rates: rates?,
        optimizer: optimizer?,
        weight_decay: weight_decay?,
        restart_below: restart_below?,
        initial_weights: initial_weights?,
        evaluate_every,
        targets: targets.unwrap_or_default(),
    })
}

fn length(fields: &Fields, mistakes: &mut Mistakes) -> Option<Length> {
    let Some(iterations) = fields.get("iterations") else {
        return fields.whole("epochs", mistakes).map(Length::Epochs);
    };
    if fields.get("epochs").is_some() {
        let place = fields.place_of("iterations").unwrap_or(&iterations.place);
        let help = Some("keep one of the two".to_string());
        mistakes.add(place, "`epochs` and `iterations` exclude each other", "both are given", help);
        return None;
    }
    fields.whole("iterations", mistakes).map(Length::Iterations)
}

fn initial_weights_of(node: &Node, files: &Files, mistakes: &mut Mistakes) -> Option<InitialWeights> {
    match (read::variant_name(node), &node.kind) {
        (Some("glorot"), Kind::Word(_)) => Some(InitialWeights::Glorot),
        (Some("secret"), Kind::Word(_)) => Some(InitialWeights::Secret),
        (Some("file"), Kind::Tuple(_, items)) if items.len() == 1 => {
            let path = files.path(&items[0], "initial_weights", mistakes)?;
            if path.resolved.is_file() {
                return Some(InitialWeights::File(path));
            }
            let message = format!("there is no file `{}`", path.written);
            let help = "paths are relative to the folder of the scenario file".to_string();
            mistakes.add(&items[0].place, message, "the initial weights", Some(help));
            None
        }
        _ => unknown_form(node, TRAINING.field("initial_weights"), mistakes),
    }
}

/// One rate, or rates by epoch.
fn rates_of(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<Rate>> {
    let Value::Float { needed, limits } = LEARNING_RATE else { unreachable!("a rate is a number") };
    let items = match &node.kind {
        Kind::Number(_) => {
            let rate = read::float(node, "learning_rate", needed, |rate| limits.hold(rate), mistakes)?;
            return Some(vec![Rate { from_epoch: 1, rate }]);
        }
        Kind::List(items) => items,
        _ => return unknown_form(node, TRAINING.field("learning_rate"), mistakes),
    };
    if items.is_empty() || items.len() > MOST_RATES {
        let message = format!("`learning_rate` must be a number, or a list of 1 to {MOST_RATES} rates");
        return read::wrong(node, &message, None, mistakes);
    }
    let mut rates: Vec<Rate> = Vec::new();
    let mut right = true;
    for item in items {
        let fields = Fields::new(item, &RATE, mistakes);
        let found = fields.and_then(|fields| {
            let from_epoch = fields.whole("from_epoch", mistakes);
            let rate = fields.float("rate", mistakes);
            Some((Rate { from_epoch: from_epoch?, rate: rate? }, fields.get("from_epoch")?.place.clone()))
        });
        let Some((rate, place)) = found else {
            right = false;
            continue;
        };
        let message = match rates.last() {
            None if rate.from_epoch != 1 => {
                Some("the first learning rate must be from epoch 1 on".to_string())
            }
            Some(last) if rate.from_epoch <= last.from_epoch => Some(format!(
                "a learning rate must begin after the one before it, in epoch {}",
                last.from_epoch
            )),
            _ => None,
        };
        if let Some(message) = message {
            mistakes.add(&place, message, format!("this begins in epoch {}", rate.from_epoch), None);
            right = false;
        }
        rates.push(rate);
    }
    right.then_some(rates)
}

/// Accuracies, each larger than the one before.
fn targets_of(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<f64>> {
    let needed = TRAINING.field("targets").value.needed();
    let help = || Some("write, for example, targets: [0.9, 0.95]".to_string());
    let Kind::List(items) = &node.kind else {
        return read::wrong(node, &format!("`targets` must be {needed}"), help(), mistakes);
    };
    if items.is_empty() || items.len() > MOST_TARGETS {
        return read::wrong(node, &format!("`targets` must be {needed}"), help(), mistakes);
    }
    let mut targets: Vec<f64> = Vec::new();
    for item in items {
        let least = targets.last().copied().unwrap_or(0.0);
        let holds = |target: f64| target > least && target <= 1.0;
        let needed = match targets.last() {
            None => "a fraction of the test rows, above 0, at most 1".to_string(),
            Some(last) => format!("a fraction of the test rows, above the one before, {last}, at most 1"),
        };
        targets.push(read::float(item, "a target", &needed, holds, mistakes)?);
    }
    Some(targets)
}

fn optimizer_of(fields: &Fields, format: FixedPoint, mistakes: &mut Mistakes) -> Option<Optimizer> {
    let node = fields.node("optimizer", mistakes)?;
    let name = read::variant_name(&node);
    match (name, &node.kind) {
        (Some("sgd"), Kind::Word(_)) => {
            let momentum = fields.float("momentum", mistakes);
            let division = fields.choice("division", &BatchDivision::ALL, BatchDivision::name, mistakes);
            Some(Optimizer::Sgd(Sgd { momentum: momentum?, division: division? }))
        }
        (Some(name @ ("adam" | "amsgrad")), Kind::Word(_) | Kind::Record(_)) => {
            for (other, help) in [
                ("momentum", "leave it out; what stays of gradients is `beta1`"),
                ("division", "leave it out; gradients are sums over the batch"),
            ] {
                if let Some(place) = fields.place_of(other) {
                    let message = format!("`{other}` has no meaning with `optimizer: {name}`");
                    mistakes.add(place, message, "not with this", Some(help.to_string()));
                }
            }
            let given = Fields::new(&node, &ADAM, mistakes)?;
            let (beta1, beta2) = (given.float("beta1", mistakes), given.float("beta2", mistakes));
            let ways = &InverseRoot::ALL;
            let inverse_root = given.choice("inverse_root", ways, InverseRoot::name, mistakes);
            let epsilon = match given.get("epsilon") {
                Some(_) => given.float("epsilon", mistakes),
                None => inverse_root.map(|way| Adam::epsilon_of(format, way)),
            };
            let unmixed = fields.get("momentum").is_none() && fields.get("division").is_none();
            let adam = Adam {
                beta1: beta1?,
                beta2: beta2?,
                epsilon: epsilon?,
                inverse_root: inverse_root?,
                largest: name == "amsgrad",
            };
            unmixed.then_some(Optimizer::Adam(adam))
        }
        _ => unknown_form(&node, TRAINING.field("optimizer"), mistakes),
    }
}

/// A constant that the number format spoils: the field, what is wrong, and what would be right.
struct Spoilt {
    field: &'static str,
    message: String,
    help: String,
}

/// What the constants of a training become in the number format: whether each of them is what it should be. `fields` are
/// those of the scenario.
pub fn check_constants(
    fields: &Fields,
    training: &Training,
    format: FixedPoint,
    mistakes: &mut Mistakes,
) -> bool {
    let mut spoilt = spoilt_rates(training, format);
    match &training.optimizer {
        Optimizer::Sgd(sgd) => spoilt.extend(spoilt_momentum(sgd, format)),
        Optimizer::Adam(adam) => spoilt.extend(spoilt_adam(adam, format)),
    }
    let FixedPoint { total_bits, .. } = format;
    if training.batch >= 1 << total_bits {
        let message = format!(
            "a step of a batch of {} rows is zero with numbers of {total_bits} bits",
            grouped(training.batch as u64)
        );
        let help = format!("a batch must be less than {} rows then", grouped(1 << total_bits));
        spoilt.push(Spoilt { field: "batch", message, help });
    }
    if spoilt.is_empty()
        && let Some(message) = training.descent().refusal(format)
    {
        let help = "another weight decay or learning rate, or fewer bits before the binary point".to_string();
        spoilt.push(Spoilt { field: "weight_decay", message, help });
    }
    for Spoilt { field, message, help } in &spoilt {
        let own = training_field(fields, field);
        let message = if own.is_some() { message.clone() } else { format!("{message} (it is the default)") };
        let place = own.or(fields.get("fixed_point").map(|node| &node.place)).unwrap_or(fields.opening());
        mistakes.add(place, message, "not with this number format", Some(help.clone()));
    }
    spoilt.is_empty()
}

/// "0.3 with 16 bits after the binary point".
fn in_format(value: f64, format: FixedPoint) -> String {
    format!("{value} with {} bits after the binary point", format.fraction_bits)
}

/// The smallest number that is not zero.
fn smallest(format: FixedPoint) -> f64 {
    0.5 / (1i64 << format.fraction_bits) as f64
}

fn spoilt_rates(training: &Training, format: FixedPoint) -> Vec<Spoilt> {
    let integer_bits = format.total_bits - 1 - format.fraction_bits;
    let mut spoilt = Vec::new();
    for &Rate { rate, .. } in &training.rates {
        let encoded = format.encode(rate);
        if encoded == 0 {
            spoilt.push(Spoilt {
                field: "learning_rate",
                message: format!("a learning rate of {} is zero", in_format(rate, format)),
                help: format!(
                    "the smallest that is not is {}, or give the format more bits after the point",
                    smallest(format)
                ),
            });
        }
        if rate >= (1u64 << integer_bits) as f64 || encoded >= 1 << (format.total_bits - 1) {
            spoilt.push(Spoilt {
                field: "learning_rate",
                message: format!(
                    "a learning rate of {rate} does not fit {integer_bits} bits before the binary point"
                ),
                help: format!("it must be less than {}", 1u64 << integer_bits),
            });
        }
    }
    spoilt
}

/// A share of what was that is one, or that is zero and should not be.
fn spoilt_share(name: &str, share: f64, format: FixedPoint) -> Option<(String, String)> {
    let one = 1i64 << format.fraction_bits;
    match format.encode(share) {
        encoded if encoded == one => Some((
            format!("{name} of {} is one", in_format(share, format)),
            format!("the largest that is less is {}", (one - 1) as f64 / one as f64),
        )),
        0 if share > 0.0 => Some((
            format!("{name} of {} is zero", in_format(share, format)),
            format!("the smallest that is not is {}", smallest(format)),
        )),
        _ => None,
    }
}

fn spoilt_momentum(sgd: &Sgd, format: FixedPoint) -> Option<Spoilt> {
    let (message, help) = spoilt_share("a momentum", sgd.momentum, format)?;
    let zero = format.encode(sgd.momentum) == 0;
    let help = if zero { format!("{help}; write 0 for a training without momentum") } else { help };
    Some(Spoilt { field: "momentum", message, help })
}

fn spoilt_adam(adam: &Adam, format: FixedPoint) -> Vec<Spoilt> {
    let shares = [("a beta1", adam.beta1), ("a beta2", adam.beta2)];
    let shares = shares.into_iter().filter_map(|(name, share)| spoilt_share(name, share, format));
    let mut spoilt: Vec<Spoilt> =
        shares.map(|(message, help)| Spoilt { field: "optimizer", message, help }).collect();
    let squared = if adam.inverse_root == InverseRoot::Approximate { "the square of " } else { "" };
    let (added, bits) = (adam.added(format), format.fraction_bits);
    if added == 0 || added >= 1 << (format.total_bits - 1) {
        let what = if added == 0 { "is zero" } else { "does not fit the number format" };
        spoilt.push(Spoilt {
            field: "optimizer",
            message: format!(
                "{squared}an epsilon of {} {what} with {bits} bits after the binary point",
                adam.epsilon
            ),
            help: "write another one: optimizer: adam(epsilon: 0.1)".to_string(),
        });
    }
    spoilt
}

/// Where a field of the training is, if it is given.
pub fn training_field<'a>(fields: &'a Fields, name: &str) -> Option<&'a Place> {
    match &fields.get("training")?.kind {
        Kind::Record(Record { fields, .. }) => {
            fields.iter().find(|field| field.name == name).map(|field| &field.value.place)
        }
        _ => None,
    }
}
