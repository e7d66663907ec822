//! What a run prints.

use comfy_table::{CellAlignment, LineStyle, Table, TableStyle};

use super::names::Names;
use super::notes::notes;
use super::owners::owners_line;
use super::units::{bytes_text, count_text, share_text, time_text};
use crate::data::ImageSize;
use crate::ledger::Cost;
use crate::nn::{Layer, LayerKind, sizes};
use crate::run::{EpochResult, Outcome, Reached, Values};
use crate::scenario::{Numbers, Plan};

/// Lines above, below and under the header, nothing else.
const STYLE: TableStyle = TableStyle::new()
    .top_border(LineStyle::none().fill('─').junction('─'))
    .header_separator(LineStyle::none().fill('─').junction('─'))
    .bottom_border(LineStyle::none().fill('─').junction('─'));

/// `784-128-10`, or `28x28x1-14x14x5-10` where images go from layer to layer.
fn joined(layers: &[Layer]) -> String {
    let images = layers.iter().any(|layer| !matches!(layer.kind, LayerKind::Dense { .. } | LayerKind::Relu));
    let text = |size: ImageSize| match size {
        ImageSize { height: 1, width: 1, channels } => channels.to_string(),
        ImageSize { height, width, channels } if images => format!("{height}x{width}x{channels}"),
        flat => flat.values().to_string(),
    };
    sizes(layers).into_iter().map(text).collect::<Vec<_>>().join("-")
}

/// What the network's TCP is.
fn tcp(plan: &Plan) -> String {
    let Some(tcp) = plan.network.tcp else { return String::new() };
    let restart = if tcp.restart_after_idle { ", restart after idle" } else { "" };
    format!(" over TCP (initial window {}{restart})", tcp.initial_window)
}

fn heading(plan: &Plan, outcome: &Outcome) -> String {
    format!(
        "{}: {} with softmax {}, {} among {} parties, {} rounding\nnetwork {}{}, compute {}\n",
        plan.name,
        joined(&outcome.layers),
        plan.softmax,
        plan.protocol.full_name(),
        plan.protocol.parties(),
        plan.rounding.name(),
        plan.network.label,
        tcp(plan),
        plan.compute.label,
    )
}

/// Characters of a line of text.
const LINE: usize = 100;

/// Text in lines, all but the first indented.
fn wrapped(text: &str) -> String {
    let (mut lines, mut line) = (String::new(), String::new());
    for word in text.split(' ') {
        if !line.is_empty() && line.chars().count() + 1 + word.chars().count() > LINE {
            lines += &format!("{line}\n");
            line = format!("  {word}");
        } else {
            line += if line.is_empty() { "" } else { " " };
            line += word;
        }
    }
    lines + &line + "\n"
}

/// A row of the table: a label and what it says of each phase.
fn row(table: &mut Table, label: String, phases: &[&Cost], cell: impl Fn(&Cost) -> String) {
    let cells = std::iter::once(label).chain(phases.iter().map(|phase| cell(phase)));
    table.add_row(cells.collect::<Vec<_>>());
}

fn costs(names: &Names, outcome: &Outcome) -> Table {
    let training = format!("training ({} iterations)", count_text(outcome.iterations));
    let mut columns = vec![("set-up", &outcome.setup)];
    if let Some([offline, online]) = &outcome.iteration_apart {
        columns.extend([("offline", offline), ("online", online)]);
    }
    columns.extend([("one iteration", &outcome.iteration), (&training, &outcome.training)]);
    let (header, phases): (Vec<&str>, Vec<&Cost>) = columns.into_iter().unzip();
    let phases = &phases[..];
    let mut table = Table::new();
    table.load_style(STYLE);
    table.set_header(std::iter::once("").chain(header));
    row(&mut table, "rounds".into(), phases, |c| count_text(c.rounds));
    row(&mut table, "exchanges".into(), phases, |c| count_text(c.exchanges));
    row(&mut table, "messages".into(), phases, |c| count_text(c.messages));
    row(&mut table, "payload, all parties".into(), phases, |c| bytes_text(c.payload_bytes));
    for party in 0..outcome.setup.payload_bytes_by_party.len() {
        let label = format!("  sent by {}", names.party(party));
        row(&mut table, label, phases, |c| bytes_text(c.payload_bytes_by_party[party]));
    }
    row(&mut table, "on the wire".into(), phases, |c| bytes_text(c.wire_bytes));
    row(&mut table, "modelled time".into(), phases, |c| time_text(c.modelled_ps));
    row(&mut table, "  compute".into(), phases, |c| time_text(c.critical_path.compute_ps));
    row(&mut table, "  latency".into(), phases, |c| time_text(c.critical_path.latency_ps));
    row(&mut table, "  serialisation".into(), phases, |c| time_text(c.critical_path.serialisation_ps));
    row(&mut table, "  queueing".into(), phases, |c| time_text(c.critical_path.queueing_ps));
    row(&mut table, "  window".into(), phases, |c| time_text(c.critical_path.window_ps));
    for column in 1..=phases.len() {
        table.column_mut(column).expect("a column for each phase").set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// Figures by epoch, ten to a line.
fn by_epoch(label: &str, figures: &[String]) -> String {
    let lines: Vec<String> = figures.chunks(10).map(|line| line.join(" ")).collect();
    format!("{label} by epoch: {}", lines.join("\n  "))
}

fn accuracy(outcome: &Outcome) -> String {
    let mark = |epoch: &EpochResult| {
        let out_of_range = epoch.values_out_of_range().is_some_and(|values| values > 0);
        let marks = [
            (out_of_range, "out of range"),
            (epoch.not_finite.is_some_and(|parameters| parameters > 0), "not finite"),
            (epoch.restarted, "restarted"),
        ];
        let marks: Vec<&str> = marks.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark).collect();
        if marks.is_empty() { String::new() } else { format!(" ({})", marks.join(", ")) }
    };
    let accuracies: Vec<String> = outcome
        .epochs
        .iter()
        .map(|epoch| format!("{:.2} %{}", 100.0 * epoch.test_accuracy, mark(epoch)))
        .collect();
    let mut text = by_epoch("test accuracy", &accuracies);
    let losses: Vec<String> =
        outcome.epochs.iter().filter_map(|e| e.loss).map(|loss| format!("{loss:.4}")).collect();
    if !losses.is_empty() {
        text += &format!("\n{}", by_epoch("mean loss", &losses));
    }
    text
}

/// A line for each target.
fn targets(outcome: &Outcome) -> String {
    let line = |&(target, reached): &(f64, Reached)| {
        let told = match reached {
            Reached::Kept(place) => {
                let (_, spent) = &outcome.evaluations[place];
                format!(
                    "after {}: {} iterations, {} rounds, {}",
                    time_text(spent.modelled_ps),
                    count_text(spent.iterations),
                    count_text(spent.rounds),
                    bytes_text(spent.payload_bytes),
                )
            }
            Reached::Lost => "reached, but not kept".to_string(),
            Reached::Never => "not reached".to_string(),
        };
        format!("  {} {told}\n", share_text(target))
    };
    if outcome.targets.is_empty() {
        return String::new();
    }
    let lines: String = outcome.targets.iter().map(line).collect();
    format!("\ntime to test accuracy, set-up included:\n{}", lines.trim_end_matches('\n'))
}

fn verified(plan: &Plan, outcome: &Outcome, values: Values) -> String {
    let v = &outcome.verified;
    let training = match (plan.numbers, values) {
        (Numbers::FixedPoint, Values::Split) => {
            "this is the accuracy of plain numbers with the same fixed-point arithmetic".to_string()
        }
        (Numbers::FixedPoint, Values::Shares) => {
            "this is the accuracy of the training on secret shares".to_string()
        }
        (floats, _) => format!(
            "this is the accuracy of plain numbers in {}; rounds, bytes and times are those of the program in fixed point",
            floats.name()
        ),
    };
    let apart = match v.largest_difference_ulp {
        0 => "they were the same".to_string(),
        units => format!("they differed by at most {units} x 2^-{}", plan.fixed_point.fraction_bits),
    };
    let nearest = match v.different {
        0 => format!(
            "all {} weights and biases were those of plain numbers, bit for bit",
            count_text(v.parameters as u64)
        ),
        different => format!(
            "{} of {} weights and biases were not those of plain numbers, because values left their range",
            count_text(different as u64),
            count_text(v.parameters as u64)
        ),
    };
    format!(
        "{training}\n\
         checked: {} really ran on secret shares, and sent the {} messages that the costs are counted from;\n\
         with nearest rounding {nearest};\n\
         with {} rounding {apart}",
        if v.iterations == 1 { "1 iteration".to_string() } else { format!("{} iterations", v.iterations) },
        count_text(v.messages),
        plan.rounding.name(),
    )
}

/// The result of a run as a text of several lines.
pub fn run_table(plan: &Plan, values: Values, outcome: &Outcome) -> String {
    let mut text = heading(plan, outcome) + &owners_line(plan);
    for note in notes(plan, outcome) {
        text += &wrapped(&format!("note: {note}"));
    }
    text += &format!("{}\n", costs(&Names::of(&plan.network), outcome).trim_fmt());
    if let Some(p) = &outcome.iteration_percentiles {
        text += &format!(
            "durations of iterations: half within {}, 90 % within {}, 99 % within {}, all within {}\n",
            time_text(p.p50_ps),
            time_text(p.p90_ps),
            time_text(p.p99_ps),
            time_text(p.max_ps)
        );
    }
    text += &accuracy(outcome);
    text += &targets(outcome);
    text += &format!("\n{}\n", verified(plan, outcome, values));
    text
}
