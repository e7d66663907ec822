//! Draws lines as SVG.

use std::io;

use plotters::coord::ranged1d::{DefaultFormatting, KeyPointHint};
use plotters::element::{Drawable, PointCollection};
use plotters::prelude::*;
use plotters_backend::DrawingErrorKind;

use super::labels::labels;
use super::ticks::Scale;
use super::{Logs, Request, Series, axis_title};
use crate::scenario::signs::harmless;

/// Width and height in pixels.
const SIZE: (u32, u32) = (720, 480);
/// Most names that the legend lists.
const NAMES: usize = 14;
/// Most points of a line that are marked.
const MARKED: usize = 60;
/// Shapes of marks.
const SHAPES: usize = 5;
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

/// Where a point of a line is on the axes: x, y, and the least and the greatest y.
type Place = (f64, f64, f64, f64);

/// The n-th line in the legend: a piece of it with its mark. Shapes change with the colours, for print without colour and
/// for those who cannot tell colours apart.
struct Sample {
    n: usize,
    joined: bool,
    at: (i32, i32),
}

impl<'a> PointCollection<'a, (i32, i32)> for &'a Sample {
    type Point = &'a (i32, i32);
    type IntoIter = std::iter::Once<&'a (i32, i32)>;

    fn point_iter(self) -> Self::IntoIter {
        std::iter::once(&self.at)
    }
}

impl<DB: DrawingBackend> Drawable<DB> for Sample {
    fn draw<I: Iterator<Item = (i32, i32)>>(
        &self,
        mut places: I,
        backend: &mut DB,
        size: (u32, u32),
    ) -> Result<(), DrawingErrorKind<DB::ErrorType>> {
        let (x, y) = places.next().expect("its place");
        let colour = COLOURS[self.n % COLOURS.len()];
        let (filled, thick, middle) = (colour.filled(), colour.stroke_width(2), (x + 10, y));
        if self.joined {
            PathElement::new([(x, y), (x + 20, y)], thick).draw(
                [(x, y), (x + 20, y)].into_iter(),
                backend,
                size,
            )?;
        }
        let at = std::iter::once(middle);
        match self.n % SHAPES {
            0 => Circle::new(middle, 4, filled).draw(at, backend, size),
            1 => TriangleMarker::new(middle, 5, filled).draw(at, backend, size),
            2 => Cross::new(middle, 4, thick).draw(at, backend, size),
            3 => {
                let corners = [(x + 6, y - 4), (x + 14, y + 4)];
                Rectangle::new(corners, filled).draw(corners.into_iter(), backend, size)
            }
            _ => Circle::new(middle, 4, thick).draw(at, backend, size),
        }
    }
}

/// Draws one line: its points joined if they make a line, marked if they are few, with bars where they have a range.
fn line(chart: &mut Chart<'_, '_>, n: usize, series: &Series, points: &[Place]) -> Drawn {
    let Series { name, joined, .. } = series;
    let joined = *joined;
    let colour = COLOURS[n % COLOURS.len()];
    let path = points.iter().map(|&(x, y, ..)| (x, y)).filter(|_| joined);
    let drawn = chart.draw_series(LineSeries::new(path, colour.stroke_width(2)))?;
    if !name.is_empty() && n < NAMES {
        drawn.label(shown(name)).legend(move |at| Sample { n, joined, at });
    }
    for &(x, _, least, most) in points.iter().filter(|point| point.2 < point.3) {
        chart.draw_series([PathElement::new([(x, least), (x, most)], colour.stroke_width(1))])?;
        for end in [least, most] {
            let cap = PathElement::new([(-4, 0), (4, 0)], colour.stroke_width(1));
            chart.draw_series([EmptyElement::at((x, end)) + cap])?;
        }
    }
    let marked = points.iter().map(|&(x, y, ..)| (x, y)).filter(|_| !joined || points.len() <= MARKED);
    let (filled, thick) = (colour.filled(), colour.stroke_width(2));
    // The same as in the legend, at places on the axes.
    match n % SHAPES {
        0 => chart.draw_series(marked.map(|at| Circle::new(at, 4, filled)))?,
        1 => chart.draw_series(marked.map(|at| TriangleMarker::new(at, 5, filled)))?,
        2 => chart.draw_series(marked.map(|at| Cross::new(at, 4, thick)))?,
        3 => {
            let square = |at| EmptyElement::at(at) + Rectangle::new([(-4, -4), (4, 4)], filled);
            chart.draw_series(marked.map(square))?
        }
        _ => chart.draw_series(marked.map(|at| Circle::new(at, 4, thick)))?,
    };
    Ok(())
}

/// A text of a table, without what a picture cannot hold.
fn shown(text: &str) -> String {
    text.chars().map(harmless).collect()
}

fn titled(column: &str, log: bool) -> String {
    shown(&axis_title(column)) + if log { ", logarithmic" } else { "" }
}

fn draw(svg: &mut String, series: &[Series], request: &Request) -> Drawn {
    let Logs { x: log_x, y: log_y } = request.logs;
    let points = series.iter().flat_map(|line| &line.points);
    let x = Scale::of(points.clone().map(|p| p.x), log_x, false);
    let y = Scale::of(points.flat_map(|p| [p.least, p.y, p.most]), log_y, true);
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
        let points: Vec<_> =
            one.points.iter().map(|p| (x.at(p.x), y.at(p.y), y.at(p.least), y.at(p.most))).collect();
        line(&mut chart, n, one, &points)?;
    }
    if points_have_names(series) {
        let first = |one: &Series| (x.at(one.points[0].x), y.at(one.points[0].y));
        let names: Vec<String> = series.iter().map(|one| shown(&one.name)).collect();
        let places = series.iter().map(|one| chart.plotting_area().map_coordinate(&first(one)));
        let named: Vec<((i32, i32), &str)> = places.zip(names.iter().map(String::as_str)).collect();
        let (along, down) = chart.plotting_area().get_pixel_range();
        let placed = labels(&named, [(along.start, down.start), (along.end, down.end)]);
        for (n, (label, (at, name))) in placed.iter().zip(&named).enumerate() {
            let colour = COLOURS[n % COLOURS.len()];
            if let Some(end) = label.leader {
                area.draw(&PathElement::new([*at, end], colour.stroke_width(1)))?;
            }
            area.draw(&Text::new(
                *name,
                label.corner,
                ("sans-serif", 13).into_font().color(&RGBColor(60, 60, 60)),
            ))?;
        }
    } else if series.iter().any(|one| !one.name.is_empty()) {
        chart
            .configure_series_labels()
            .position(emptiest_corner(series, &x, &y))
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(200, 200, 200))
            .label_font(("sans-serif", 13))
            .legend_area_size(30)
            .draw()?;
    }
    area.present()
}

/// Whether each name belongs to one point, so that it can stand there.
fn points_have_names(series: &[Series]) -> bool {
    let alone = |one: &Series| !one.joined && one.points.len() == 1 && !one.name.is_empty();
    series.len() <= NAMES && series.iter().all(alone)
}

/// Where a legend hides the fewest points.
fn emptiest_corner(series: &[Series], x: &Scale, y: &Scale) -> SeriesLabelPosition {
    let mut counts = [0usize; 4];
    for point in series.iter().flat_map(|line| &line.points) {
        let right = (x.at(point.x) - x.low) / (x.high - x.low) > 0.5;
        let up = (y.at(point.y) - y.low) / (y.high - y.low) > 0.5;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::Point;

    /// The border of a legend.
    const LEGEND: &str = "#C8C8C8";

    #[test]
    fn names_stand_at_points_that_are_alone_and_in_a_legend_otherwise() {
        let point = |x: f64| Point { x, y: x, least: x, most: x };
        let one = |name: &str, xs: &[f64], joined| Series {
            name: name.to_string(),
            points: xs.iter().map(|x| point(*x)).collect(),
            joined,
        };
        let drawn = |series: &[Series]| plot_svg(series, &Request::default());
        let alone = drawn(&[one("first", &[1.0], false), one("second", &[2.0], false)]);
        assert!(alone.contains("first") && alone.contains("second") && !alone.contains(LEGEND), "{alone}");
        for others in [
            [one("first", &[1.0], false), one("second", &[2.0, 3.0], false)],
            [one("first", &[1.0, 2.0], true), one("second", &[2.0, 3.0], true)],
        ] {
            assert!(drawn(&others).contains(LEGEND));
        }
    }
}
