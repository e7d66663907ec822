//! Reads a whole scenario: every field, its default, its limits, and what one field demands of another.

use super::adversary::adversary;
use super::compute::compute;
use super::data::{data_owners, data_source};
use super::declared::{FIXED_POINT, SCENARIO};
use super::errors::Mistakes;
use super::faults::faults;
use super::files::Files;
use super::model::{check_logistic, model};
use super::network::network;
use super::plan::{
    Adversary, FixedPoint, InitialWeights, Numbers, Offline, Plan, Protocol, Rounding, Training, Triples,
    TriplesBy,
};
use super::quantities::optional;
use super::read::{self, Fields};
use super::ring::{check_ring, ring_bits, with_ring_bits};
use super::softmax::{check_softmax, softmax};
use super::tcp::{WITHOUT, excluded_fault};
use super::training::{check_constants, training_field, training_of};
use super::tree::{Kind, Node};
use super::units::grouped;

/// The plan that a scenario describes; none if there is a mistake.
pub fn plan(node: &Node, files: &Files, mistakes: &mut Mistakes) -> Option<Plan> {
    if let Kind::Record(record) = &node.kind
        && let Some(axes) = record.fields.iter().find(|field| field.name == "axes")
    {
        let help = Some("run it with `mpcsim sweep`; `mpcsim check` checks it".to_string());
        mistakes.add(&axes.place, "this is a sweep, not a scenario", "a sweep has axes", help);
        return None;
    }
    let fields = Fields::new(node, &SCENARIO, mistakes)?;
    let name = fields.node("name", mistakes).and_then(|node| name(&node, mistakes));
    let seed = fields.whole("seed", mistakes);
    let protocol = fields.choice("protocol", &Protocol::ALL, Protocol::name, mistakes);
    let triples = fields.choice("triples", &Triples::ALL, Triples::name, mistakes);
    let triples = triples.filter(|&triples| check_triples(&fields, protocol, triples, mistakes));
    let triples_by = fields.choice("triples_by", &TriplesBy::ALL, TriplesBy::name, mistakes);
    // With a mistake in either, nobody knows.
    let protocol = match (protocol, triples_by) {
        (Some(protocol), Some(by)) => with_triples_by(&fields, protocol, by, mistakes),
        _ => None,
    };
    let bits = fields.node("ring_bits", mistakes).and_then(|node| ring_bits(&node, mistakes));
    let protocol = match (protocol, bits) {
        (Some(protocol), Some(bits)) => with_ring_bits(&fields, protocol, bits, mistakes),
        _ => None,
    };
    let rounding = fields.choice("rounding", &Rounding::ALL, Rounding::name, mistakes);
    let fixed_point = fields.node("fixed_point", mistakes).and_then(|node| fixed_point(&node, mistakes));
    let numbers = fields.choice("numbers", &Numbers::ALL, Numbers::name, mistakes);
    // Whether its layers fit depends on the data.
    let model_node = fields.node("model", mistakes);
    let softmax_node = fields.node("softmax", mistakes);
    let softmax = softmax_node.as_ref().and_then(|node| softmax(node, mistakes));
    let loss = fields.boolean("loss", mistakes);
    // A mistake in the protocol's name does not hide other ones: they are looked at with three parties then.
    let parties = protocol.map_or(3, Protocol::parties);
    let data = fields.node("data", mistakes);
    let may_own = protocol.map_or(3, Protocol::sharing_parties);
    let data = data.and_then(|node| data_source(&node, files, may_own, mistakes));
    let image = data.as_ref().map(|data| data.image);
    let model = model_node.as_ref().and_then(|node| model(node, image, mistakes));
    if let (Some(model), Some(softmax), Some(node)) = (&model_node, softmax, &softmax_node)
        && !check_logistic(model, (softmax, node), mistakes)
    {
        return None;
    }
    let owners = data.as_ref().and_then(|data| data_owners(data, fields.get("owners"), may_own, mistakes));
    let training = fields.node("training", mistakes);
    let training =
        training.and_then(|node| training_of(&node, fixed_point, files, mistakes)).filter(|training| {
            // With a mistake in the format, nobody knows.
            fixed_point.is_none_or(|format| check_constants(&fields, training, format, mistakes))
        });
    if let (Some(data), Some(training)) = (&data, &training) {
        check_batch(&fields, data.source.train_rows(), training.batch, mistakes);
    }
    if let (Some(softmax), Some(node), Some(format)) = (softmax, &softmax_node, fixed_point)
        && !check_softmax((softmax, node), format, protocol, data.as_ref().map(|data| &data.source), mistakes)
    {
        return None;
    }
    let network = fields.node("network", mistakes).and_then(|node| network(&node, parties, files, mistakes));
    let compute = fields.node("compute", mistakes).and_then(|node| compute(&node, parties, mistakes));
    let faults = fields.node("faults", mistakes).and_then(|node| faults(&node, parties, mistakes));
    let offline = fields.choice("offline", &Offline::ALL, Offline::name, mistakes);
    let mut honest = true;
    let adversary = optional(fields.get("adversary"), &mut honest, |node| adversary(node, parties, mistakes));
    if !honest {
        return None;
    }
    if let (Some(_), Some(offline @ (Offline::Overlapped | Offline::Excluded))) = (&adversary, offline) {
        let place = fields.place_of("adversary").unwrap_or(fields.opening());
        let message = format!("`adversary` cannot stand beside `offline: {}`", offline.name());
        let help = "messages of both phases are counted in the order in which they are sent: offline: before";
        mistakes.add(place, message, "not with this", Some(help.to_string()));
        return None;
    }
    if let (Some(network), Some(faults)) = (&network, &faults)
        && network.tcp.is_some()
        && let Some((name, why)) = excluded_fault(faults, adversary.as_ref())
    {
        let place = fields.place_of(name).unwrap_or(fields.opening());
        let message = format!("`{name}` cannot stand beside TCP's congestion window: {why}");
        mistakes.add(place, message, "not with this", Some(WITHOUT.to_string()));
        return None;
    }
    if !check_cheating_in_floats(&fields, numbers, adversary.as_ref(), mistakes)
        || !check_weights_of_floats(&fields, numbers, training.as_ref(), mistakes)
    {
        return None;
    }
    let plan = Plan {
        name: name?,
        seed: seed?,
        protocol: protocol?,
        triples: triples?,
        rounding: rounding?,
        fixed_point: fixed_point?,
        numbers: numbers?,
        model: model?,
        softmax: softmax?,
        loss: loss?,
        data: data?.source,
        owners: owners?,
        training: training?,
        network: network?,
        compute: compute?,
        offline: offline?,
        faults: faults?,
        adversary,
    };
    check_ring(&plan, &fields, mistakes).then_some(plan)
}

/// What an adversary alters is a share, and a training in floating point has none.
fn check_cheating_in_floats(
    fields: &Fields,
    numbers: Option<Numbers>,
    adversary: Option<&Adversary>,
    mistakes: &mut Mistakes,
) -> bool {
    let numbers = numbers.filter(|&numbers| numbers != Numbers::FixedPoint);
    let adversary = adversary.filter(|adversary| adversary.does.alters());
    let (Some(numbers), Some(adversary)) = (numbers, adversary) else { return true };
    let place = fields.place_of("numbers").unwrap_or(fields.opening());
    let message = format!(
        "`numbers: {}` cannot stand beside an adversary that does `{}`",
        numbers.name(),
        adversary.does.name()
    );
    let help = "it alters shares, and a training in floating point has none; `drop` and `delay` work, or take numbers: fixed_point";
    mistakes.add(place, message, "not with this", Some(help.to_string()));
    false
}

/// A training in floating point begins as others do by default.
fn check_weights_of_floats(
    fields: &Fields,
    numbers: Option<Numbers>,
    training: Option<&Training>,
    mistakes: &mut Mistakes,
) -> bool {
    let numbers = numbers.filter(|&numbers| numbers != Numbers::FixedPoint);
    let others = training.filter(|training| training.initial_weights != InitialWeights::Glorot);
    let (Some(numbers), Some(_)) = (numbers, others) else { return true };
    let place = fields.place_of("numbers").unwrap_or(fields.opening());
    let message = format!("`numbers: {}` cannot stand beside `initial_weights`", numbers.name());
    let help = "a training in floating point begins with weights of the seed: take numbers: fixed_point, or leave initial_weights out";
    mistakes.add(place, message, "not with this", Some(help.to_string()));
    false
}

/// Single triples are for protocols that make triples. With a mistake in the protocol's name, nobody knows.
fn check_triples(
    fields: &Fields,
    protocol: Option<Protocol>,
    triples: Triples,
    mistakes: &mut Mistakes,
) -> bool {
    let Some(protocol) = protocol.filter(|protocol| !protocol.has_single_triples()) else { return true };
    if triples == Triples::Matrix {
        return true;
    }
    let place = fields.place_of("triples").unwrap_or(fields.opening());
    let message = format!("`{}` has no `triples: {}`", protocol.name(), triples.name());
    let help = "its matrix products are made otherwise: leave it out, or take protocol: semi2k";
    mistakes.add(place, message, "not with this", Some(help.to_string()));
    false
}

/// The protocol with its triples made by somebody else.
fn with_triples_by(
    fields: &Fields,
    protocol: Protocol,
    by: TriplesBy,
    mistakes: &mut Mistakes,
) -> Option<Protocol> {
    let found = protocol.with_triples_by(by);
    if found.is_none() {
        let place = fields.place_of("triples_by").unwrap_or(fields.opening());
        let message = format!("`{}` has no `triples_by: {}`", protocol.name(), by.name());
        let help = "what it takes is made in one way: leave it out, or take protocol: secureml";
        mistakes.add(place, message, "not with this", Some(help.to_string()));
    }
    found
}

/// The name becomes a folder's name.
pub fn name(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let name = read::text(node, "name", mistakes)?;
    if read::is_name(&name) {
        return Some(name);
    }
    let help = format!(
        "it names the folder of the results: at most {} letters, digits, spaces, `-`, `_` and `.`, \
         first a letter or digit, and no `.` or space at the end",
        read::LONGEST_NAME
    );
    read::wrong(node, "`name` cannot name a folder", Some(help), mistakes)
}

fn fixed_point(node: &Node, mistakes: &mut Mistakes) -> Option<FixedPoint> {
    let fields = Fields::new(node, &FIXED_POINT, mistakes)?;
    let fraction_bits = fields.whole("fraction_bits", mistakes);
    let total_bits = fields.whole("total_bits", mistakes);
    let (fraction_bits, total_bits) = (fraction_bits? as u32, total_bits? as u32);
    // What was changed last is to blame; without either there is nothing to blame.
    let blamed = fields.get("total_bits").or(fields.get("fraction_bits")).unwrap_or(node);
    let format = FixedPoint { fraction_bits, total_bits };
    if let Some(reason) = format.refusal() {
        let FixedPoint { fraction_bits, total_bits } = format.nearest_served();
        let help = format!(
            "{reason}; the nearest that works is (fraction_bits: {fraction_bits}, total_bits: {total_bits})"
        );
        let message = "the secure functions cannot work with this number format".to_string();
        return read::wrong(blamed, &message, Some(help), mistakes);
    }
    Some(format)
}

fn check_batch(fields: &Fields, train: usize, batch: usize, mistakes: &mut Mistakes) {
    if batch <= train {
        return;
    }
    let training = training_field(fields, "batch");
    let place = training.unwrap_or(fields.get("data").map_or(fields.opening(), |node| &node.place));
    let message = format!(
        "a batch of {} rows{} is more than the {} rows to train on",
        grouped(batch as u64),
        if training.is_some() { "" } else { " (the default)" },
        grouped(train as u64)
    );
    let help = format!("write training: (batch: {train}), or less, or train on more rows");
    mistakes.add(place, message, "too few rows for the batch", Some(help));
}
