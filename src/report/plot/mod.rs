//! Figures for papers from a table of results: one column against another, a line for each value of others.
//!
//! SVG keeps its text as text, placed without any font of the host. PNG and PDF are made of that SVG with a font that is
//! part of the program, so none depends on what is installed.

mod draw;
mod labels;
mod pdf;
mod png;
mod select;
mod ticks;

pub use pdf::plot_pdf;
pub use png::plot_png;
pub use select::{PlotError, Point, Request, Series, select};

pub use draw::plot_svg;

/// Which axes are logarithmic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logs {
    /// The one along the bottom.
    pub x: bool,
    /// The one along the side.
    pub y: bool,
}

/// What an axis says: the name of a column with its unit apart.
fn axis_title(column: &str) -> String {
    let name = match column.rsplit_once('.') {
        // A point inside a number parts no path.
        Some((_, name)) if !name.starts_with(|c: char| c.is_ascii_digit()) => name,
        _ => column,
    };
    if let Some(stem) = name.strip_suffix("_seconds") {
        return format!("{} time (s)", stem.replace('_', " "));
    }
    let units = [("_ms", "ms"), ("_us", "µs"), ("_mbps", "Mbit/s"), ("_gbps", "Gbit/s"), ("_bytes", "B")];
    for (ending, unit) in units {
        if let Some(stem) = name.strip_suffix(ending) {
            return format!("{} ({unit})", stem.replace('_', " "));
        }
    }
    name.replace('_', " ")
}
