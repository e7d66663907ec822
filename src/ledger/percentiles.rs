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
        let min_ps = *durations_ps.iter().min().expect("a duration");
        let max_ps = *durations_ps.iter().max().expect("a duration");
        // The histogram gives the upper end of a bucket, which can lie beyond the longest duration.
        let quantile_ps = |q| histogram.value_at_quantile(q).min(max_ps);
        Percentiles {
            min_ps,
            p50_ps: quantile_ps(0.5),
            p90_ps: quantile_ps(0.9),
            p99_ps: quantile_ps(0.99),
            max_ps,
        }
    }
}
