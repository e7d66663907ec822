//! Writes results: a table for people, JSON and CSV for programs. Nothing here depends on the host or influences a run.

mod compare;
mod compare_spans;
mod costs;
mod csv;
mod explain;
mod failure;
mod file;
mod folder;
mod gate;
mod html;
mod manifest;
mod names;
mod notes;
mod owners;
mod paper;
mod perfetto;
mod plot;
mod replay;
mod softmax;
mod summary;
mod table;
mod temporary;
mod timed;
mod timeline;
mod units;

pub use compare::{
    CompareError, Gate, LARGEST_RESULT, Summary, Verdict, compare_json, compare_table, compare_verdict,
    compare_warnings, verdict_lines,
};
pub use compare_spans::{SpanComparison, spans_json, spans_table, spans_verdict};
pub use costs::{CostRow, cost_details, cost_line, cost_table, costs_csv};
pub use csv::{epochs_csv, evaluations_csv, links_csv, spans_csv};
pub use explain::explain;
pub use failure::{failure_json, failure_text};
pub use file::NewFile;
pub use folder::{Folder, FolderError, Kind};
pub(crate) use folder::{PROGRESS, is_unfinished, sync_folder, write_synced};
pub use gate::{Breach, Limit, Metric};
pub use html::{ResultColumn, run_html, sweep_report};
pub(crate) use manifest::Manifest;
pub use names::Names;
pub use paper::{Part, PartResults, TableError, paper_files};
pub use perfetto::write_perfetto;
pub use plot::{Logs, PlotError, Point, Request, Series, plot_pdf, plot_png, plot_svg, select};
pub use replay::{ReplayReport, replay_json, replay_table};
pub use softmax::softmax_details;
pub use summary::summary_json;
pub use table::run_table;
pub use temporary::remove_all as remove_temporary_files;
pub(crate) use temporary::{Temporary, undisturbed};
pub use timed::Timed;
pub use timeline::timeline_svg;
pub use units::{Seconds, Unit, bytes_text, count_text, share_text, time_text};

use crate::run::{Outcome, Values};
use crate::scenario::Plan;

/// The files of a run: names and contents.
pub fn run_files(plan: &Plan, values: Values, outcome: &Outcome) -> Vec<(&'static str, Vec<u8>)> {
    let names = Names::of(&plan.network);
    let mut files = vec![
        ("summary.json", summary_json(plan, values, outcome)),
        ("epochs.csv", epochs_csv(outcome)),
        ("evaluations.csv", evaluations_csv(outcome)),
        ("spans.csv", spans_csv(&names, outcome)),
        ("links.csv", links_csv(&names, outcome)),
        ("scenario.ron", plan.to_ron().into_bytes()),
    ];
    let page = run_html(plan, outcome, &files);
    files.push(("report.html", page));
    files
}
