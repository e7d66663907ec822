//! The law of the extra latency.

use mpcsim::sim::{Jitter, Link, Network};

const DRAWS: u64 = 100_000;

fn network(jitter: Jitter) -> Network {
    let mut network = Network::uniform(3, Link { jitter, ..Link::INSTANT });
    network.jitter_seed = 5;
    network
}

fn draws(network: &Network, from: usize, to: usize) -> Vec<i128> {
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
    let below = draws.iter().filter(|&&draw| draw < i128::from(median_ps)).count();
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

/// Netem's laws, by its own formulas: iproute2, netem/normal.c and netem/pareto.c, and the correlation as its manual says.
#[test]
fn normal_jitter_has_its_spread_on_both_sides() {
    let draws = draws(&network(Jitter::Normal { sigma_ps: 1_000_000_000 }), 0, 1);
    let values = || draws.iter().map(|&draw| draw as f64 / 1e9);
    let average = mean(values());
    let sigma = mean(values().map(|value| (value - average) * (value - average))).sqrt();
    // Six standard deviations of both estimates.
    assert!(average.abs() < 0.019, "the mean is {average}");
    assert!((sigma - 1.0).abs() < 0.0135, "the standard deviation is {sigma}");
    let within = values().filter(|value| value.abs() < 1.0).count();
    // 68,269 are expected; six standard deviations are 883.
    assert!((67_386..=69_152).contains(&within), "{within} draws within one standard deviation");
}

#[test]
fn pareto_jitter_is_that_of_netem() {
    let draws = draws(&network(Jitter::Pareto { scale_ps: 1_000_000_000 }), 0, 1);
    // Of a Pareto law of shape 3 from 1 on, a part x^-3 is above x.
    for x in [1.0, 1.1, 1.5, 2.0, 3.0, 4.0] {
        let expected = DRAWS as f64 * libm::pow(x, -3.0);
        let bound = (x - 1.5) * (4.0 / 3.0) * 1e9;
        let above = draws.iter().filter(|&&draw| draw as f64 > bound).count() as f64;
        let six_sigma = 6.0 * (expected * (1.0 - expected / DRAWS as f64)).sqrt() + 1.0;
        assert!((above - expected).abs() <= six_sigma, "{above} draws above {x}, not {expected}");
    }
    let (least, most) = (draws.iter().min().expect("draws"), draws.iter().max().expect("draws"));
    assert!(*least >= -666_666_667, "the least draw is {least}");
    assert_eq!(*most, 3_999_877_930, "the table of netem ends at 32767 of 8192");
}

#[test]
fn correlated_draws_follow_the_recurrence() {
    let with = |jitter, jitter_correlation| {
        let mut network = network(jitter);
        network.links.iter_mut().for_each(|link| link.jitter_correlation = jitter_correlation);
        network
    };
    // Independent standard normal numbers, to twelve digits.
    let unit = 1_000_000_000_000.0;
    let fresh = |ordinal| {
        let network = network(Jitter::Normal { sigma_ps: unit as u64 });
        network.jitter_ps(0, 1, ordinal).expect("small") as f64 / unit
    };
    for correlation in [0.01f64, 0.25, 0.5, 0.99] {
        let network = with(Jitter::Normal { sigma_ps: 1_000_000 }, correlation);
        let mut last = fresh(0);
        for ordinal in 0..300 {
            if ordinal > 0 {
                last = correlation * last + (1.0 - correlation * correlation).sqrt() * fresh(ordinal);
            }
            let draw = network.jitter_ps(0, 1, ordinal).expect("small") as f64;
            assert!((draw - 1e6 * last).abs() <= 0.6, "{draw} for {last}, correlation {correlation}");
        }
    }
}

/// A correlation changes the order of draws, not their law.
#[test]
fn correlation_leaves_the_law_as_it_is() {
    let laws = [
        Jitter::Uniform { max_ps: 1_000_000 },
        Jitter::LogNormal { median_ps: 1_000_000, sigma: 0.5 },
        Jitter::Normal { sigma_ps: 1_000_000 },
        Jitter::Pareto { scale_ps: 1_000_000 },
    ];
    for law in laws {
        let alone = network(law);
        let mut quantiles = draws(&alone, 0, 1);
        quantiles.sort_unstable();
        // A new link every 20 messages, so that there are many independent draws.
        let mut draws = Vec::new();
        let mut products = 0.0;
        for seed in 0..2000 {
            let mut network = alone.clone();
            network.jitter_seed = seed;
            network.links.iter_mut().for_each(|link| link.jitter_correlation = 0.5);
            let pair: Vec<_> = (18..20).map(|at| network.jitter_ps(0, 1, at).expect("small")).collect();
            let middle = quantiles[quantiles.len() / 2];
            products += if (pair[0] < middle) == (pair[1] < middle) { 1.0 } else { 0.0 };
            draws.extend(pair);
        }
        for tenth in 1..10 {
            let bound = quantiles[quantiles.len() * tenth / 10];
            let below = draws.iter().filter(|&&draw| draw < bound).count() as f64 / draws.len() as f64;
            // Six standard deviations, of 2000 independent draws.
            assert!((below - tenth as f64 / 10.0).abs() < 0.068, "{law:?}: {below} below {tenth} tenths");
        }
        // Both on one side of the median: 1/2 + asin(0.5) / pi.
        let same: f64 = products / 2000.0;
        assert!((same - 2.0 / 3.0).abs() < 0.064, "{law:?}: {same} on the same side of the median");
    }
}
