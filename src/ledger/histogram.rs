//! How many durations lie where: bars for a picture.

/// Counts of durations in intervals of equal width.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bars {
    /// Where the first interval begins.
    pub start_ps: u64,
    /// How wide each one is; its end does not belong to it.
    pub width_ps: u64,
    /// How many durations are in each.
    pub counts: Vec<u64>,
}

impl Bars {
    /// Of at least one duration, in at most so many intervals.
    pub fn of(durations_ps: &[u64], intervals: u64) -> Bars {
        let start_ps = *durations_ps.iter().min().expect("a duration");
        let end_ps = *durations_ps.iter().max().expect("a duration");
        let width_ps = (end_ps - start_ps) / intervals + 1;
        let mut counts = vec![0; ((end_ps - start_ps) / width_ps + 1) as usize];
        for duration_ps in durations_ps {
            counts[((duration_ps - start_ps) / width_ps) as usize] += 1;
        }
        Bars { start_ps, width_ps, counts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_is_in_one_interval() {
        let durations: Vec<u64> = (0..1000).map(|i| 500 + i * i % 977).collect();
        let bars = Bars::of(&durations, 40);
        assert!(bars.counts.len() <= 40);
        assert_eq!(bars.counts.iter().sum::<u64>(), 1000);
        assert_eq!(Bars::of(&[7, 7], 40), Bars { start_ps: 7, width_ps: 1, counts: vec![2] });
    }
}
