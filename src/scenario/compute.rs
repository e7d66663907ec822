//! Reads the value of `compute:`.

use super::declared::{CUSTOM_COMPUTE, PARTY_COMPUTE, SCENARIO};
use super::errors::Mistakes;
use super::plan::{ComputePlan, PartyCompute};
use super::presets::{COMPUTES, ComputePreset, unknown_preset};
use super::quantities::party;
use super::read::{self, Fields, unknown_form, wrong};
use super::tree::{Kind, Node};
use super::units::Decimal;

/// Decimal places from microseconds to picoseconds, and from nanoseconds to femtoseconds.
const PLACES: i32 = 6;

/// How a cost is written, and where it goes. Costs of messages come first.
type Cost = (&'static str, fn(&mut PartyCompute) -> &mut u64);
const MESSAGE_COSTS: [Cost; 3] = [
    ("send_us", |party| &mut party.send_ps),
    ("receive_us", |party| &mut party.receive_ps),
    ("wake_us", |party| &mut party.wake_ps),
];
const ARITHMETIC_COSTS: [Cost; 5] = [
    ("add_ns", |party| &mut party.add_fs),
    ("multiply_ns", |party| &mut party.multiply_fs),
    ("mac_ns", |party| &mut party.mac_fs),
    ("bit_word_ns", |party| &mut party.bit_word_fs),
    ("random_byte_ns", |party| &mut party.random_byte_fs),
];

/// The costs of so many parties.
pub fn compute(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<ComputePlan> {
    match (read::variant_name(node), &node.kind) {
        (Some("none"), Kind::Word(_)) => Some(no_compute(parties)),
        (Some("preset"), Kind::Tuple(_, items)) if items.len() == 1 => {
            preset(&items[0], mistakes).map(|preset| preset.plan(parties))
        }
        (Some("custom"), Kind::Record(_)) => custom(node, parties, mistakes),
        (_, Kind::Text(quoted)) if ComputePreset::find(quoted.trim_matches('"')).is_some() => {
            let help = Some(format!("write preset({quoted})"));
            wrong(node, &format!("{quoted} is the name of a preset"), help, mistakes)
        }
        (Some(name), Kind::Word(_)) if ComputePreset::find(name).is_some() => {
            let help = Some(format!("write preset(\"{name}\")"));
            wrong(node, &format!("`{name}` is the name of a preset"), help, mistakes)
        }
        _ => unknown_form(node, SCENARIO.field("compute"), mistakes),
    }
}

/// Local work costs nothing: network time only.
pub fn no_compute(parties: usize) -> ComputePlan {
    ComputePlan { label: "none".to_string(), parties: vec![PartyCompute::default(); parties] }
}

fn preset(node: &Node, mistakes: &mut Mistakes) -> Option<&'static ComputePreset> {
    let name = read::text(node, "preset", mistakes)?;
    match ComputePreset::find(&name) {
        Some(preset) => Some(preset),
        None => unknown_preset(node, "compute", &name, COMPUTES.iter().map(|preset| preset.name), mistakes),
    }
}

/// What a party costs before speed and cores are divided out: exact, so that it is rounded only once.
#[derive(Clone)]
struct Costs {
    message_ps: [u64; 3],
    arithmetic_ns: [Decimal; 5],
    speed: Decimal,
    cores: u64,
}

impl Costs {
    fn of_preset(mut costs: PartyCompute) -> Costs {
        Costs {
            message_ps: MESSAGE_COSTS.map(|(_, field)| *field(&mut costs)),
            arithmetic_ns: ARITHMETIC_COSTS.map(|(_, field)| Decimal::millionths(*field(&mut costs))),
            speed: Decimal::whole(1),
            cores: 1,
        }
    }

    /// Replaces what the fields give. None if one of them is wrong.
    fn update(&mut self, fields: &Fields, mistakes: &mut Mistakes) -> Option<()> {
        let mut good = true;
        let mut decimal = |name: &str, set: &mut dyn FnMut(Decimal)| {
            if let Some(node) = fields.get(name) {
                match read::decimal(node, name, &PARTY_COMPUTE.field(name).value, mistakes) {
                    Some(value) => set(value),
                    None => good = false,
                }
            }
        };
        for ((name, _), cost) in MESSAGE_COSTS.iter().zip(&mut self.message_ps) {
            decimal(name, &mut |us| *cost = us.scaled(PLACES).expect("a cost within limits fits"));
        }
        for ((name, _), cost) in ARITHMETIC_COSTS.iter().zip(&mut self.arithmetic_ns) {
            decimal(name, &mut |ns| *cost = ns);
        }
        decimal("speed", &mut |speed| self.speed = speed);
        if fields.get("cores").is_some() {
            match fields.whole("cores", mistakes) {
                Some(cores) => self.cores = cores,
                None => good = false,
            }
        }
        good.then_some(())
    }

    fn party(&self) -> PartyCompute {
        let mut party = PartyCompute::default();
        for ((_, field), cost) in MESSAGE_COSTS.iter().zip(self.message_ps) {
            *field(&mut party) = cost;
        }
        let divisor = self.speed.times(self.cores).expect("a speed of few digits times few cores fits");
        for ((_, field), cost) in ARITHMETIC_COSTS.iter().zip(self.arithmetic_ns) {
            *field(&mut party) =
                cost.scaled_over(PLACES, divisor).expect("a cost over a speed within limits fits");
        }
        party
    }
}

fn custom(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<ComputePlan> {
    let fields = Fields::new(node, &CUSTOM_COMPUTE, mistakes)?;
    let label = fields.node("label", mistakes).and_then(|node| read::label(&node, mistakes));
    let mut good = label.is_some();
    let mut costs = Costs::of_preset(PartyCompute::default());
    if let Some(node) = fields.get("base") {
        // `none` is listed among the presets.
        let is_none = matches!(&node.kind, Kind::Text(text) if text == "\"none\"");
        match if is_none { Some(PartyCompute::default()) } else { preset(node, mistakes).map(|p| p.costs) } {
            Some(base) => costs = Costs::of_preset(base),
            None => good = false,
        }
    }
    good &= costs.update(&fields, mistakes).is_some();
    let mut all = vec![costs; parties];
    if let Some(node) = fields.get("parties") {
        good &= single_parties(node, &mut all, mistakes).is_some();
    }
    Some(ComputePlan { label: label.filter(|_| good)?, parties: all.iter().map(Costs::party).collect() })
}

fn single_parties(node: &Node, all: &mut [Costs], mistakes: &mut Mistakes) -> Option<()> {
    let mut given = vec![false; all.len()];
    let mut good = true;
    for item in read::list(node, "parties", "[(party: 0, speed: 2.0, cores: 4)]", mistakes)? {
        let fields = Fields::new(item, &PARTY_COMPUTE, mistakes)?;
        let number = fields.node("party", mistakes);
        let Some(number) = number.and_then(|node| party(&node, "party", all.len(), mistakes)) else {
            good = false;
            continue;
        };
        if std::mem::replace(&mut given[number], true) {
            let message = format!("party {number} is given twice");
            mistakes.add(&item.place, message, "the second time", None);
            good = false;
        }
        good &= all[number].update(&fields, mistakes).is_some();
    }
    good.then_some(())
}
