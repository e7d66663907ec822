//! What is read: defaults, units, limits, and that a plan written out is read back.

use std::fs;
use std::path::Path;

use mpcsim::memory::MemoryLimit;
use mpcsim::run::{Values, fingerprint_of_plan};
use mpcsim::scenario::{
    BatchDivision, DataSource, FixedPoint, InitialWeights, Interface, Jitter, Length, Optimizer,
    PartyCompute, Plan, Protocol, Rate, Rounding, SCENARIO, Scenario, Sgd, Training, WireOverhead,
    parse_compute, parse_network,
};
use mpcsim::sweep::{Sweep, SweepPlan};

use super::{advice, good, minimal, mistakes, parse};

fn is_sweep(path: &Path) -> bool {
    fs::read_to_string(path).unwrap().contains("axes: [")
}

/// The shipped scenarios, without those that are the base of a sweep inside its file.
fn scenarios() -> Vec<std::path::PathBuf> {
    let mut files = scenarios_and_sweeps();
    files.retain(|path| !is_sweep(path));
    files
}

fn scenarios_and_sweeps() -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "ron"));
    files.sort();
    files
}

fn fingerprint(plan: &Plan) -> String {
    fingerprint_of_plan(plan, Values::Split).expect("its data can be read")
}

/// Writes a plan and reads it again, as a file of the folder `scenarios`.
fn read_back(plan: &Plan) {
    let text = plan.to_ron();
    ron::from_str::<serde::de::IgnoredAny>(&text).unwrap_or_else(|error| panic!("not RON: {error}\n{text}"));
    let again = Scenario::parse(&text, "resolved.ron", scenarios()[0].parent().unwrap(), &[]);
    let again = again.unwrap_or_else(|errors| panic!("{}\n{text}", errors.render(false)));
    assert_eq!(*plan, again, "{text}");
    assert_eq!((text, fingerprint(plan)), (again.to_ron(), fingerprint(&again)));
}

#[test]
fn shipped_scenarios_are_sound() {
    let files = scenarios();
    assert!(files.len() >= 4);
    for file in files {
        ron::from_str::<serde::de::IgnoredAny>(&fs::read_to_string(&file).unwrap()).expect("the file is RON");
        let plan = Scenario::load(&file, &[]).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        read_back(&plan);
    }
}

#[test]
fn shipped_sweeps_are_sound() {
    let sweeps: Vec<_> = scenarios_and_sweeps().into_iter().filter(|path| is_sweep(path)).collect();
    assert!(sweeps.len() >= 2);
    for file in sweeps {
        ron::from_str::<serde::de::IgnoredAny>(&fs::read_to_string(&file).unwrap()).expect("the file is RON");
        let sweep = Sweep::open(&file, MemoryLimit::of_machine())
            .unwrap_or_else(|errors| panic!("{}", errors.render(false)));
        SweepPlan::new(sweep).unwrap_or_else(|errors| panic!("{}", errors.render(false)));
    }
}

#[test]
fn files_of_data_are_found_beside_the_scenario() {
    let file = &scenarios()[4];
    let plan = Scenario::load(file, &["data.test=100".to_string()]).unwrap();
    assert_eq!((plan.data.train_rows(), plan.data.test_rows()), (512, 100));
    let data = mpcsim::data::load(&plan.data).unwrap();
    assert_eq!((data.train.width, data.train.classes, data.test.rows), (64, 4, 100));
    assert!(plan.to_ron().contains("train_images: \"data/bars/train-images.gz\""), "paths stay as written");
    let more = Scenario::load(file, &["data.train=513".to_string()]).unwrap_err();
    assert_eq!(more.mistakes()[0].message(), "`train` must be a whole number from 1 to 512");
}

#[test]
fn what_is_left_out_has_a_default() {
    let plan = good(&minimal("network: preset(\"lan\")"), &[]);
    assert_eq!(
        (plan.seed, plan.protocol, plan.rounding, plan.loss),
        (1, Protocol::Rep3, Rounding::Probabilistic, false)
    );
    assert_eq!(plan.fixed_point, FixedPoint { fraction_bits: 16, total_bits: 31 });
    assert_eq!(plan.data, DataSource::Mnist { train: 60_000, test: 10_000 });
    let expected = Training {
        length: Length::Epochs(3),
        batch: 128,
        rates: vec![Rate { from_epoch: 1, rate: 0.01 }],
        optimizer: Optimizer::Sgd(Sgd { momentum: 0.9, division: BatchDivision::PowerOfTwo }),
        weight_decay: 0.0,
        restart_below: 0.12,
        initial_weights: InitialWeights::Glorot,
        evaluate_every: None,
        targets: Vec::new(),
    };
    assert_eq!(plan.training, expected);
    assert_eq!(plan.compute.label, "server-core");
    // Written out or left out: the same plan, the same fingerprint.
    let first = Scenario::load(&scenarios()[0], &["name=test".to_string()]).unwrap();
    assert_eq!(first, plan);
    assert_eq!(fingerprint(&first), fingerprint(&plan));
    assert_eq!(fingerprint(&plan).len(), 16);
    let other = good(&minimal("network: preset(\"lan\")"), &["seed=2"]);
    assert_ne!(fingerprint(&other), fingerprint(&plan));
}

#[test]
fn custom_networks_are_converted_exactly() {
    let text = "custom(latency_ms: 20, bandwidth_mbps: 0.1, jitter: uniform(max_ms: 0.000000001), interface_mbps: 1e4,
        overhead: tls, interfaces: [(party: 1, ingress_mbps: unlimited)],
        links: [(from: 0, to: 1, latency_ms: 24.6555, bandwidth_mbps: unlimited,
                 jitter: log_normal(median_ms: 1.5, sigma: 0.25)), (from: 2, to: 1, jitter: none)])";
    let plan = parse_network(text, "network.ron", 3).unwrap();
    assert_eq!((plan.label.as_str(), plan.overhead), ("custom", WireOverhead::TLS));
    let usual = plan.link(1, 0);
    assert_eq!((usual.latency_ps, usual.bandwidth_bps), (20_000_000_000, Some(100_000)));
    assert_eq!(usual.jitter, Jitter::Uniform { max_ps: 1 });
    let own = plan.link(0, 1);
    assert_eq!((own.latency_ps, own.bandwidth_bps), (24_655_500_000, None));
    assert_eq!(own.jitter, Jitter::LogNormal { median_ps: 1_500_000_000, sigma: 0.25 });
    assert_eq!((plan.link(2, 1).latency_ps, plan.link(2, 1).jitter), (20_000_000_000, Jitter::None));
    let interface = |egress_bps, ingress_bps| Interface { egress_bps, ingress_bps };
    let fast = Some(10_000_000_000);
    assert_eq!(plan.interfaces, [interface(fast, fast), interface(fast, None), interface(fast, fast)]);
    assert_eq!(
        (plan.link(1, 1).latency_ps, plan.link(1, 1).bandwidth_bps),
        (0, None),
        "the diagonal is idle"
    );
    let own = "custom(latency_ms: 0, bandwidth_mbps: 1, overhead: custom(per_message_bytes: 8, segment_payload_bytes: 100))";
    let expected = WireOverhead {
        header_bytes: 0,
        per_message_bytes: 8,
        per_segment_bytes: 0,
        segment_payload_bytes: 100,
    };
    assert_eq!(parse_network(own, "network.ron", 2).unwrap().overhead, expected);
}

#[test]
fn a_matrix_has_a_row_per_sender() {
    let text = "matrix(label: \"mine\", latency_ms: [[1, 2], [3, 4], [5, 6]], bandwidth_mbps: [[10, 20], [30, 40], [50, 60]])";
    let plan = parse_network(text, "network.ron", 3).unwrap();
    let figures = |from, to| {
        (
            plan.link(from, to).latency_ps / 1_000_000_000,
            plan.link(from, to).bandwidth_bps.unwrap() / 1_000_000,
        )
    };
    assert_eq!([figures(0, 1), figures(0, 2), figures(1, 0)], [(1, 10), (2, 20), (3, 30)]);
    assert_eq!([figures(1, 2), figures(2, 0), figures(2, 1)], [(4, 40), (5, 50), (6, 60)]);
}

#[test]
fn costs_are_divided_by_speed_and_cores_and_rounded_once() {
    let text = "custom(send_us: 0.5, receive_us: 1, wake_us: 25.0, add_ns: 0.3, multiply_ns: 1, mac_ns: 0.1, bit_word_ns: 2,
        random_byte_ns: 0.053, speed: 1.5, parties: [(party: 2, speed: 3, cores: 7, add_ns: 0.7)])";
    let plan = parse_compute(text, "compute.ron", 3).unwrap();
    let message = (500_000, 1_000_000, 25_000_000);
    let party = |(send_ps, receive_ps, wake_ps),
                 [add_fs, multiply_fs, mac_fs, bit_word_fs, random_byte_fs]: [u64; 5]| {
        PartyCompute {
            send_ps,
            receive_ps,
            wake_ps,
            add_fs,
            multiply_fs,
            mac_fs,
            bit_word_fs,
            random_byte_fs,
        }
    };
    assert_eq!(plan.parties[0], party(message, [200_000, 666_667, 66_667, 1_333_333, 35_333]));
    assert_eq!(plan.parties[1], plan.parties[0]);
    assert_eq!(plan.parties[2], party(message, [33_333, 47_619, 4_762, 95_238, 2_524]));
    let none = parse_compute("none", "compute.ron", 2).unwrap();
    assert_eq!((none.label.as_str(), none.parties), ("none", vec![PartyCompute::default(); 2]));
}

#[test]
fn limits_are_kept() {
    let scenario = minimal("network: custom(latency_ms: 1, bandwidth_mbps: 1)");
    let refused = [
        "name=\"a/b\"",
        "name=\"\"",
        "name=\"..\"",
        "seed=-1",
        "seed=1.5",
        "seed=18446744073709551616",
        "protocol=clear",
        "rounding=up",
        "fixed_point.fraction_bits=3",
        "fixed_point.fraction_bits=15",
        "fixed_point.total_bits=20",
        "fixed_point.total_bits=32",
        "model=dense(hidden: [0])",
        "model=dense(hidden: [65537])",
        "model=dense",
        "model=dense(hidden: 128)",
        "softmax=softmax",
        "loss=1",
        "data=mnist(train: 0)",
        "data=mnist(train: 60001)",
        "data=mnist(test: 10001)",
        "data.train=127",
        "training.epochs=0",
        "training.batch=0",
        "training.batch=60001",
        "training.learning_rate=0",
        "training.learning_rate=0.000001",
        "training.learning_rate=inf",
        "training.learning_rate=NaN",
        "training.momentum=1",
        "training.momentum=0.999999",
        "training.momentum=0.000001",
        "training.division=halves",
        "fixed_point=(fraction_bits: 4, total_bits: 20)",
        "training.momentum=-0.1",
        "training.restart_below=1.1",
        "network.latency_ms=-1",
        "network.latency_ms=3600001",
        "network.latency_ms=inf",
        "network.bandwidth_mbps=0",
        "network.bandwidth_mbps=-5",
        "network.links=[(from: 0, to: 0)]",
        "network.links=[(from: 0, to: 3)]",
        "network.links=[(from: 0, to: 1), (from: 0, to: 1)]",
        "network.jitter=log_normal(median_ms: 1, sigma: 5)",
        "network.overhead=custom(segment_payload_bytes: 0)",
        "compute=custom(speed: 0)",
        "compute=custom(cores: 0)",
        "compute=custom(wake_us: -1)",
        "compute=custom(mac_ns: 1000001)",
        "network=lan",
        "network=preset(\"lna\")",
        "network=preset()",
        "network=custom()",
        "compute=custom(parties: [(party: 3)])",
        "seed=",
        "[0]=1",
        "=1",
    ];
    for set in refused {
        assert!(parse(&scenario, &[set]).is_err(), "`{set}` is accepted");
    }
    let accepted = [
        "seed=18446744073709551615",
        "seed=0xff",
        "fixed_point=(fraction_bits: 19, total_bits: 25)",
        "fixed_point=(fraction_bits: 20, total_bits: 31)",
        "fixed_point=(fraction_bits: 10, total_bits: 24)",
        "training.batch=60000",
        "training.restart_below=0",
        "network.latency_ms=0",
        "network.latency_ms=3600000",
        "network.bandwidth_mbps=unlimited",
        "training.learning_rate=1",
        "training.momentum=0.99999",
        "training.division=exact",
        "model.hidden=[]",
        "data=mnist()",
        "data.train=128",
        "compute=none",
    ];
    for set in accepted {
        read_back(&good(&scenario, &[set]));
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = "(\n  nmae: \"x\",\n  protocol: rep4x,\n  model: dense(hiden: [1]),\n  softmax: exat,\n  data: mnist(train: 0),\n  training: (epochs: 0, batch: 7.5),\n)";
    let protocols = format!("3:13: `protocol` must be {}", SCENARIO.field("protocol").value.needed());
    let softmax = format!("5:12: `softmax` must be {}", SCENARIO.field("softmax").value.needed());
    let expected = [
        "1:1: a scenario needs a field `network`",
        "2:3: a scenario has no field `nmae`",
        protocols.as_str(),
        "4:16: `dense` has no field `hiden`",
        softmax.as_str(),
        "6:22: `train` must be a whole number from 1 to 60,000",
        "7:22: `epochs` must be a whole number from 1 to 100,000",
        "7:32: `batch` must be a whole number from 1 to 65,536",
    ];
    assert_eq!(mistakes(text, &[]), expected);
}

#[test]
fn hints_name_what_was_probably_meant() {
    let with = |network: &str| minimal(&format!("network: {network}"));
    assert_eq!(advice(&with("preset(\"lna\")"), &[]), "did you mean \"lan\"?");
    assert_eq!(advice(&with("preset(\"cheeta-wan\")"), &[]), "did you mean \"cheetah-wan\"?");
    assert_eq!(advice(&with("lan"), &[]), "write preset(\"lan\")");
    assert_eq!(advice(&with("costum(latency_ms: 1)"), &[]), "did you mean `custom`?");
    assert_eq!(advice(&with("preset(\"lan\")"), &["softmax=\"exact\""]), "without quotes: `exact`");
    assert_eq!(advice(&with("preset(\"lan\")"), &["softmax=relu_prob"]), "did you mean `relu_probability`?");
    assert_eq!(advice(&with("preset(\"lan\")"), &["rounding=Nearest"]), "did you mean `nearest`?");
}

#[test]
fn a_file_of_that_name_is_looked_for() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios");
    let errors = Scenario::load(&folder.join("01_frist_run.ron"), &[]).unwrap_err();
    assert!(errors.mistakes()[0].message().starts_with("cannot read the scenario"));
    assert!(errors.mistakes()[0].advice().unwrap().contains("01_first_run.ron"));
}

/// A generator of numbers for the properties below, seeded by the number of the case.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0 >> 1) * u128::from(limit)) >> 63) as u64
    }

    pub fn pick(&mut self, choices: &[&str]) -> String {
        choices[self.below(choices.len() as u64) as usize].to_string()
    }

    /// A number up to `limit` of a random number of digits before and after the point.
    pub fn decimal(&mut self, limit: u64) -> String {
        let magnitude = 10u64.pow(self.below(u64::from(limit.ilog10()) + 1) as u32);
        let places = self.below(12) as u32;
        format!(
            "{}.{:0width$}",
            self.below(magnitude),
            self.below(10u64.pow(places)),
            width = places as usize
        )
    }
}

fn random_scenario(random: &mut Random) -> String {
    let jitter = |random: &mut Random| match random.below(3) {
        0 => "none".to_string(),
        1 => format!("uniform(max_ms: {})", random.decimal(1000)),
        _ => format!("log_normal(median_ms: {}, sigma: 0.{})", random.decimal(1000), random.below(1000)),
    };
    let bandwidth = |random: &mut Random| match random.below(4) {
        0 => "unlimited".to_string(),
        _ => format!("1{}", random.decimal(100_000)),
    };
    let from = random.below(3);
    let link = format!(
        "(from: {from}, to: {}, latency_ms: {}, bandwidth_mbps: {}, jitter: {})",
        (from + 1 + random.below(2)) % 3,
        random.decimal(100_000),
        bandwidth(random),
        jitter(random)
    );
    let network = format!(
        "custom(latency_ms: {}, bandwidth_mbps: {}, jitter: {}, interface_mbps: {}, overhead: {}, links: [{link}])",
        random.decimal(1_000_000),
        bandwidth(random),
        jitter(random),
        bandwidth(random),
        random.pick(&["none", "tcp", "tls", "custom(per_message_bytes: 3)"]),
    );
    let compute = format!(
        "custom(send_us: {}, wake_us: {}, mac_ns: {}, random_byte_ns: {}, speed: 1{}, cores: {}, parties: [(party: {}, speed: 0.5, add_ns: {})])",
        random.decimal(1000),
        random.decimal(1000),
        random.decimal(1000),
        random.decimal(1000),
        random.decimal(10),
        1 + random.below(64),
        random.below(3),
        random.decimal(100),
    );
    let optimizer = match random.below(3) {
        0 => format!("momentum: 0.{}", random.below(1_000_000_000_000_000)),
        1 => "optimizer: amsgrad".to_string(),
        _ => format!(
            "optimizer: adam(beta1: 0.{}, epsilon: {}.5, inverse_root: {})",
            random.below(1_000_000_000_000_000),
            random.below(100),
            random.pick(&["approximate", "precise"]),
        ),
    };
    let rate = format!("0.1{}", random.below(1_000_000_000_000));
    let rates = match random.below(3) {
        0 => format!("[(from_epoch: 1, rate: {rate}), (from_epoch: {}, rate: 0.3)]", 2 + random.below(9)),
        _ => rate,
    };
    let training = format!(
        "({}: {}, batch: {}, learning_rate: {rates}, {optimizer}, weight_decay: 0.00{}, restart_below: 0.{})",
        random.pick(&["epochs", "iterations"]),
        1 + random.below(1000),
        1 + random.below(100),
        1 + random.below(9),
        random.below(1000)
    );
    let (network, compute) = (
        if random.below(4) == 0 { "preset(\"hpmpc-wan2\")".to_string() } else { network },
        if random.below(4) == 0 { random.pick(&["none", "preset(\"laptop-core\")"]) } else { compute },
    );
    format!(
        "(name: \"r {}\", seed: {}, protocol: rep3, rounding: {}, model: dense(hidden: [{}]), softmax: {}, loss: {},
          data: mnist(train: {}, test: {}), training: {training}, network: {network}, compute: {compute})",
        random.below(100),
        random.below(u64::MAX),
        random.pick(&["probabilistic", "nearest"]),
        random.pick(&["", "1", "128, 128", "65536"]),
        random.pick(&["exact", "relu_probability", "relu_gradient"]),
        random.pick(&["true", "false"]),
        100 + random.below(59_901),
        1 + random.below(10_000),
    )
}

#[test]
fn what_is_written_is_read_back() {
    for case in 0..2_000 {
        let text = random_scenario(&mut Random(case));
        let plan = parse(&text, &[]).unwrap_or_else(|errors| panic!("case {case}: {}", errors.render(false)));
        read_back(&plan);
    }
}

#[test]
fn no_text_makes_the_reader_panic_or_accept_what_it_does_not_understand() {
    let text = fs::read_to_string(&scenarios()[3]).unwrap();
    let signs =
        ["(", ")", "[", "]", "{", "}", ":", ",", "\"", "/*", "//", "-", "1", "x", "é", "=", "r#\"", "\\", ""];
    for case in 0..4_000 {
        let mut random = Random(case);
        let mut damaged = text.clone();
        for _ in 0..1 + random.below(3) {
            let mut at = random.below(damaged.len() as u64) as usize;
            while !damaged.is_char_boundary(at) {
                at -= 1;
            }
            let width = damaged[at..].chars().next().map_or(0, char::len_utf8);
            damaged.replace_range(at..at + width, &random.pick(&signs));
        }
        if let Err(errors) = parse(&damaged, &[]) {
            assert!(!errors.render(false).is_empty());
        }
        let cut = (0..=random.below(text.trim_end().len() as u64) as usize)
            .rev()
            .find(|cut| text.is_char_boundary(*cut));
        assert!(parse(&text[..cut.unwrap()], &[]).is_err(), "case {case}: half a scenario is accepted");
    }
}

/// What a run would assert is refused before it: with the reason and what works, wherever the value comes from.
#[test]
fn constants_that_the_number_format_spoils_are_refused() {
    let sets = |more: &str| {
        let text = minimal(&format!("network: preset(\"lan\"), {more}"));
        let errors = parse(&text, &[]).expect_err(more);
        let [mistake] = errors.mistakes() else { panic!("{more}: {errors}") };
        (mistake.message().to_string(), mistake.advice().unwrap_or("").to_string())
    };
    let told = [
        (
            "training: (momentum: 0.999999)",
            "a momentum of 0.999999 with 16 bits after the binary point is one",
            "the largest that is less is 0.9999847412109375",
        ),
        (
            "fixed_point: (fraction_bits: 4, total_bits: 20)",
            "a learning rate of 0.01 with 4 bits after the binary point is zero (it is the default)",
            "the smallest that is not is 0.03125, or give the format more bits after the point",
        ),
        (
            "fixed_point: (fraction_bits: 8, total_bits: 13), training: (batch: 8192)",
            "a step of a batch of 8,192 rows is zero with numbers of 13 bits",
            "a batch must be less than 8,192 rows then",
        ),
        (
            "fixed_point: (fraction_bits: 4, total_bits: 9), training: (batch: 512, learning_rate: 0.5)",
            "a step of a batch of 512 rows is zero with numbers of 9 bits",
            "a batch must be less than 512 rows then",
        ),
        (
            "fixed_point: (fraction_bits: 14, total_bits: 31)",
            "the secure functions cannot work with this number format",
            "a division of numbers of 31 bits with 14 after the binary point works on numbers of 65 bits, and the ring of 64 \
             bits has place for 63; the nearest that works is (fraction_bits: 14, total_bits: 29)",
        ),
        (
            "fixed_point: (fraction_bits: 16, total_bits: 20)",
            "the secure functions cannot work with this number format",
            "20 bits with 16 after the binary point leave 3 before it, and the logarithm and reciprocals need 4; the nearest \
             that works is (fraction_bits: 16, total_bits: 21)",
        ),
    ];
    for (more, message, help) in told {
        assert_eq!(sets(more), (message.to_string(), help.to_string()), "{more}");
    }
}

#[test]
fn a_softmax_is_read_with_its_parameters_or_refused_at_its_place() {
    let text = minimal("network: preset(\"lan\")");
    let written = |sets: &[&str]| good(&text, sets).softmax.in_full();
    assert_eq!(written(&["softmax=limit"]), "limit(squarings: 8)");
    assert_eq!(written(&["softmax=limit", "softmax.squarings=6"]), "limit(squarings: 6)");
    assert_eq!(written(&["softmax=ode(clip: (-4, 12))"]), "ode(steps: 32, clip: (-4.0, 12.0))");
    assert_eq!(good(&text, &["softmax=limit(squarings: 6)"]).softmax.to_string(), "limit(squarings: 6)");
    assert_eq!(good(&text, &["softmax=limit(squarings: 8)"]).softmax.to_string(), "limit");
    let format = "fixed_point=(fraction_bits: 8, total_bits: 24)";
    let narrow = "fixed_point=(fraction_bits: 16, total_bits: 21)";
    for (sets, expected) in [
        (&["softmax=limit(squarings: 99)"][..], "`squarings` must be a whole number from 2 to 14"),
        (&["softmax=limit(squaring: 6)"], "`limit` has no field `squaring`"),
        (&["softmax=ode(clip: (3, 1))"], "`clip` must be `none`, or two numbers"),
        (&["softmax=ode(clip: 3)"], "`clip` must be `none`, or two numbers"),
        (&["softmax=relu_gradient(zero_sum: none)"], "`zero_sum` must be `zero`, `uniform` or `first`"),
        (&["softmax=limit", format], "softmax limit needs 12 bits after the binary point"),
        (
            &["softmax=taylor", format],
            "softmax taylor loses a bit with each of its 8 squarings and needs 12 bits",
        ),
        (&["softmax=ode(steps: 100)", format], "softmax ode needs 13 bits after the binary point"),
        (&["softmax=two_quad", narrow], "take 10 bits before the point, or a smaller c"),
        (&["softmax=pade", narrow], "for which a number needs 5 bits before the binary point"),
        (&["softmax=relu_probability(threshold: 0)"], "take a threshold of 0.000068 or more"),
        (&["softmax=relu_norm", "protocol=rep4"], "before rep4 has checked anything"),
        (&["softmax=adhoc", "protocol=sy_rep3"], "before sy_rep3 has checked anything"),
    ] {
        let told = mistakes(&text, sets);
        assert_eq!(told.len(), 1, "{sets:?}: {told:?}");
        assert!(told[0].contains(expected), "{sets:?}: {told:?}");
    }
    assert_eq!(advice(&text, &["softmax=limit(8)"]), "it is written `limit(squarings: 8)`");
    assert_eq!(advice(&text, &["softmax=limt"]), "did you mean `limit`?");
    assert_eq!(advice(&text, &["softmax=limit(squaring: 6)"]), "did you mean `squarings`?");
}
