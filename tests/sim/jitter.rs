//! The law of the extra latency.

use mpcsim::sim::{Jitter, Link, Network};

const DRAWS: u64 = 100_000;

fn network(jitter: Jitter) -> Network {
    let mut network = Network::uniform(3, Link { jitter, ..Link::INSTANT });
    network.jitter_seed = 5;
    network
}

fn draws(network: &Network, from: usize, to: usize) -> Vec<u64> {
    (0..DRAWS).map(|ordinal| network.jitter_ps(from, to, ordinal).expect("small")).collect()
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    values.sum::<f64>() / DRAWS as f64
}

#[test]
fn uniform_jitter_is_uniform() {
    let draws = draws(&network(Jitter::Uniform { max_ps: 9 }), 0, 1);
    for value in 0..=9 {
        let count = draws.iter().filter(|&&draw| draw == value).count();
        // 10,000 are expected; six standard deviations are 569.
        assert!((9_431..=10_569).contains(&count), "{count} draws of {value}");
    }
    let pairs = draws.windows(2).filter(|pair| pair[0] == pair[1]).count();
    assert!((9_431..=10_569).contains(&pairs), "{pairs} draws equal the one before");
    let most = network(Jitter::Uniform { max_ps: u64::MAX });
    assert!(most.jitter_ps(0, 1, 0).is_some_and(|draw| draw > 1 << 40));
}

#[test]
fn log_normal_jitter_has_its_median_and_spread() {
    let median_ps = 1_000_000;
    let draws = draws(&network(Jitter::LogNormal { median_ps, sigma: 0.5 }), 0, 1);
    let below = draws.iter().filter(|&&draw| draw < median_ps).count();
    assert!((49_051..=50_949).contains(&below), "{below} draws are below the median");
    let logs: Vec<f64> = draws.iter().map(|&draw| libm::log(draw as f64 / median_ps as f64)).collect();
    let average = mean(logs.iter().copied());
    let sigma = mean(logs.iter().map(|log| (log - average) * (log - average))).sqrt();
    assert!(average.abs() < 0.01, "the logarithm's mean is {average}");
    assert!((sigma - 0.5).abs() < 0.007, "the logarithm's standard deviation is {sigma}");
    let wild = network(Jitter::LogNormal { median_ps: u64::MAX, sigma: 1.0 });
    assert!((0..20).any(|ordinal| wild.jitter_ps(0, 1, ordinal).is_none()), "too large is an error");
}

#[test]
fn links_and_seeds_draw_apart() {
    let mut network = network(Jitter::Uniform { max_ps: 1 << 60 });
    let here = draws(&network, 0, 1);
    for (from, to) in [(1, 0), (0, 2), (2, 1)] {
        let there = draws(&network, from, to);
        assert!(here.iter().zip(&there).all(|(a, b)| a != b), "link {from} -> {to} draws the same");
    }
    network.jitter_seed = 6;
    assert!(here.iter().zip(&draws(&network, 0, 1)).all(|(a, b)| a != b));
    assert!(network.has_jitter());
    network
        .links
        .iter_mut()
        .enumerate()
        .filter(|(at, _)| at % 4 != 0)
        .for_each(|(_, link)| link.jitter = Jitter::None);
    assert!(!network.has_jitter(), "links to oneself do not count");
}
