//! Why a choice stands where it stands, and what would change the answer, in sentences.

use super::advice::{Advice, Standing};
use super::changes::Change;
use super::scaled::{Axis, ONE};
use crate::report::{bytes_text, count_text, share_text, time_text};
use crate::run::Spent;
use crate::scenario::Length;
use crate::sim::Parts;

/// "3 epochs".
pub(super) fn length(length: Length) -> String {
    let (count, what) = match length {
        Length::Epochs(count) => (count, "epoch"),
        Length::Iterations(count) => (count, "iteration"),
    };
    format!("{} {what}{}", count_text(count), if count == 1 { "" } else { "s" })
}

/// The parts of a time, the largest first: their names and what they are of a hundred.
pub(super) fn shares(parts: &Parts) -> Vec<(&'static str, f64)> {
    let Parts { compute_ps, latency_ps, serialisation_ps, queueing_ps, window_ps } = *parts;
    let all = parts.total_ps().max(1) as f64;
    let mut shares = vec![
        ("compute", compute_ps),
        ("latency", latency_ps),
        ("bandwidth", serialisation_ps),
        ("queueing", queueing_ps),
        ("TCP's window", window_ps),
    ];
    shares.sort_by_key(|(_, ps)| std::cmp::Reverse(*ps));
    shares.into_iter().map(|(name, ps)| (name, 100.0 * ps as f64 / all)).collect()
}

/// "1.20 s to 3.40 s": the least and the greatest of some times in picoseconds.
pub(super) fn range_text((least, most): (u64, u64)) -> String {
    if least == most { time_text(least) } else { format!("{} to {}", time_text(least), time_text(most)) }
}

/// "1.2 times".
fn times(of: u64, to: u64) -> String {
    let ratio = of as f64 / to.max(1) as f64;
    if ratio >= 10.0 { format!("{ratio:.0} times") } else { format!("{ratio:.2} times") }
}

/// One choice against another: what it needs of each thing until the target.
fn against(spent: &Spent, other: &Spent) -> String {
    let compute = |spent: &Spent| spent.critical_path.compute_ps;
    format!(
        "{} the iterations, {} the rounds, {} the payload and {} the compute",
        times(spent.iterations, other.iterations),
        times(spent.rounds, other.rounds),
        times(spent.payload_bytes, other.payload_bytes),
        times(compute(spent), compute(other)),
    )
}

impl Advice {
    /// What is first.
    pub fn first_sentence(&self) -> String {
        match (&self.standings[..], self.target) {
            ([first, ..], Some(target)) if first.time_ps().is_some() => {
                let spent = first.spent.expect("it has a time");
                format!(
                    "{} is first at {} test accuracy: after {}{}, {} and {} rounds, set-up included",
                    first.choice.text(),
                    share_text(target),
                    time_text(spent.modelled_ps),
                    self.over_seeds(first),
                    bytes_text(spent.payload_bytes),
                    count_text(spent.rounds),
                )
            }
            ([best, ..], Some(target)) => format!(
                "no choice reaches {} test accuracy{} within what is allowed; {} ends with {:.2} %",
                share_text(target),
                if self.seeds.len() > 1 { " with all seeds" } else { "" },
                best.choice.text(),
                100.0 * best.accuracy
            ),
            ([best, ..], None) => format!(
                "no choice reaches the target and keeps it; the most accurate at the end is {} with {:.2} %",
                best.choice.text(),
                100.0 * best.accuracy
            ),
            ([], _) => "no choice fits".to_string(),
        }
    }

    /// " on average (1.20 s to 3.40 s over 3 seeds)"; nothing of a single one.
    fn over_seeds(&self, one: &Standing) -> String {
        match one.times_ps {
            Some(times_ps) if self.seeds.len() > 1 => {
                format!(" on average ({} over {} seeds)", range_text(times_ps), self.seeds.len())
            }
            _ => String::new(),
        }
    }

    /// Those worth a sentence: the first three, and all others that none beats, up to so many.
    pub(super) fn told(&self, most: usize) -> Vec<usize> {
        let ranked = self.standings.iter().enumerate().filter(|(_, one)| one.time_ps().is_some());
        ranked.filter(|(at, one)| *at < 3 || one.unbeaten).map(|(at, _)| at).take(most).collect()
    }

    /// Why a choice stands where it stands.
    pub(super) fn why(&self, at: usize) -> String {
        let one = &self.standings[at];
        let Some(spent) = one.spent else { return String::new() };
        let shares = shares(&spent.critical_path);
        let parts: Vec<String> = shares
            .iter()
            .filter(|(_, share)| *share >= 10.0)
            .map(|(name, share)| format!("{share:.0} % {name}"))
            .collect();
        let mut text = format!(
            "{}: {} after {}{}, of which {}; {:.2} % at the end.",
            one.choice.text(),
            self.target.map_or(String::new(), share_text),
            time_text(spent.modelled_ps),
            self.over_seeds(one),
            parts.join(", "),
            100.0 * one.accuracy,
        );
        let next = |standing: &&Standing| standing.time_ps().is_some();
        if let Some(next) = self.standings.get(at + 1).filter(next)
            && let Some(other) = &next.spent
        {
            text += &format!(" It needs {} of the next, {}.", against(&spent, other), next.choice.text());
        }
        if let Some(opened) = one.choice.softmax.reveals() {
            text += &format!(" It opens {opened} to all parties.");
        }
        text
    }

    /// What would change the answer.
    pub(super) fn change_text(&self, change: &Change) -> String {
        let (what, unit): (&str, fn(u64) -> String) = match change.axis {
            Axis::Latency => ("latency", time_text),
            Axis::Bandwidth => ("bandwidth", rate_text),
        };
        let place = match change.value {
            Some(value) => format!("a {what} of {}", unit(value)),
            None => format!("{} times each {what}", change.factor as f64 / ONE as f64),
        };
        let side = if change.upwards { "above" } else { "below" };
        match change.then {
            Some(choice) => format!("{side} {place}: {} is first", choice.text()),
            None => format!("no change up to {place}"),
        }
        .replace("up to", if change.upwards { "up to" } else { "down to" })
    }
}

/// Bits per second for people.
fn rate_text(bps: u64) -> String {
    let (unit, scale) = match bps {
        0..1_000_000 => ("kbit/s", 1e3),
        1_000_000..1_000_000_000 => ("Mbit/s", 1e6),
        _ => ("Gbit/s", 1e9),
    };
    let x = bps as f64 / scale;
    if x >= 100.0 { format!("{x:.0} {unit}") } else { format!("{x:.2} {unit}") }
}
