//! A trace as a picture (SVG): one row a party, coloured by layer and operation, and an arrow for each message.

use std::collections::{BTreeMap, BTreeSet};

use super::timed::Timed;
use crate::sim::{Occurrence, OccurrenceKind, SpanId};

/// How often a path may branch before the rest of it gets no colour of its own: layer, then direction or operation.
const BRANCHES: usize = 2;
/// Told apart also by people who see few colours; used again from the start if there are more operations.
const COLOURS: [&str; 12] = [
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#997700",
    "#777799", "#994455", "#004488",
];

const WIDTH: f64 = 1240.0;
const LEFT: f64 = 72.0;
/// Width of a letter of a name, and what is free left and right of it.
const LETTER: f64 = 7.5;
const LABEL_GAPS: f64 = 22.0;
const RIGHT: f64 = 24.0;
const TOP: f64 = 62.0;
const ROW: f64 = 30.0;
const STEP: f64 = 96.0;
const LEGEND_COLUMNS: usize = 3;
const LEGEND_LINE: f64 = 20.0;
/// The most marks on the axis.
const MARKS: u64 = 12;
const PS_PER_MS: f64 = 1e9;
/// What takes less than this share of all rows cannot be seen, and is left out of the legend.
const VISIBLE: f64 = 0.002;
/// How much colour is left while a party waits.
const PALE: f64 = 0.28;

/// Slices of a row that look alike and touch are one.
struct Slice {
    start_ps: u64,
    end_ps: u64,
    group: usize,
    busy: bool,
}

/// Which colour each span has, and the names of the colours.
struct Groups {
    names: Vec<String>,
    of_span: BTreeMap<SpanId, usize>,
}

impl Groups {
    fn new(timed: &Timed) -> Groups {
        let direct: BTreeSet<SpanId> = timed.events.iter().map(|event| event.span).collect();
        let used: BTreeSet<SpanId> = direct.iter().flat_map(|&span| timed.ancestry(span)).collect();
        let branches = |span| timed.spans.children(span).filter(|child| used.contains(child)).count() > 1;
        let mut groups: BTreeMap<SpanId, Vec<SpanId>> = BTreeMap::new();
        for &span in &direct {
            let mut at = SpanId::ROOT;
            let mut passed = 0;
            for next in timed.ancestry(span) {
                if passed == BRANCHES {
                    break;
                }
                passed += usize::from(branches(at));
                at = next;
            }
            groups.entry(at).or_default().push(span);
        }
        let mut ordered: Vec<SpanId> = groups.keys().copied().collect();
        ordered.sort_by_key(|&span| timed.ancestry(span));
        // The phase, which everything is in, is not worth a word.
        let name = |&span: &SpanId| {
            let path = timed.spans.path(span);
            path.split_once('/').map_or(path.clone(), |(_, rest)| rest.to_string())
        };
        let place = |(i, span): (usize, &SpanId)| groups[span].iter().map(move |&inner| (inner, i)).collect();
        let places: Vec<Vec<_>> = ordered.iter().enumerate().map(place).collect();
        Groups { names: ordered.iter().map(name).collect(), of_span: places.into_iter().flatten().collect() }
    }
}

fn colour(group: usize) -> &'static str {
    COLOURS[group % COLOURS.len()]
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A party's slices; the waiting part of a receive is apart from the rest of it.
fn slices<'a>(line: impl Iterator<Item = &'a Occurrence>, groups: &Groups) -> Vec<Slice> {
    let mut slices: Vec<Slice> = Vec::new();
    let mut add = |start_ps: u64, end_ps: u64, group: usize, busy: bool| match slices.last_mut() {
        _ if start_ps == end_ps => {}
        Some(last) if last.group == group && last.busy == busy && last.end_ps == start_ps => {
            last.end_ps = end_ps;
        }
        _ => slices.push(Slice { start_ps, end_ps, group, busy }),
    };
    for event in line {
        let group = groups.of_span[&event.span];
        let middle_ps = event.start_ps + event.waited_ps;
        add(event.start_ps, middle_ps, group, false);
        add(middle_ps, event.end_ps, group, true);
    }
    slices
}

/// Where things are.
struct Layout {
    end_ps: u64,
    parties: usize,
    /// Where rows begin, right of their names.
    left: f64,
}

impl Layout {
    fn new(timed: &Timed) -> Layout {
        let longest = (0..timed.parties).map(|party| timed.names.party(party).chars().count()).max();
        let left = LEFT.max(LETTER * longest.unwrap_or(0) as f64 + LABEL_GAPS);
        Layout { end_ps: timed.end_ps(), parties: timed.parties, left }
    }

    fn x(&self, ps: u64) -> f64 {
        self.left + (WIDTH - self.left - RIGHT) * ps as f64 / self.end_ps.max(1) as f64
    }

    fn y(&self, party: usize) -> f64 {
        TOP + STEP * party as f64
    }

    fn axis_y(&self) -> f64 {
        self.y(self.parties - 1) + ROW + 22.0
    }

    /// From the edge of one row to the edge of another.
    fn arrow(&self, (from, sent_ps): (usize, u64), (to, arrival_ps): (usize, u64)) -> String {
        let (below, above) = (ROW, 0.0);
        let (leave, enter) = if from < to { (below, above) } else { (above, below) };
        format!(
            "<path d=\"M{:.2} {:.2}L{:.2} {:.2}\" marker-end=\"url(#head)\"/>\n",
            self.x(sent_ps),
            self.y(from) + leave,
            self.x(arrival_ps),
            self.y(to) + enter
        )
    }

    fn row(&self, party: usize, name: &str, slices: &[Slice]) -> String {
        let y = self.y(party);
        let mut text = format!("<text x=\"12\" y=\"{:.2}\">{}</text>\n", y + ROW / 2.0 + 4.5, escaped(name));
        // White below, so that arrows to rows further on pass behind.
        let rect = |slice: &Slice, style: String| {
            let (x, end) = (self.x(slice.start_ps), self.x(slice.end_ps));
            format!("<rect x=\"{x:.3}\" y=\"{y:.2}\" width=\"{:.3}\" height=\"{ROW}\"{style}/>\n", end - x)
        };
        let end_ps = slices.last().map_or(0, |slice| slice.end_ps);
        let whole = Slice { start_ps: 0, end_ps, group: 0, busy: true };
        text += &rect(&whole, " fill=\"white\"".to_string());
        for slice in slices {
            let opacity = if slice.busy { String::new() } else { format!(" fill-opacity=\"{PALE}\"") };
            text += &rect(slice, format!(" fill=\"{}\"{opacity}", colour(slice.group)));
        }
        text
    }

    fn axis(&self) -> String {
        let y = self.axis_y();
        let mut text = format!("<path d=\"M{} {y}H{}\" stroke=\"#444\"/>\n", self.left, WIDTH - RIGHT);
        let step_ps = mark_step_ps(self.end_ps);
        for mark_ps in (0..=self.end_ps).step_by(step_ps as usize) {
            let x = self.x(mark_ps);
            text += &format!("<path d=\"M{x:.2} {y}v6\" stroke=\"#444\"/>\n");
            let label = (mark_ps as f64 / PS_PER_MS).to_string();
            text +=
                &format!("<text x=\"{x:.2}\" y=\"{:.2}\" text-anchor=\"middle\">{label}</text>\n", y + 20.0);
        }
        text + &format!("<text x=\"12\" y=\"{:.2}\">ms</text>\n", y + 20.0)
    }

    /// The places of all operations that can be seen.
    fn visible(&self, groups: &Groups, rows: &[Vec<Slice>]) -> Vec<usize> {
        let mut taken_ps = vec![0; groups.names.len()];
        for slice in rows.iter().flatten() {
            taken_ps[slice.group] += slice.end_ps - slice.start_ps;
        }
        let least = VISIBLE * self.end_ps as f64 * rows.len() as f64;
        (0..taken_ps.len()).filter(|&group| taken_ps[group] as f64 >= least).collect()
    }

    fn legend(&self, groups: &Groups, visible: &[usize]) -> String {
        let top = self.axis_y() + 46.0;
        let column = (WIDTH - self.left - RIGHT) / LEGEND_COLUMNS as f64;
        let lines = visible.len().div_ceil(LEGEND_COLUMNS);
        let mut text = String::new();
        for (i, &group) in visible.iter().enumerate() {
            let (x, y) = (self.left + column * (i / lines) as f64, top + LEGEND_LINE * (i % lines) as f64);
            text += &format!(
                "<path d=\"M{x:.2} {0:.2}h10v12h-10z\" fill=\"{1}\"/>\
                 <path d=\"M{4:.2} {0:.2}h10v12h-10z\" fill=\"{1}\" fill-opacity=\"{PALE}\"/>\
                 <text x=\"{2:.2}\" y=\"{y:.2}\">{3}</text>\n",
                y - 10.5,
                colour(group),
                x + 26.0,
                escaped(&groups.names[group]),
                x + 10.0,
            );
        }
        text
    }

    fn height(&self, visible: &[usize]) -> f64 {
        let lines = visible.len().div_ceil(LEGEND_COLUMNS);
        self.axis_y() + 46.0 + LEGEND_LINE * lines as f64
    }
}

/// 1, 2 or 5 times a power of ten, so that the axis has not too many marks.
fn mark_step_ps(end_ps: u64) -> u64 {
    let mut step: u64 = 1000;
    loop {
        for factor in [1, 2, 5] {
            if end_ps / (step * factor) <= MARKS {
                return step * factor;
            }
        }
        step *= 10;
    }
}

fn arrows(timed: &Timed, layout: &Layout) -> String {
    let mut text = String::new();
    for event in &timed.events {
        if let OccurrenceKind::Recv(message, way) = event.kind {
            text += &layout.arrow((message.from, way.sent_ps), (message.to, way.arrival_ps));
        }
    }
    text
}

/// The picture of a trace, as an SVG file.
pub fn timeline_svg(title: &str, timed: &Timed) -> String {
    let groups = Groups::new(timed);
    let layout = Layout::new(timed);
    let rows: Vec<Vec<Slice>> = (0..timed.parties).map(|party| slices(timed.line(party), &groups)).collect();
    let visible = layout.visible(&groups, &rows);
    let height = layout.height(&visible);
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" fill=\"#222\">\n\
         <defs><marker id=\"head\" viewBox=\"0 0 6 6\" refX=\"6\" refY=\"3\" markerWidth=\"6\" markerHeight=\"6\" \
         orient=\"auto\"><path d=\"M0 0.8L6 3L0 5.2z\" fill=\"#555\"/></marker></defs>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n\
         <text x=\"12\" y=\"24\" font-size=\"16\" font-weight=\"bold\">{}</text>\n\
         <text x=\"12\" y=\"44\" fill=\"#555\">full colour: computing; pale: waiting for a message; arrows: messages from \
         their send to their arrival</text>\n",
        escaped(title)
    );
    text += "<g stroke=\"#555\" stroke-width=\"0.7\" fill=\"none\" class=\"messages\">\n";
    text += &arrows(timed, &layout);
    text += "</g>\n";
    for (party, row) in rows.iter().enumerate() {
        text += &layout.row(party, &timed.names.party(party), row);
    }
    text + &layout.axis() + &layout.legend(&groups, &visible) + "</svg>\n"
}
