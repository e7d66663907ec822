//! The report of a run.

use serde::Serialize;
use serde_json::value::RawValue;

use super::page;
use crate::ledger::{Activity, Bars};
use crate::report::Names;
use crate::run::Outcome;
use crate::scenario::Plan;

/// What the page's script gets.
#[derive(Serialize)]
struct Data<'a> {
    summary: Box<RawValue>,
    epochs: &'a str,
    evaluations: &'a str,
    spans: &'a str,
    links: &'a str,
    scenario: &'a str,
    parties: usize,
    names: Vec<String>,
    activity: ActivityData<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bars: Option<BarsData<'a>>,
}

#[derive(Serialize)]
struct ActivityData<'a> {
    end_ps: u64,
    spans: &'a [String],
    /// By party: start, end, 1 for waiting, span.
    parties: Vec<Vec<[u64; 4]>>,
    /// From, to, sent, arrival, payload bytes, span.
    messages: Vec<[u64; 6]>,
    all_messages: usize,
    resolution_ps: u64,
}

#[derive(Serialize)]
struct BarsData<'a> {
    start_ps: u64,
    width_ps: u64,
    counts: &'a [u64],
}

impl<'a> From<&'a Activity> for ActivityData<'a> {
    fn from(activity: &'a Activity) -> Self {
        let lines = activity
            .parties
            .iter()
            .map(|line| line.iter().map(|s| [s.start_ps, s.end_ps, s.waits.into(), s.span as u64]).collect());
        let messages = activity.messages.iter().map(|m| {
            let [from, to] = [m.message.from as u64, m.message.to as u64];
            [from, to, m.sent_ps, m.arrival_ps, m.payload_bytes, m.span as u64]
        });
        ActivityData {
            end_ps: activity.end_ps,
            spans: &activity.spans,
            parties: lines.collect(),
            messages: messages.collect(),
            all_messages: activity.all_messages,
            resolution_ps: activity.resolution_ps,
        }
    }
}

impl<'a> From<&'a Bars> for BarsData<'a> {
    fn from(bars: &'a Bars) -> Self {
        BarsData { start_ps: bars.start_ps, width_ps: bars.width_ps, counts: &bars.counts }
    }
}

/// The page of a run whose other files are given: it embeds them.
pub fn run_html(plan: &Plan, outcome: &Outcome, files: &[(&'static str, Vec<u8>)]) -> Vec<u8> {
    let text = |name: &str| {
        let (_, content) = files.iter().find(|(file, _)| *file == name).expect("a file of every run");
        std::str::from_utf8(content).expect("results are text")
    };
    let summary = text("summary.json").trim_end().to_string();
    let names = Names::of(&plan.network);
    let data = Data {
        summary: RawValue::from_string(summary).expect("a summary is JSON"),
        epochs: text("epochs.csv"),
        evaluations: text("evaluations.csv"),
        spans: text("spans.csv"),
        links: text("links.csv"),
        scenario: text("scenario.ron"),
        parties: plan.protocol.parties(),
        names: (0..plan.protocol.parties()).map(|party| names.party(party)).collect(),
        activity: (&outcome.iteration_activity).into(),
        bars: outcome.iteration_bars.as_ref().map(Into::into),
    };
    page(&plan.name, &data, concat!(include_str!("timeline.js"), include_str!("run.js")))
}
