//! Shards: shares of the points, for several machines.

use std::fmt;
use std::str::FromStr;

use super::planner::SweepPlan;

/// One of several shares of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// Which one, from 1.
    pub number: u32,
    /// Of how many.
    pub of: u32,
}

impl Shard {
    /// All points.
    pub const WHOLE: Shard = Shard { number: 1, of: 1 };

    /// The points of this share, in the order of the grid.
    ///
    /// Points that need the same training go to the same share where there are as many trainings as shares; else a
    /// training is cut where it must be.
    pub(crate) fn points(self, plan: &SweepPlan) -> Points {
        let points = plan.points() as u64;
        if self == Shard::WHOLE {
            return Points::All(points as u32);
        }
        let (number, of) = (u64::from(self.number - 1), u64::from(self.of));
        if !plan.sweep.train {
            let range = points * number / of..points * (number + 1) / of;
            return Points::Some((range.start as u32..range.end as u32).collect());
        }
        let mut by_training = vec![Vec::new(); plan.trainings()];
        for point in 0..points as u32 {
            by_training[plan.program(point as usize).training as usize].push(point);
        }
        let mut own = Vec::new();
        let mut before = 0;
        for group in by_training {
            let length = group.len() as u64;
            if plan.trainings() as u64 >= of {
                // Whole, where its middle is.
                if (2 * before + length) * of / (2 * points) == number {
                    own.extend(&group);
                }
            } else {
                let inside = |point: u64| (point.max(before) - before).min(length) as usize;
                let (start, end) = (points * number / of, points * (number + 1) / of);
                own.extend(&group[inside(start)..inside(end)]);
            }
            before += length;
        }
        own.sort_unstable();
        Points::Some(own)
    }
}

/// Points to work on.
pub(crate) enum Points {
    All(u32),
    Some(Vec<u32>),
}

impl Points {
    pub(crate) fn len(&self) -> usize {
        match self {
            Points::All(length) => *length as usize,
            Points::Some(points) => points.len(),
        }
    }

    /// The points from the n-th on.
    pub(crate) fn from(&self, first: usize) -> impl Iterator<Item = u32> + '_ {
        (first..self.len()).map(|at| match self {
            Points::All(_) => at as u32,
            Points::Some(points) => points[at],
        })
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.number, self.of)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(k, n)| Some((k.parse().ok()?, n.parse().ok()?)));
        match parts {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Shard { number, of }),
            _ => Err("a shard is written K/N, K from 1 to N, for example 2/8".to_string()),
        }
    }
}
