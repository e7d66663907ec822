//! What several parts of the page have in common.

use super::page::Block;
use crate::report::plot::{Request, Series, plot_svg};
use crate::report::units::time_text;

/// The networks of the paper, by the cell that they have in tables.
pub(super) const LAYERS: [(&str, &str); 3] =
    [("one layer", "[]"), ("two layers", "[128]"), ("three layers", "[128, 128]")];
/// The usual softmax and the uses of the replacement.
pub(super) const USES: [&str; 3] = ["exact", "relu_probability", "relu_gradient"];

/// Picoseconds of a second.
const PS_PER_S: f64 = 1e12;

/// A figure of lines.
pub(super) fn lines(file: &str, series: &[Series], request: &Request, caption: String) -> Block {
    Block::Figure { file: file.to_string(), svg: plot_svg(series, request), caption }
}

/// How many points the second share is below the first; empty if one is not known.
pub(super) fn points(shares: Option<(f64, f64)>) -> String {
    // Adding zero takes the sign off a zero.
    let rounded = |points: f64| (10.0 * points).round() / 10.0 + 0.0;
    shares.map_or(String::new(), |(more, less)| format!("{:.1}", rounded(100.0 * (more - less))))
}

/// A ratio; empty if it is not known.
pub(super) fn ratio(ratio: Option<f64>) -> String {
    ratio.map_or(String::new(), |ratio| format!("{ratio:.2}"))
}

/// What the page calls a network between parties.
pub(super) fn network_text(cell: &str) -> String {
    match cell.strip_prefix("custom(base: \"").and_then(|rest| rest.strip_suffix("\", tcp: none)")) {
        Some(base) => format!("`{base}` without TCP's congestion window"),
        None => format!("`{cell}`"),
    }
}

/// A modelled time.
pub(super) fn time(seconds: f64) -> String {
    time_text((seconds * PS_PER_S) as u64)
}

/// `a, b and c`.
pub(super) fn sentence(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_without_tcp_is_called_by_its_base() {
        assert_eq!(network_text("lan"), "`lan`");
        let plain = network_text("custom(base: \"wan\", tcp: none)");
        assert_eq!(plain, "`wan` without TCP's congestion window");
        let other = "custom(base: \"wan\", tcp: (initial_window: 4))";
        assert_eq!(network_text(other), format!("`{other}`"));
    }
}
