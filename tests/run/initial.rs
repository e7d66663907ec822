//! Initial weights: drawn in secret, or from a file.

use std::fs;
use std::path::Path;

use mpcsim::nn::{Fans, Weights, fans, glorot_weights, secret_weights};
use mpcsim::protocol::Protocol;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::ring::Content;
use mpcsim::run::{Values, fingerprint_of_plan, layers, run};
use mpcsim::scenario::{Plan, Scenario};
use mpcsim::secure::{FixedPoint, Rounding, Secure};
use tempfile::TempDir;

use super::command::{SMALL, scenario};
use crate::data::rewrite;
use crate::data::written::{Packing, npy, zip};
use crate::secure::harness::{Outcome, Program, Setting, execute, seed};

/// Names and contents of the arrays of an archive.
type Entries = Vec<(String, Vec<u8>)>;

struct Draw(Fans);

impl Program for Draw {
    async fn run<P: Protocol>(&self, secure: &Secure<P>, _: &[P::Share]) -> Vec<P::Share> {
        let own = secret_weights(secure, self.0).await;
        vec![own.weights, own.bias]
    }
}

fn drawn(fans: Fans, seed: u64, content: Content, setting: Setting) -> Outcome {
    execute(&Draw(fans), &[vec![0]], (seed, content), setting, ProtocolName::start)
}

#[test]
fn secret_weights_are_uniform_under_every_protocol() {
    let seed = seed();
    for setting in Setting::all() {
        // 2 r below and above a half, a power of two, and a single bit.
        for (inputs, outputs, fraction_bits) in [(60, 10, 16), (5, 3, 16), (12, 12, 16), (30, 20, 4)] {
            let few = setting.protocol == ProtocolName::SyRep3 || setting.protocol == ProtocolName::Rep4;
            let (fans, format) =
                (Fans { inputs, outputs }, FixedPoint { fraction_bits, ..setting.fixed_point });
            let setting = Setting { fixed_point: format, ..setting };
            let outcome = drawn(fans, seed, Content::Values, setting);
            let values: Vec<f64> =
                outcome.opened.expect_values().iter().map(|&value| format.decode(value)).collect();
            let (weights, bias) = values.split_at(fans.weights());
            assert!(bias.iter().all(|bias| *bias == 0.0));
            let radius = (6.0 / (inputs + outputs) as f64).sqrt();
            let unit = format.decode(1);
            let count = weights.len() as f64;
            let case = format!("{setting:?} {fans:?}");
            assert!(weights.iter().all(|weight| weight.abs() <= radius + 2.0 * unit), "{case}");
            let mean = weights.iter().sum::<f64>() / count;
            assert!(mean.abs() < 5.0 * radius / count.sqrt(), "{case}: {mean}");
            if fraction_bits == 16 {
                let square = weights.iter().map(|weight| weight * weight).sum::<f64>() / count;
                // The variance of a square of U[-1, 1] is 4/45.
                let off = (square / (radius * radius) - 1.0 / 3.0).abs();
                assert!(off < 5.0 * (4.0 / 45.0 / count).sqrt(), "{case}: {off}");
                // As in each part of [-r, r], so in all.
                let most = weights.iter().filter(|weight| weight.abs() > 0.9 * radius).count() as f64;
                assert!((most / count - 0.1).abs() < 5.0 * (0.09 / count).sqrt(), "{case}: {most}");
            }
            if !few || fraction_bits == 16 && inputs == 5 {
                let shapes = drawn(fans, seed, Content::Shape, setting);
                assert!(shapes.trace == outcome.trace, "{case}: what is sent depends on nothing");
                let other = drawn(fans, seed + 1, Content::Values, setting);
                assert_ne!(other.opened, outcome.opened, "{case}");
            }
        }
    }
}

fn plan(folder: &Path, sets: &[&str]) -> Plan {
    let data = scenario("data/bars").display().to_string();
    let text = fs::read_to_string(scenario(SMALL)).unwrap().replace("data/bars", &data);
    let few = [
        "model=[conv(kernel: 3, channels: 2, stride: 2), relu, dense(5), relu]",
        "training=(iterations: 3, batch: 32)",
        "loss=true",
    ];
    let sets: Vec<String> = few.iter().chain(sets).map(|set| set.to_string()).collect();
    Scenario::parse(&text, "own.ron", folder, &sets)
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

const SECRET: &str = "training.initial_weights=secret";

/// Shares and the clear are compared bit for bit with nearest rounding in each run, and every trace on shares with the
/// recorded one.
#[test]
fn trainings_with_secret_weights_are_verified_and_counted() {
    let here = Path::new("");
    for protocol in ProtocolName::ALL {
        let protocol = format!("protocol={}", protocol.name());
        let few =
            ["model=dense(hidden: [3])", &protocol, "training=(epochs: 2, batch: 256, restart_below: 1.0)"];
        let of = |more: &[&str], values| run(&plan(here, &[&few[..], more].concat()), values, &()).unwrap();
        let (input, secret) = (of(&[], Values::Split), of(&[SECRET], Values::Split));
        assert_eq!(secret.verified.different, 0, "{protocol}");
        assert!(secret.setup.payload_bytes > input.setup.payload_bytes, "{protocol}");
        assert_eq!(secret.iteration.payload_bytes, input.iteration.payload_bytes, "{protocol}");
        assert_ne!(secret.epochs, input.epochs, "{protocol}");
        assert_ne!(secret.epochs[0].loss, secret.epochs[1].loss);
        // The restart draws again.
        let more = secret.training.payload_bytes - input.training.payload_bytes;
        let drawn = secret.setup.payload_bytes - input.setup.payload_bytes;
        assert!(secret.epochs[0].restarted && 2 * more > drawn, "{protocol}: {more} and {drawn}");
        if protocol == "protocol=rep3" {
            assert_eq!(more, drawn);
            let shares = of(&[SECRET], Values::Shares);
            assert_eq!(shares.training, secret.training);
        }
    }
}

/// An archive of weights, as floating point, in the shapes that Keras has; what `change` says is written otherwise.
fn archive(plan: &Plan, weights: &[Weights], change: impl Fn(&mut Entries)) -> Vec<u8> {
    let value = |value: &u64| plan.fixed_point.decode(*value).to_le_bytes();
    let shapes = [["(3, 3, 1, 2)", "(2,)"], ["(18, 5)", "(5,)"], ["(5, 4)", "(4,)"]];
    let mut entries = Vec::new();
    for ((name, own), [shape, bias]) in ["conv1", "dense1", "dense2"].into_iter().zip(weights).zip(shapes) {
        let content = |values: &[u64]| values.iter().flat_map(value).collect::<Vec<u8>>();
        entries
            .push((format!("{name}_weights.npy"), npy("<f8", shape, &content(own.weights.expect_values()))));
        entries.push((format!("{name}_bias.npy"), npy("<f8", bias, &content(own.bias.expect_values()))));
    }
    change(&mut entries);
    let entries: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    zip(&entries, Packing::Deflated)
}

#[test]
fn weights_of_a_file_train_as_the_same_weights_from_the_seed() {
    let folder = TempDir::new().unwrap();
    let glorot = plan(folder.path(), &[]);
    let image = mpcsim::data::sizes(&glorot.data).unwrap().0;
    let layers = layers(&glorot, image, 4).unwrap();
    assert_eq!(fans(&layers).len(), 3);
    let weights = glorot_weights(&layers, glorot.seed, 0, glorot.fixed_point);
    let path = folder.path().join("w.npz");
    rewrite(&path, &archive(&glorot, &weights, |_| {}));
    let set = ["training.initial_weights=file(\"w.npz\")"];
    let of_file = plan(folder.path(), &set);
    let (by_seed, by_file) = [&glorot, &of_file].map(|plan| run(plan, Values::Split, &()).unwrap()).into();
    assert_eq!((&by_file.epochs, &by_file.setup), (&by_seed.epochs, &by_seed.setup));
    assert_ne!(by_file.fingerprint, by_seed.fingerprint);
    assert_eq!(fingerprint_of_plan(&of_file, Values::Split).unwrap(), by_file.fingerprint);
    // Another seed changes the order of rows, not these weights; another weight changes the run and its name.
    let mut other = weights.clone();
    let mut bias = other[2].bias.expect_values().to_vec();
    bias[3] = 1 << 15;
    other[2].bias = bias.into();
    rewrite(&path, &archive(&glorot, &other, |_| {}));
    let changed = run(&of_file, Values::Split, &()).unwrap();
    assert_ne!(changed.epochs, by_file.epochs);
    assert_ne!(changed.fingerprint, by_file.fingerprint);
    // Seen from elsewhere.
    let written = of_file.seen_from(&folder.path().join("deep/er")).to_ron();
    assert!(written.contains("initial_weights: file(\"../../w.npz\")"), "{written}");
    assert!(!glorot.to_ron().contains("initial_weights"));
    // What is wrong with it.
    let told = |change: &dyn Fn(&mut Entries)| {
        rewrite(&path, &archive(&glorot, &weights, change));
        run(&of_file, Values::Split, &()).unwrap_err().to_string()
    };
    assert!(
        told(&|entries| drop(entries.remove(3)))
            .contains("`w.npz` has no array `dense1_bias`: it holds `conv1_bias`")
    );
    let flat = told(&|entries| entries[2].1 = npy("|u1", "(90,)", &[0; 90]));
    assert!(flat.contains("`w.npz: dense1_weights` has the shape (90), and (18, 5) is needed"), "{flat}");
    let turned = told(&|entries| entries[2].1 = npy("|u1", "(5, 18)", &[0; 90]));
    assert!(turned.contains("has the shape (5, 18), and (18, 5) is needed"), "{turned}");
    let large: Vec<u8> = (0..5u32).flat_map(|at| (at as f32 * 9000.0).to_le_bytes()).collect();
    let large = told(&|entries| entries[3].1 = npy("<f4", "(5,)", &large));
    assert!(
        large.contains("value 2 in row 0 of `w.npz: dense1_bias` (both from 0): 18000 stands there"),
        "{large}"
    );
    let missing = Scenario::parse(&of_file.to_ron().replace("w.npz", "v.npz"), "x", folder.path(), &[]);
    assert!(missing.unwrap_err().to_string().contains("there is no file `v.npz`"));
}

#[test]
fn rounding_is_the_scenarios() {
    // With nearest rounding, equal draws are equal weights: the ideal functionality shows it in `verified`.
    for rounding in Rounding::ALL {
        let rounding = format!("rounding={}", rounding.name());
        let outcome = run(&plan(Path::new(""), &[&rounding, SECRET]), Values::Split, &()).unwrap();
        assert_eq!(outcome.verified.different, 0);
    }
}
