//! What `mpcsim run --explain` prints: where one iteration's rounds, bytes and time went.

use super::names::Names;
use super::owners::by_owner;
use super::units::{bytes_text, count_text, time_text};
use crate::ledger::{Breakdown, SpanCost};
use crate::run::Outcome;
use crate::scenario::NetworkPlan;
use crate::sim::Parts;

/// Levels that are shown: layer, direction or operation, primitive. spans.csv has all.
const LEVELS: usize = 3;
/// Columns of the label.
const LABEL: usize = 38;
/// Columns of a line.
const WIDTH: usize = 100;
/// What is a span's own is shown from this share of the total time on, in percent.
const OWN_PERCENT: f64 = 0.1;
/// Siblings of these names are shown in this order, others before them.
const ORDER: [&str; 3] = ["forward", "backward", "update"];

/// A share of a total in percent.
fn percent(part: u64, total: u64) -> f64 {
    if total == 0 { 0.0 } else { 100.0 * part as f64 / total as f64 }
}

/// What is shown of a span.
#[derive(Clone, Copy)]
struct Cells {
    chain_rounds: u64,
    payload_bytes: u64,
    path_rounds: u64,
    time_ps: u64,
}

impl Cells {
    fn of(span: &SpanCost) -> Cells {
        Cells {
            chain_rounds: span.longest_chain_rounds,
            payload_bytes: span.payload_bytes,
            path_rounds: span.critical_path_rounds,
            time_ps: span.critical_path.total_ps(),
        }
    }

    fn minus(self, other: Cells) -> Cells {
        Cells {
            chain_rounds: self.chain_rounds - other.chain_rounds,
            payload_bytes: self.payload_bytes - other.payload_bytes,
            path_rounds: self.path_rounds - other.path_rounds,
            time_ps: self.time_ps - other.time_ps,
        }
    }

    /// Whether what is a span's own is worth a line.
    fn matters(self, total: Cells) -> bool {
        self.chain_rounds > 0 || self.path_rounds > 0 || percent(self.time_ps, total.time_ps) >= OWN_PERCENT
    }
}

/// The lines of a tree of spans.
struct Tree<'a> {
    spans: &'a [SpanCost],
    total: Cells,
    text: String,
}

impl Tree<'_> {
    /// Places of the spans directly inside one.
    fn children(&self, at: usize) -> Vec<usize> {
        let level = self.spans[at].level;
        let inside = (at + 1..self.spans.len()).take_while(|&i| self.spans[i].level > level);
        let mut children: Vec<usize> = inside.filter(|&i| self.spans[i].level == level + 1).collect();
        children.sort_by_key(|&i| ORDER.iter().position(|name| *name == self.name(i)));
        children
    }

    fn name(&self, at: usize) -> &str {
        self.spans[at].path.rsplit('/').next().unwrap_or("")
    }

    fn line(&mut self, depth: usize, label: &str, cells: Cells) {
        let label = format!("{:1$}{label}", "", 2 * depth);
        let row = [
            (bytes_text(cells.payload_bytes), percent(cells.payload_bytes, self.total.payload_bytes)),
            (time_text(cells.time_ps), percent(cells.time_ps, self.total.time_ps)),
        ];
        self.text += &format!("{label:<LABEL$}");
        for (text, share) in row {
            self.text += &format!("{text:>11} {share:>5.1} %");
        }
        let (path, chain) = (count_text(cells.path_rounds), count_text(cells.chain_rounds));
        self.text += &format!("{path:>8}{chain:>15}\n");
    }

    /// A span, and what is in it. One that holds a single other one, which sends all there is, is shown as one with it.
    fn span(&mut self, depth: usize, at: usize) {
        let (mut label, mut inner) = (self.name(at).to_string(), at);
        let mut children = self.children(at);
        while let [only] = children[..] {
            let sends =
                |span: &SpanCost| (span.longest_chain_rounds, span.critical_path_rounds, span.messages);
            if sends(&self.spans[inner]) != sends(&self.spans[only]) {
                break;
            }
            label += &format!("/{}", self.name(only));
            inner = only;
            children = self.children(only);
        }
        let cells = Cells::of(&self.spans[at]);
        self.line(depth, &label, cells);
        if depth + 1 < LEVELS && !children.is_empty() {
            let own = children.iter().fold(cells, |rest, &child| rest.minus(Cells::of(&self.spans[child])));
            children.into_iter().for_each(|child| self.span(depth + 1, child));
            if own.matters(self.total) {
                self.line(depth + 1, "(between them)", own);
            }
        }
    }
}

/// Joins items by two blanks, in lines that fit.
fn wrapped(first: &str, items: &[String]) -> String {
    let mut text = String::new();
    let mut line = first.to_string();
    for item in items {
        if line.chars().count() + 2 + item.chars().count() > WIDTH {
            text += &format!("{}\n", line.trim_end());
            line = " ".repeat(first.chars().count());
        }
        line += &format!("  {item}");
    }
    text + line.trim_end() + "\n"
}

fn causes(parts: &Parts) -> Vec<String> {
    let total = parts.total_ps();
    let causes = [
        ("compute", parts.compute_ps),
        ("latency", parts.latency_ps),
        ("serialisation", parts.serialisation_ps),
        ("queueing", parts.queueing_ps),
        ("window", parts.window_ps),
    ];
    let item = |(name, ps): (&str, u64)| format!("{name} {} ({:.1} %)", time_text(ps), percent(ps, total));
    causes.into_iter().filter(|(_, ps)| *ps > 0).map(item).collect()
}

fn links(names: &Names, breakdown: &Breakdown) -> Vec<String> {
    let total = breakdown.spans[0].critical_path.total_ps();
    let used = breakdown.links.iter().filter(|link| link.critical_path.total_ps() > 0);
    let item = |link: &crate::ledger::LinkCost| {
        let ps = link.critical_path.total_ps();
        let (from, to) = (names.short(link.from), names.short(link.to));
        format!("{from} to {to}: {} ({:.1} %)", time_text(ps), percent(ps, total))
    };
    used.map(item).collect()
}

/// "output layer (exact): 12.0 % of the bytes, …": what belongs to the output layer, if there is one.
fn output_layer(breakdown: &Breakdown, softmax: &str) -> String {
    let Some(output) = breakdown.spans.iter().find(|span| span.path == "iteration/output") else {
        return String::new();
    };
    let (all, output) = (Cells::of(&breakdown.spans[0]), Cells::of(output));
    format!(
        "output layer ({softmax}): {:.1} % of the bytes, {:.1} % of the rounds, {:.1} % of the time\n",
        percent(output.payload_bytes, all.payload_bytes),
        percent(output.chain_rounds, all.chain_rounds),
        percent(output.time_ps, all.time_ps),
    )
}

fn totals(name: &str, breakdown: &Breakdown) -> String {
    let all = Cells::of(&breakdown.spans[0]);
    let (rounds, bytes, time) =
        (count_text(all.chain_rounds), bytes_text(all.payload_bytes), time_text(all.time_ps));
    let plural = if all.chain_rounds == 1 { "" } else { "s" };
    format!("{name}: {rounds} round{plural}, {bytes}, {time}\n")
}

/// What the last columns of the tree are.
const LEGEND: &str = "\
time: the critical path's, counted where it was caused; rounds: the messages that it passed
longest chain: messages of one longest chain, whatever the network; all of it are the rounds above
";

/// The set-up in two lines, and the tree of one iteration.
pub fn explain(softmax: &str, network: &NetworkPlan, outcome: &Outcome) -> String {
    let (setup, iteration) = (&outcome.setup_breakdown, &outcome.iteration_breakdown);
    let mut text = totals("set-up", setup);
    text += &wrapped("  time:", &causes(&setup.spans[0].critical_path));
    let names = Names::of(network);
    let owners = by_owner(&names, setup, outcome.setup.payload_bytes_by_party.len());
    if !owners.is_empty() {
        text += &wrapped("  data of:", &owners);
    }
    text += &totals(&format!("\none iteration over {}", network.label), iteration);
    text += &wrapped("  time:", &causes(&iteration.spans[0].critical_path));
    text += &wrapped("  of it on links:", &links(&names, iteration));
    text +=
        &format!("\n{:<LABEL$}{:>19}{:>19}{:>8}{:>15}\n", "", "payload", "time", "rounds", "longest chain");
    let mut tree = Tree { spans: &iteration.spans, total: Cells::of(&iteration.spans[0]), text };
    // The root holds the one span of the phase.
    for phase in tree.children(0) {
        for layer in tree.children(phase) {
            tree.span(0, layer);
        }
        let inside = tree.children(phase);
        let whole = Cells::of(&tree.spans[phase]);
        let own = inside.iter().fold(whole, |rest, &child| rest.minus(Cells::of(&tree.spans[child])));
        if own.matters(tree.total) {
            tree.line(0, "(between them)", own);
        }
        tree.line(0, "all", whole);
    }
    tree.text + "\n" + LEGEND + &output_layer(iteration, softmax)
}
