//! Advice as a table for people, and as JSON for programs.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{CellAlignment, LineStyle, Table};
use serde::Serialize;

use super::advice::{Advice, Standing};
use super::changes::Change;
use super::scaled::{Axis, ONE};
use super::sentences::{range_text, shares};
use crate::report::{Seconds, bytes_text, count_text, share_text, time_text};

/// Rows of the table for people.
const ROWS: usize = 20;
/// The column of the table in which the range over several seeds stands: behind the time.
const RANGE: usize = 5;
/// Choices with a sentence of their own.
const SENTENCES: usize = 6;

#[derive(Serialize)]
struct Json<'a> {
    schema: u32,
    name: &'a str,
    network: &'a str,
    target: Option<f64>,
    trainings: usize,
    train_rows: usize,
    test_rows: usize,
    length: &'a str,
    /// If there are several; then figures of choices are means.
    #[serde(skip_serializing_if = "Option::is_none")]
    seeds: Option<&'a [u64]>,
    choices: Vec<ChoiceJson>,
    left_out: Vec<LeftOutJson<'a>>,
    changes: Option<Vec<ChangeJson>>,
}

#[derive(Serialize)]
struct ChoiceJson {
    rank: usize,
    protocol: &'static str,
    softmax: String,
    rounding: &'static str,
    parties: usize,
    malicious: bool,
    reveals: Option<&'static str>,
    accuracy: f64,
    /// `reached`, `too many bytes`, `reached by some seeds` or `not reached`. Without the first there is no rank that says something.
    outcome: &'static str,
    unbeaten: bool,
    iterations: Option<u64>,
    rounds: Option<u64>,
    payload_bytes: Option<u64>,
    modelled_seconds: Option<Seconds>,
    /// The largest part of that time, and its share.
    mostly: Option<&'static str>,
    mostly_share: Option<f64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    by_seed: Option<BySeedJson>,
}

/// What several seeds come to.
#[derive(Serialize)]
struct BySeedJson {
    seeds_reached: usize,
    least_seconds: Option<Seconds>,
    most_seconds: Option<Seconds>,
    least_accuracy: f64,
    most_accuracy: f64,
}

#[derive(Serialize)]
struct LeftOutJson<'a> {
    reason: &'a str,
    choices: usize,
}

#[derive(Serialize)]
struct ChangeJson {
    of: &'static str,
    direction: &'static str,
    /// Of what was asked for.
    factor: f64,
    protocol: Option<&'static str>,
    softmax: Option<String>,
    rounding: Option<&'static str>,
}

fn outcome(one: &Standing) -> &'static str {
    match (one.too_many_bytes, one.spent, one.seeds_reached) {
        (true, ..) => "too many bytes",
        (false, Some(_), _) => "reached",
        (false, None, 0) => "not reached",
        (false, None, _) => "reached by some seeds",
    }
}

fn choice(at: usize, one: &Standing, seeds: usize) -> ChoiceJson {
    let spent = one.spent.as_ref();
    let mostly = spent.map(|spent| shares(&spent.critical_path)[0]);
    let protocol = one.choice.protocol;
    ChoiceJson {
        rank: at + 1,
        protocol: protocol.name(),
        softmax: one.choice.softmax.to_string(),
        rounding: one.choice.rounding.name(),
        parties: protocol.parties(),
        malicious: protocol.is_malicious(),
        reveals: one.choice.softmax.reveals(),
        accuracy: one.accuracy,
        outcome: outcome(one),
        unbeaten: one.unbeaten,
        iterations: spent.map(|spent| spent.iterations),
        rounds: spent.map(|spent| spent.rounds),
        payload_bytes: spent.map(|spent| spent.payload_bytes),
        modelled_seconds: spent.map(|spent| Seconds(spent.modelled_ps)),
        mostly: mostly.map(|(name, _)| name),
        mostly_share: mostly.map(|(_, share)| share / 100.0),
        by_seed: (seeds > 1).then(|| BySeedJson {
            seeds_reached: one.seeds_reached,
            least_seconds: one.times_ps.map(|(least, _)| Seconds(least)),
            most_seconds: one.times_ps.map(|(_, most)| Seconds(most)),
            least_accuracy: one.accuracies.0,
            most_accuracy: one.accuracies.1,
        }),
    }
}

impl Advice {
    /// For programs.
    pub fn json(&self) -> String {
        let left_out = self.left_out.iter();
        let changes = self.changes.as_ref().map(|changes| {
            let change = |change: &Change| ChangeJson {
                of: if change.axis == Axis::Latency { "latency" } else { "bandwidth" },
                direction: if change.upwards { "above" } else { "below" },
                factor: change.factor as f64 / ONE as f64,
                protocol: change.then.map(|choice| choice.protocol.name()),
                softmax: change.then.map(|choice| choice.softmax.to_string()),
                rounding: change.then.map(|choice| choice.rounding.name()),
            };
            changes.iter().map(change).collect()
        });
        let json = Json {
            schema: 1,
            name: &self.name,
            network: &self.network,
            target: self.target,
            trainings: self.trainings,
            train_rows: self.rows.0,
            test_rows: self.rows.1,
            length: &self.length,
            seeds: (self.seeds.len() > 1).then_some(&self.seeds),
            choices: self
                .standings
                .iter()
                .enumerate()
                .map(|(at, one)| choice(at, one, self.seeds.len()))
                .collect(),
            left_out: left_out.map(|out| LeftOutJson { reason: &out.reason, choices: out.choices }).collect(),
            changes,
        };
        serde_json::to_string_pretty(&json).expect("advice is JSON") + "\n"
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(UTF8_HORIZONTAL_ONLY.row_separator(LineStyle::none()));
        let several = self.seeds.len() > 1;
        let mut header = vec![
            "",
            "softmax",
            "protocol",
            "rounding",
            "time",
            "rounds",
            "payload",
            "iterations",
            "at the end",
            "mostly",
        ];
        if several {
            header.insert(RANGE, "seeds");
        }
        table.set_header(header);
        let shown = self.standings.iter().enumerate().filter(|(at, one)| *at < ROWS || one.unbeaten);
        for (at, one) in shown {
            let spent = one.spent.as_ref();
            let cell = |of: &dyn Fn(&crate::run::Spent) -> String| spent.map_or("-".to_string(), of);
            let time = match outcome(one) {
                "reached" => cell(&|spent| time_text(spent.modelled_ps)),
                "reached by some seeds" => format!("in {} of {} seeds", one.seeds_reached, self.seeds.len()),
                other => other.to_string(),
            };
            let mut row = vec![
                format!("{}{}", at + 1, if one.unbeaten { " *" } else { "" }),
                one.choice.softmax.to_string(),
                one.choice.protocol.full_name().to_string(),
                one.choice.rounding.name().to_string(),
                time,
                cell(&|spent| count_text(spent.rounds)),
                cell(&|spent| bytes_text(spent.payload_bytes)),
                cell(&|spent| count_text(spent.iterations)),
                format!("{:.2} %", 100.0 * one.accuracy),
                cell(&|spent| {
                    let (name, share) = shares(&spent.critical_path)[0];
                    format!("{name} {share:.0} %")
                }),
            ];
            if several {
                row.insert(RANGE, one.times_ps.map_or("-".to_string(), range_text));
            }
            table.add_row(row);
        }
        for column in 4..=8 + usize::from(several) {
            table.column_mut(column).expect("a column").set_cell_alignment(CellAlignment::Right);
        }
        table
    }

    /// What the order depends on, and which of the first choices open something.
    fn caveats(&self) -> String {
        let row = 100.0 / self.rows.1 as f64;
        let mut text = match &self.seeds[..] {
            [first, .., last] => format!(
                "means over the seeds {first} to {last}, behind the time the range of those that get there; a choice that not all of \
                 them bring there stands\nbehind those that all do. An accuracy is reached when no later look is below it: a test \
                 row is {row:.2} points, and other looks\n(--set training.evaluate_every=…) may put others first\n"
            ),
            _ => format!(
                "one seed, and an accuracy is reached when no later look is below it: a test row is {row:.2} points, other seeds \
                 (--set seed=2)\nand other looks (--set training.evaluate_every=…) may put others first\n"
            ),
        };
        let shown = self.standings.iter().take(ROWS);
        let mut opening: Vec<&str> = shown
            .filter(|one| one.choice.softmax.reveals().is_some())
            .map(|one| one.choice.softmax.name())
            .collect();
        opening.sort_unstable();
        opening.dedup();
        if !opening.is_empty() {
            text += &format!(
                "of these, some open something of each row to all parties: {}; --reveal none leaves them out\n",
                opening.join(", ")
            );
        }
        text
    }

    /// For people.
    pub fn text(&self) -> String {
        let (train, test) = self.rows;
        let target =
            self.target.map_or("no target".to_string(), |target| share_text(target) + " test accuracy");
        let mut text = format!(
            "{}: time to {target} of {} choices, network {}\n{} trainings on {} rows, {}, tested with {} rows\n",
            self.name,
            count_text(self.standings.len() as u64),
            self.network,
            count_text(self.trainings as u64),
            count_text(train as u64),
            self.length,
            count_text(test as u64),
        );
        text += &format!("{}\n", self.table().trim_fmt());
        let shown = self.standings.iter().enumerate().filter(|(at, one)| *at < ROWS || one.unbeaten).count();
        let more = self.standings.len() - shown;
        if more > 0 {
            text += &format!("and {} more; --json has all of them\n", count_text(more as u64));
        }
        text += "* no other choice is as soon at the target and as accurate at the end\n";
        text += &self.caveats();
        text.push('\n');
        text += &format!("{}.\n", self.first_sentence());
        for at in self.told(SENTENCES) {
            text += &format!("{}. {}\n", at + 1, self.why(at));
        }
        match &self.changes {
            Some(changes) if !changes.is_empty() => {
                text += "\nWhat would change who is first, all links together:\n";
                for change in changes {
                    text += &format!("  {}\n", self.change_text(change));
                }
            }
            _ => {}
        }
        for out in &self.left_out {
            text += &format!(
                "left out: {} {}, such as {}: {}\n",
                count_text(out.choices as u64),
                if out.choices == 1 { "choice" } else { "choices" },
                out.first.text(),
                out.reason
            );
        }
        text + "programs were recorded and replayed, not checked on secret shares: mpcsim run does that\n"
    }
}
