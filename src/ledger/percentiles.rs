//! The distribution of durations that jitter makes.

use hdrhistogram::Histogram;

/// Percentiles of the durations of iterations, in picoseconds, each exact to three digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentiles {
    /// The shortest.
    pub min_ps: u64,
    /// Half are at most this.
    pub p50_ps: u64,
    /// 90 in 100 are.
    pub p90_ps: u64,
    /// 99 in 100 are.
    pub p99_ps: u64,
    /// The longest.
    pub max_ps: u64,
}

impl Percentiles {
    /// Of at least one duration.
    pub fn of(durations_ps: &[u64]) -> Percentiles {
        let mut histogram = Histogram::<u64>::new(3).expect("three digits are possible");
        for &duration in durations_ps {
            histogram.record(duration).expect("the histogram grows");
        }
        let exactly = |extreme: Option<&u64>| *extreme.expect("a duration");
        Percentiles {
            min_ps: exactly(durations_ps.iter().min()),
            p50_ps: histogram.value_at_quantile(0.5),
            p90_ps: histogram.value_at_quantile(0.9),
            p99_ps: histogram.value_at_quantile(0.99),
            max_ps: exactly(durations_ps.iter().max()),
        }
    }
}
