//! A plan as a scenario file: every default written out, every number exact. Reading it gives the same plan.
//!
//! Written are the fields that their declaration selects: all of them, or those that decide something. What decides a
//! training or a record is told from what decides only a time by this and nothing else, so a new field cannot be left
//! out: a plan is taken apart without `..`, and a field that is not declared cannot be written.

use std::fmt::Write;

use super::declared::{
    ADAM, ADVERSARY, CHANGE, CIFAR10, CSV, CUSTOM_COMPUTE, CUSTOM_NETWORK, DENSE, DOWN, FAULTS, FIXED_POINT,
    IDX, INTERFACE, LINK, MNIST, NPZ, PARTY_COMPUTE, RATE, SCENARIO, SITE, SLOW, STOP, TCP, TRAINING,
    softmax_group,
};
use super::field::{Decides, Group};
use super::plan::{
    Adam, Adversary, Change, ComputePlan, DataSource, Down, Faults, FixedPoint, InitialWeights, Interface,
    Jitter, LayerKind, Length, Link, Misdeed, Model, NetworkPlan, Numbers, Offline, Optimizer, Owners,
    PartyCompute, Plan, Rate, Rounding, Sgd, Site, Slow, Softmax, Stop, Tcp, Training, Triples, TriplesBy,
    Which, WireOverhead,
};
use super::presets::{OVERHEADS, inside_site};
use super::units::decimal_text;
use crate::data::csv::Column;
use crate::data::{Arrays, DataPath, Scale};
use crate::nn::{Convolution, Dropout, Pool};

/// Which fields are written.
type Select = fn(Decides) -> bool;

const ALL: Select = |_| true;

/// Decimal places from a millisecond to a picosecond.
const MS_PLACES: u32 = 9;
/// Decimal places from a second to a picosecond.
const S_PLACES: u32 = 12;
/// Decimal places of a factor.
const FACTOR_PLACES: u32 = 6;
/// Decimal places from a microsecond to a picosecond, and from a nanosecond to a femtosecond.
const US_PLACES: u32 = 6;
/// Decimal places from a Mbit/s to a bit per second.
const MBPS_PLACES: u32 = 6;
/// Of a share, down to millionths.
const SHARE_PLACES: u32 = 6;
/// Of a share of packets, down to billionths.
const LOSS_PLACES: u32 = 9;

/// The fields of a record, in lines or in one line.
struct Record {
    group: &'static Group,
    select: Select,
    fields: Vec<String>,
}

impl Record {
    fn new(group: &'static Group, select: Select) -> Record {
        Record { group, select, fields: Vec::new() }
    }

    /// Writes a field, if it is selected.
    fn field(&mut self, name: &str, value: impl FnOnce() -> String) {
        if (self.select)(self.group.field(name).decides) {
            self.fields.push(format!("{name}: {}", value()));
        }
    }

    /// What becomes of the numbers of a data set, and how many rows are taken.
    fn scaled_rows(&mut self, scale: Scale, (train, test): (usize, usize)) {
        self.field("scale", || match scale {
            Scale::None => "none".to_string(),
            Scale::DivideBy(divisor) => format!("divide_by({divisor:?})"),
            Scale::MinMax => "min_max".to_string(),
            Scale::Standard => "standard".to_string(),
        });
        self.field("train", || train.to_string());
        self.field("test", || test.to_string());
    }

    /// `name(a: 1, b: 2)`.
    fn in_line(self, name: &str) -> String {
        format!("{name}({})", self.fields.join(", "))
    }

    /// The same with a line for each field, so deep.
    fn in_lines(self, name: &str, depth: usize) -> String {
        let mut text = format!("{name}(\n");
        self.fields.iter().for_each(|field| line(&mut text, depth, field));
        text + &"    ".repeat(depth - 1) + ")"
    }
}

impl Plan {
    /// The scenario as resolved.
    pub fn to_ron(&self) -> String {
        self.written(ALL) + "\n"
    }

    /// Everything that decides the values of a training. In floating point, the format and its rounding do not.
    pub(crate) fn accuracy_key(&self) -> String {
        let values = |plan: &Plan| plan.written(|decides| decides.accuracy);
        if self.numbers == Numbers::FixedPoint {
            // A protocol with ways of its own has a training of its own, where they show.
            let probabilistic = self.rounding == Rounding::Probabilistic;
            let shows = self.protocol.ideal().shows(probabilistic, self.softmax.divides_coarsely());
            return values(self) + if shows { self.protocol.name() } else { "" };
        }
        values(&Plan { rounding: Rounding::Nearest, fixed_point: FixedPoint::default(), ..self.clone() })
    }

    /// Everything that decides the messages and operations of the parties' program.
    pub(crate) fn program_key(&self) -> String {
        self.written(|decides| decides.program)
    }

    /// The same and what its operations cost: all that shows in a recorded trace.
    pub(crate) fn trace_key(&self) -> String {
        self.written(Decides::trace)
    }

    fn written(&self, select: Select) -> String {
        let Plan {
            name,
            seed,
            protocol,
            triples,
            rounding,
            fixed_point,
            numbers,
            model,
            softmax,
            loss,
            data: source,
            owners: _,
            training: constants,
            network: links,
            compute: costs,
            offline,
            faults: wrong,
            adversary: cheats,
        } = self;
        let mut record = Record::new(&SCENARIO, select);
        record.field("name", || quoted(name));
        record.field("seed", || seed.to_string());
        record.field("protocol", || protocol.name().to_string());
        if *triples != Triples::Matrix {
            record.field("triples", || triples.name().to_string());
        }
        if protocol.triples_by() != TriplesBy::Transfers {
            record.field("triples_by", || protocol.triples_by().name().to_string());
        }
        if protocol.ring_bits() != u64::BITS {
            record.field("ring_bits", || protocol.ring_bits().to_string());
        }
        record.field("rounding", || rounding.name().to_string());
        record.field("fixed_point", || format_of(*fixed_point, select));
        if *numbers != Numbers::FixedPoint {
            record.field("numbers", || numbers.name().to_string());
        }
        record.field("model", || model_of(model, select));
        record.field("softmax", || softmax_of(*softmax, select));
        record.field("loss", || loss.to_string());
        record.field("data", || data(source, select));
        if let Some(owners) = owners(self) {
            record.field("owners", || owners);
        }
        record.field("training", || training(constants, select));
        record.field("network", || network(links));
        record.field("compute", || compute(costs, select));
        if *offline != Offline::Before {
            record.field("offline", || offline.name().to_string());
        }
        if !wrong.is_none() {
            record.field("faults", || faults(wrong));
        }
        if let Some(cheats) = cheats {
            record.field("adversary", || adversary(cheats));
        }
        record.in_lines("", 1)
    }
}

impl Model {
    /// The model as resolved, as it can stand behind `model:`.
    pub fn to_ron(&self) -> String {
        model_of(self, ALL)
    }
}

impl NetworkPlan {
    /// The settings of TCP as they can stand behind `tcp:`, if the network has it.
    pub fn tcp_to_ron(&self) -> Option<String> {
        self.tcp.is_some().then(|| tcp(self))
    }

    /// The network as resolved, as it can stand behind `network:`.
    pub fn to_ron(&self) -> String {
        network(self)
    }
}

impl ComputePlan {
    /// The costs as resolved, as they can stand behind `compute:`.
    pub fn to_ron(&self) -> String {
        compute(self, ALL)
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    writeln!(text, "{}{content},", "    ".repeat(depth)).expect("writing to a string succeeds");
}

fn quoted(text: &str) -> String {
    ron::to_string(text).expect("a text can be written")
}

fn format_of(format: FixedPoint, select: Select) -> String {
    let FixedPoint { fraction_bits, total_bits } = format;
    let mut record = Record::new(&FIXED_POINT, select);
    record.field("fraction_bits", || fraction_bits.to_string());
    record.field("total_bits", || total_bits.to_string());
    record.in_line("")
}

fn model_of(model: &Model, select: Select) -> String {
    let Some(hidden) = model.hidden() else {
        let layers: Vec<String> = model.layers.iter().map(layer).collect();
        return format!("[{}]", layers.join(", "));
    };
    let mut record = Record::new(&DENSE, select);
    record.field("hidden", || format!("{hidden:?}"));
    record.in_line("dense")
}

fn layer(kind: &LayerKind) -> String {
    match *kind {
        LayerKind::Dense { outputs } => format!("dense({outputs})"),
        LayerKind::Convolution(Convolution { kernel, channels, stride, padding }) => {
            let padding = padding.name();
            format!("conv(kernel: {kernel}, channels: {channels}, stride: {stride}, padding: {padding})")
        }
        LayerKind::MaxPool(Pool { size }) => format!("max_pool({size})"),
        LayerKind::AveragePool(Pool { size }) => format!("avg_pool({size})"),
        LayerKind::Relu => "relu".to_string(),
        LayerKind::Dropout(Dropout { halvings }) => format!("dropout({:?})", 0.5f64.powi(halvings as i32)),
        LayerKind::Flatten => "flatten".to_string(),
    }
}

fn softmax_of(softmax: Softmax, select: Select) -> String {
    let Some(group) = softmax_group(softmax) else { return softmax.name().to_string() };
    let mut record = Record::new(group, select);
    for (parameter, setting) in softmax.parameters().iter().zip(softmax.settings()) {
        record.field(parameter.name, || setting.to_string());
    }
    record.in_line(softmax.name())
}

fn data(source: &DataSource, select: Select) -> String {
    match source {
        DataSource::Mnist { train, test } => {
            let mut record = Record::new(&MNIST, select);
            record.field("train", || train.to_string());
            record.field("test", || test.to_string());
            record.in_line("mnist")
        }
        DataSource::Idx { train_images, train_labels, test_images, test_labels, train, test } => {
            let mut record = Record::new(&IDX, select);
            record.field("train_images", || files(train_images));
            record.field("train_labels", || files(train_labels));
            record.field("test_images", || quoted(&test_images.written));
            record.field("test_labels", || quoted(&test_labels.written));
            if train_images.len() == 1 {
                record.field("train", || train.to_string());
            }
            record.field("test", || test.to_string());
            record.in_lines("idx", 2)
        }
        DataSource::Csv { train_file, test_file, label, header, scale, train, test } => {
            let mut record = Record::new(&CSV, select);
            record.field("train_file", || quoted(&train_file.written));
            record.field("test_file", || quoted(&test_file.written));
            record.field("label", || match label {
                Column::Name(name) => quoted(name),
                Column::Number(number) => number.to_string(),
            });
            record.field("header", || header.to_string());
            record.scaled_rows(*scale, (*train, *test));
            record.in_lines("csv", 2)
        }
        DataSource::Npz { file, arrays, scale, train, test } => {
            let Arrays { x_train, y_train, x_test, y_test } = arrays;
            let mut record = Record::new(&NPZ, select);
            record.field("file", || quoted(&file.written));
            record.field("x_train", || quoted(x_train));
            record.field("y_train", || quoted(y_train));
            record.field("x_test", || quoted(x_test));
            record.field("y_test", || quoted(y_test));
            record.scaled_rows(*scale, (*train, *test));
            record.in_lines("npz", 2)
        }
        DataSource::Cifar10 { folder, scale, train, test } => {
            let mut record = Record::new(&CIFAR10, select);
            record.field("folder", || quoted(&folder.written));
            record.scaled_rows(*scale, (*train, *test));
            record.in_lines("cifar10", 2)
        }
    }
}

fn files(paths: &[DataPath]) -> String {
    match paths {
        [only] => quoted(&only.written),
        _ => {
            let names: Vec<String> = paths.iter().map(|path| quoted(&path.written)).collect();
            format!("[{}]", names.join(", "))
        }
    }
}

/// Who brings the data, unless party 0 brings everything or the files say who does.
fn owners(plan: &Plan) -> Option<String> {
    match (&plan.owners, &plan.data) {
        (Owners::One(0), _) => None,
        (Owners::Rows(_), DataSource::Idx { train_images, .. }) if train_images.len() > 1 => None,
        (Owners::One(party), source) => {
            let mut rows = vec![0; *party];
            rows.push(source.train_rows());
            Some(format!("{rows:?}"))
        }
        (Owners::Rows(rows), _) => Some(format!("{rows:?}")),
        (Owners::Columns { columns, labels }, _) => {
            Some(format!("columns(parts: {columns:?}, labels: {labels})"))
        }
    }
}

fn training(training: &Training, select: Select) -> String {
    let Training {
        length,
        batch,
        rates,
        optimizer,
        weight_decay,
        restart_below,
        initial_weights,
        evaluate_every,
        targets,
    } = training;
    let mut record = Record::new(&TRAINING, select);
    match length {
        Length::Epochs(epochs) => record.field("epochs", || epochs.to_string()),
        Length::Iterations(iterations) => record.field("iterations", || iterations.to_string()),
    }
    record.field("batch", || batch.to_string());
    record.field("learning_rate", || learning_rate(rates));
    record.field("optimizer", || match optimizer {
        Optimizer::Sgd(_) => "sgd".to_string(),
        Optimizer::Adam(constants) => adam(constants, select),
    });
    if let Optimizer::Sgd(Sgd { momentum, division }) = optimizer {
        record.field("momentum", || format!("{momentum:?}"));
        record.field("division", || division.name().to_string());
    }
    record.field("weight_decay", || format!("{weight_decay:?}"));
    record.field("restart_below", || format!("{restart_below:?}"));
    match initial_weights {
        InitialWeights::Glorot => {}
        InitialWeights::Secret => record.field("initial_weights", || "secret".to_string()),
        InitialWeights::File(path) => {
            record.field("initial_weights", || format!("file({})", quoted(&path.written)));
        }
    }
    if let Some(every) = evaluate_every {
        record.field("evaluate_every", || every.to_string());
    }
    if !targets.is_empty() {
        record.field("targets", || format!("{targets:?}"));
    }
    record.in_line("")
}

/// One for all epochs, or a list.
fn learning_rate(rates: &[Rate]) -> String {
    if let [only] = rates {
        return format!("{:?}", only.rate);
    }
    let rates = rates.iter().map(|Rate { from_epoch, rate }| {
        let mut record = Record::new(&RATE, ALL);
        record.field("from_epoch", || from_epoch.to_string());
        record.field("rate", || format!("{rate:?}"));
        record.in_line("")
    });
    format!("[{}]", rates.collect::<Vec<_>>().join(", "))
}

fn adam(adam: &Adam, select: Select) -> String {
    let Adam { beta1, beta2, epsilon, inverse_root, largest } = adam;
    let mut record = Record::new(&ADAM, select);
    record.field("beta1", || format!("{beta1:?}"));
    record.field("beta2", || format!("{beta2:?}"));
    record.field("epsilon", || format!("{epsilon:?}"));
    record.field("inverse_root", || inverse_root.name().to_string());
    record.in_line(if *largest { "amsgrad" } else { "adam" })
}

/// All of it is written: no field of a network decides anything but time.
fn network(plan: &NetworkPlan) -> String {
    let NetworkPlan {
        label,
        parties: _,
        links: all,
        interfaces: _,
        sites: places,
        one_wire,
        changes: _,
        tcp: window,
        overhead: bytes,
        background: _,
    } = plan;
    // The first link stands for all, and those that differ follow.
    let apart = |&(from, to): &(usize, usize)| plan.place_of(from) != plan.place_of(to);
    let (from, to) = plan.pairs().find(apart).unwrap_or((0, 0));
    let usual = (all[from * plan.parties + to], plan.background.links[from * plan.parties + to]);
    let mut record = Record::new(&CUSTOM_NETWORK, ALL);
    record.field("label", || quoted(label));
    link(&mut record, usual, &(Link::INSTANT, 0));
    record.field("overhead", || overhead(*bytes));
    if window.is_some() {
        record.field("tcp", || tcp(plan));
    }
    if *one_wire {
        record.field("one_wire", || one_wire.to_string());
    } else if places.is_empty() {
        record.field("interfaces", || interfaces(plan));
    } else {
        record.field("sites", || sites(plan));
    }
    record.field("links", || links(plan, usual));
    record.in_lines("custom", 2)
}

/// A link, and what others use of it. That, bursts and losses are written where they differ from what holds without.
fn link(record: &mut Record, (link, background): (Link, u64), (usual, usual_background): &(Link, u64)) {
    let Link { latency_ps, bandwidth_bps, burst_bytes, jitter: delay, jitter_correlation, loss_ppb } = link;
    record.field("latency_ms", || decimal_text(latency_ps, MS_PLACES));
    record.field("bandwidth_mbps", || bandwidth(bandwidth_bps));
    if burst_bytes != usual.burst_bytes {
        record.field("burst_bytes", || burst_bytes.to_string());
    }
    share(record, "background", background, *usual_background);
    if loss_ppb != usual.loss_ppb {
        record.field("loss", || decimal_text(u64::from(loss_ppb), LOSS_PLACES));
    }
    record.field("jitter", || jitter(delay, jitter_correlation));
}

/// A share in millionths, where it differs from what holds without.
fn share(record: &mut Record, name: &'static str, share: u64, usual: u64) {
    if share != usual {
        record.field(name, || decimal_text(share, SHARE_PLACES));
    }
}

fn links(plan: &NetworkPlan, usual: (Link, u64)) -> String {
    let inside = (inside_site(), 0);
    let mut text = String::new();
    for (from, to) in plan.pairs() {
        let own = (*plan.link(from, to), plan.background.links[from * plan.parties + to]);
        let otherwise = if plan.place_of(from) == plan.place_of(to) { &inside } else { &usual };
        let changes = changes(plan, from, to);
        if own != *otherwise || !changes.is_empty() {
            let mut record = Record::new(&LINK, ALL);
            record.field("from", || from.to_string());
            record.field("to", || to.to_string());
            link(&mut record, own, otherwise);
            if !changes.is_empty() {
                record.field("changes", || format!("[{}]", changes.join(", ")));
            }
            line(&mut text, 3, &record.in_line(""));
        }
    }
    in_brackets(&text)
}

fn changes(plan: &NetworkPlan, from: usize, to: usize) -> Vec<String> {
    let own = plan.changes.iter().filter(|change| (change.from, change.to) == (from, to));
    own.map(|&Change { at_ps, from: _, to: _, latency_ps, bandwidth_bps }| {
        let mut record = Record::new(&CHANGE, ALL);
        record.field("at_s", || decimal_text(at_ps, S_PLACES));
        record.field("latency_ms", || decimal_text(latency_ps, MS_PLACES));
        record.field("bandwidth_mbps", || bandwidth(bandwidth_bps));
        record.in_line("")
    })
    .collect()
}

fn sites(plan: &NetworkPlan) -> String {
    let mut text = String::new();
    for Site { name, parties } in &plan.sites {
        let Interface { egress_bps, ingress_bps } = plan.interfaces[parties[0]];
        let mut record = Record::new(&SITE, ALL);
        record.field("name", || quoted(name));
        record.field("up_mbps", || bandwidth(egress_bps));
        record.field("down_mbps", || bandwidth(ingress_bps));
        share(&mut record, "up_background", plan.background.up[parties[0]], 0);
        share(&mut record, "down_background", plan.background.down[parties[0]], 0);
        record.field("parties", || format!("{parties:?}"));
        line(&mut text, 3, &record.in_line(""));
    }
    in_brackets(&text)
}

fn interfaces(plan: &NetworkPlan) -> String {
    let mut text = String::new();
    for (party, interface) in plan.interfaces.iter().enumerate() {
        let Interface { egress_bps, ingress_bps } = *interface;
        let mut record = Record::new(&INTERFACE, ALL);
        record.field("party", || party.to_string());
        record.field("egress_mbps", || bandwidth(egress_bps));
        record.field("ingress_mbps", || bandwidth(ingress_bps));
        share(&mut record, "egress_background", plan.background.up[party], 0);
        share(&mut record, "ingress_background", plan.background.down[party], 0);
        line(&mut text, 3, &record.in_line(""));
    }
    in_brackets(&text)
}

fn in_brackets(lines: &str) -> String {
    if lines.is_empty() { "[]".to_string() } else { format!("[\n{lines}        ]") }
}

fn bandwidth(bps: Option<u64>) -> String {
    bps.map_or("unlimited".to_string(), |bps| decimal_text(bps, MBPS_PLACES))
}

fn jitter(jitter: Jitter, correlation: f64) -> String {
    let ms = |ps| decimal_text(ps, MS_PLACES);
    let correlation =
        if correlation == 0.0 { String::new() } else { format!(", correlation: {correlation:?}") };
    match jitter {
        Jitter::None => "none".to_string(),
        Jitter::Uniform { max_ps } => format!("uniform(max_ms: {}{correlation})", ms(max_ps)),
        Jitter::LogNormal { median_ps, sigma } => {
            format!("log_normal(median_ms: {}, sigma: {sigma:?}{correlation})", ms(median_ps))
        }
        Jitter::Normal { sigma_ps } => format!("normal(jitter_ms: {}{correlation})", ms(sigma_ps)),
        Jitter::Pareto { scale_ps } => format!("pareto(jitter_ms: {}{correlation})", ms(scale_ps)),
    }
}

/// Lists without entries are left out. All of it is written: no field of faults decides anything but time.
fn faults(faults: &Faults) -> String {
    let Faults { stops, slow, down, timeout_ps, held: _ } = faults;
    let seconds = |ps| decimal_text(ps, S_PLACES);
    let stop = |&Stop { party, at_ps }: &Stop| {
        let mut record = Record::new(&STOP, ALL);
        record.field("party", || party.to_string());
        record.field("at_s", || seconds(at_ps));
        record.in_line("")
    };
    let slow_party = |&Slow { party, from_ps, to_ps, factor_millionths }: &Slow| {
        let mut record = Record::new(&SLOW, ALL);
        record.field("party", || party.to_string());
        record.field("from_s", || seconds(from_ps));
        record.field("to_s", || seconds(to_ps));
        record.field("factor", || decimal_text(factor_millionths, FACTOR_PLACES));
        record.in_line("")
    };
    let down_link = |&Down { from, to, at_ps, until_ps }: &Down| {
        let mut record = Record::new(&DOWN, ALL);
        record.field("from", || from.to_string());
        record.field("to", || to.to_string());
        record.field("at_s", || seconds(at_ps));
        if let Some(until_ps) = until_ps {
            record.field("until_s", || seconds(until_ps));
        }
        record.in_line("")
    };
    let mut record = Record::new(&FAULTS, ALL);
    let lists = [
        ("stops", stops.iter().map(stop).collect::<Vec<_>>()),
        ("slow", slow.iter().map(slow_party).collect()),
        ("down", down.iter().map(down_link).collect()),
    ];
    for (name, entries) in lists.into_iter().filter(|(_, entries)| !entries.is_empty()) {
        record.field(name, || {
            let mut text = String::new();
            entries.iter().for_each(|entry| line(&mut text, 3, entry));
            in_brackets(&text)
        });
    }
    if let Some(timeout_ps) = *timeout_ps {
        record.field("timeout_s", || seconds(timeout_ps));
    }
    record.in_lines("", 2)
}

fn adversary(adversary: &Adversary) -> String {
    let Adversary { party, does, which } = adversary;
    let mut record = Record::new(&ADVERSARY, ALL);
    record.field("party", || party.to_string());
    record.field("does", || match *does {
        Misdeed::Delay { delay_ps } => format!("delay(ms: {})", decimal_text(delay_ps, MS_PLACES)),
        other => other.name().to_string(),
    });
    record.field("which", || match which {
        Which::Number(number) => format!("message({number})"),
        Which::To(to) => format!("link({to})"),
        Which::Span(span) => format!("span({})", quoted(span)),
    });
    record.in_line("")
}

/// `none`, or all settings.
fn tcp(plan: &NetworkPlan) -> String {
    let Some(Tcp { initial_window, restart_after_idle, rto_min_ps, tick_ps }) = plan.tcp else {
        return "none".to_string();
    };
    let mut record = Record::new(&TCP, ALL);
    record.field("initial_window", || initial_window.to_string());
    record.field("restart_after_idle", || restart_after_idle.to_string());
    record.field("rto_min_ms", || decimal_text(rto_min_ps, MS_PLACES));
    record.field("tick_ms", || decimal_text(tick_ps, MS_PLACES));
    record.field("header_bytes", || plan.overhead.header_bytes.to_string());
    record.in_line("")
}

fn overhead(overhead: WireOverhead) -> String {
    let overhead = WireOverhead { header_bytes: 0, ..overhead };
    match OVERHEADS.iter().find(|(_, preset)| *preset == overhead) {
        Some((name, _)) => name.to_string(),
        None => format!(
            "custom(per_message_bytes: {}, per_segment_bytes: {}, segment_payload_bytes: {})",
            overhead.per_message_bytes, overhead.per_segment_bytes, overhead.segment_payload_bytes
        ),
    }
}

fn compute(plan: &ComputePlan, select: Select) -> String {
    let ComputePlan { label, parties } = plan;
    if select(CUSTOM_COMPUTE.field("label").decides)
        && label == "none"
        && parties.iter().all(|party| *party == PartyCompute::default())
    {
        return "none".to_string();
    }
    let mut record = Record::new(&CUSTOM_COMPUTE, select);
    record.field("label", || quoted(label));
    let usual = parties[0];
    costs(&mut record, usual);
    let mut others = String::new();
    for (party, own) in parties.iter().enumerate().filter(|(_, own)| **own != usual) {
        let mut record = Record::new(&PARTY_COMPUTE, select);
        record.field("party", || party.to_string());
        costs(&mut record, *own);
        line(&mut others, 3, &record.in_line(""));
    }
    record.field("parties", || in_brackets(&others));
    record.in_lines("custom", 2)
}

/// Speed and cores have been divided out: what is written is what it costs.
fn costs(record: &mut Record, party: PartyCompute) {
    let PartyCompute {
        send_ps,
        receive_ps,
        wake_ps,
        add_fs,
        multiply_fs,
        mac_fs,
        bit_word_fs,
        random_byte_fs,
    } = party;
    for (name, value) in [
        ("send_us", send_ps),
        ("receive_us", receive_ps),
        ("wake_us", wake_ps),
        ("add_ns", add_fs),
        ("multiply_ns", multiply_fs),
        ("mac_ns", mac_fs),
        ("bit_word_ns", bit_word_fs),
        ("random_byte_ns", random_byte_fs),
    ] {
        record.field(name, || decimal_text(value, US_PLACES));
    }
}
