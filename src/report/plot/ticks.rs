//! Where an axis has its marks.

/// An axis: its ends and marks, as logarithms to base 10 if it is logarithmic.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    log: bool,
    /// Where it begins.
    pub(super) low: f64,
    /// Where it ends.
    pub(super) high: f64,
    /// Its marks.
    pub(super) ticks: Vec<f64>,
}

/// 10 to a whole power; exact where a decimal number can be.
fn power(exponent: i32) -> f64 {
    format!("1e{exponent}").parse().expect("a number")
}

/// A step of 1, 2 or 5 times a power of ten that divides a span into at most about seven.
fn step(span: f64) -> f64 {
    let rough = span / 7.0;
    let base = power(libm::floor(libm::log10(rough)) as i32);
    [1.0, 2.0, 5.0, 10.0].map(|m| m * base).into_iter().find(|&step| step >= rough).unwrap_or(10.0 * base)
}

impl Scale {
    /// For values of which there is at least one; positive ones if it is logarithmic.
    pub(super) fn of(values: impl Iterator<Item = f64> + Clone, log: bool, from_zero: bool) -> Scale {
        let whole = values.clone().all(|value| value.fract() == 0.0);
        let (least, most) =
            (values.clone().fold(f64::INFINITY, f64::min), values.fold(f64::NEG_INFINITY, f64::max));
        if log { Scale::logarithmic(least, most) } else { Scale::linear(least, most, from_zero, whole) }
    }

    /// Between whole numbers, such as epochs, there are no marks.
    fn linear(least: f64, most: f64, from_zero: bool, whole: bool) -> Scale {
        let least = if from_zero && least > 0.0 && least < 0.5 * most { 0.0 } else { least };
        let (least, most) = if least == most { (least - 0.5, most + 0.5) } else { (least, most) };
        let step = if whole { step(most - least).max(1.0) } else { step(most - least) };
        let (first, last) = (libm::floor(least / step), libm::ceil(most / step));
        let ticks = (0..=(last - first) as usize).map(|i| (first + i as f64) * step);
        Scale { log: false, low: first * step, high: last * step, ticks: ticks.collect() }
    }

    fn logarithmic(least: f64, most: f64) -> Scale {
        let exponent = |x: f64| libm::floor(libm::log10(x)) as i32;
        let (first, last) = (exponent(least), exponent(most));
        let marks: &[f64] = match last - first {
            0..=2 => &[1.0, 2.0, 5.0],
            _ => &[1.0],
        };
        let all = (first..=last + 1).flat_map(|e| marks.iter().map(move |m| m * power(e)));
        let all: Vec<f64> = all.collect();
        let low = all.iter().copied().filter(|&x| x <= least).fold(all[0], f64::max);
        let high = all.iter().copied().find(|&x| x >= most).unwrap_or(most);
        let high = if high > low { high } else { 2.0 * low };
        let ticks = all.into_iter().filter(|x| (low..=high).contains(x)).map(libm::log10).collect();
        Scale { log: true, low: libm::log10(low), high: libm::log10(high), ticks }
    }

    /// Where a value lies.
    pub(super) fn at(&self, value: f64) -> f64 {
        if self.log { libm::log10(value) } else { value }
    }

    /// What a mark says.
    pub(super) fn label(&self, tick: f64) -> String {
        let value = if self.log { libm::pow(10.0, tick) } else { tick };
        let rounded: f64 = format!("{value:.5e}").parse().expect("a number");
        if rounded != 0.0 && !(1e-4..1e7).contains(&rounded.abs()) {
            return format!("{rounded:e}");
        }
        format!("{rounded}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(values: &[f64], log: bool) -> Vec<String> {
        let scale = Scale::of(values.iter().copied(), log, true);
        scale.ticks.iter().map(|&tick| scale.label(tick)).collect()
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(labels(&[1.0, 10.0], false), ["0", "2", "4", "6", "8", "10"]);
        assert_eq!(labels(&[0.91, 0.96], false), ["0.91", "0.92", "0.93", "0.94", "0.95", "0.96"]);
        assert_eq!(labels(&[0.05, 7.2], true), ["0.05", "0.1", "0.2", "0.5", "1", "2", "5", "10"]);
        assert_eq!(labels(&[1.0, 20_000_000.0], true).last().map(String::as_str), Some("1e8"));
        assert_eq!(labels(&[1.0, 2.0], false), ["1", "2"], "epochs");
        assert_eq!(labels(&[1.0, 2.0, 3.0, 4.0], false), ["0", "1", "2", "3", "4"]);
        assert!(labels(&[3.0], false).contains(&"3".to_string()));
    }
}
