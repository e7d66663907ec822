//! Draws lines as SVG.

use std::io;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::prelude::*;

use super::ticks::Scale;
use super::{Logs, Request, Series, axis_title};

/// Width and height in pixels.
const SIZE: (u32, u32) = (720, 480);
/// Most names that the legend lists.
const NAMES: usize = 14;
/// Most points of a line that are marked.
const MARKED: usize = 60;
/// Colours that the colour-blind can tell apart (Okabe and Ito), and a dark grey.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(60, 60, 60),
];

/// A [`Scale`] as plotters knows it.
struct Axis(Scale);

impl Ranged for Axis {
    type FormatOption = DefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let share = (value - self.0.low) / (self.0.high - self.0.low);
        limit.0 + (share * f64::from(limit.1 - limit.0)).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.0.ticks.clone()
    }

    fn range(&self) -> std::ops::Range<f64> {
        self.0.low..self.0.high
    }
}

type Chart<'a, 'b> = ChartContext<'a, SVGBackend<'b>, Cartesian2d<Axis, Axis>>;
type Drawn = Result<(), DrawingAreaErrorKind<io::Error>>;

/// Draws one line: its points joined if they make a line, and marked if they are few.
fn line(chart: &mut Chart<'_, '_>, n: usize, series: &Series, points: &[(f64, f64)]) -> Drawn {
    let Series { name, joined, .. } = series;
    let colour = COLOURS[n % COLOURS.len()];
    let path = points.iter().copied().filter(|_| *joined);
    let drawn = chart.draw_series(LineSeries::new(path, colour.stroke_width(2)))?;
    if !name.is_empty() && n < NAMES {
        drawn
            .label(name)
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 14, y + 4)], colour.filled()));
    }
    let marks = points.iter().copied().filter(|_| !joined || points.len() <= MARKED);
    // Shapes change with the colours, for print without colour.
    match n % 3 {
        0 => chart.draw_series(marks.map(|at| Circle::new(at, 4, colour.filled())))?,
        1 => chart.draw_series(marks.map(|at| TriangleMarker::new(at, 5, colour.filled())))?,
        _ => chart.draw_series(marks.map(|at| Cross::new(at, 4, colour.stroke_width(2))))?,
    };
    Ok(())
}

fn titled(column: &str, log: bool) -> String {
    axis_title(column) + if log { ", logarithmic" } else { "" }
}

fn draw(svg: &mut String, series: &[Series], request: &Request) -> Drawn {
    let Logs { x: log_x, y: log_y } = request.logs;
    let points = series.iter().flat_map(|line| &line.points);
    let x = Scale::of(points.clone().map(|p| p.0), log_x, false);
    let y = Scale::of(points.map(|p| p.1), log_y, true);
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(14)
        .margin_right(24)
        .x_label_area_size(48)
        .y_label_area_size(74)
        .build_cartesian_2d(Axis(x.clone()), Axis(y.clone()))?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 228, 232))
        .axis_style(RGBColor(90, 90, 90))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 15))
        .x_desc(titled(&request.x, log_x))
        .y_desc(titled(&request.y, log_y))
        .x_label_formatter(&|tick| x.label(*tick))
        .y_label_formatter(&|tick| y.label(*tick))
        .draw()?;
    for (n, one) in series.iter().enumerate() {
        let points: Vec<_> = one.points.iter().map(|&(a, b)| (x.at(a), y.at(b))).collect();
        line(&mut chart, n, one, &points)?;
    }
    if series.iter().any(|one| !one.name.is_empty()) {
        chart
            .configure_series_labels()
            .position(emptiest_corner(series, &x, &y))
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 13))
            .draw()?;
    }
    area.present()
}

/// Where a legend hides the fewest points.
fn emptiest_corner(series: &[Series], x: &Scale, y: &Scale) -> SeriesLabelPosition {
    let mut counts = [0usize; 4];
    for &(a, b) in series.iter().flat_map(|line| &line.points) {
        let right = (x.at(a) - x.low) / (x.high - x.low) > 0.5;
        let up = (y.at(b) - y.low) / (y.high - y.low) > 0.5;
        counts[usize::from(right) + 2 * usize::from(!up)] += 1;
    }
    let best = (0..4).min_by_key(|&corner| (counts[corner], corner)).expect("four corners");
    [
        SeriesLabelPosition::UpperLeft,
        SeriesLabelPosition::UpperRight,
        SeriesLabelPosition::LowerLeft,
        SeriesLabelPosition::LowerRight,
    ][best]
        .clone()
}

/// The figure as SVG.
pub fn plot_svg(series: &[Series], request: &Request) -> String {
    let mut svg = String::new();
    draw(&mut svg, series, request).expect("drawn into memory");
    svg
}
