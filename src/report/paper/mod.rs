//! The page of `mpcsim paper`: each claim of Keller and Sun, "Effectiveness of MPC-friendly Softmax Replacement" (arXiv 2011.11202),
//! beside the figures that support or contradict it, made of the results of its sweeps.

mod accuracy;
mod beyond;
mod cost;
mod names;
mod page;
mod secureml;
mod setting;
mod table;
mod words;

pub use table::TableError;

use accuracy::Accuracy;
use beyond::Beyond;
use cost::Cost;
use names::names;
use page::{Block, Page};
use secureml::SecureMl;
use setting::setting;
use table::Table;

use crate::scenario::Plan;

/// The results of a sweep of the page.
pub struct PartResults {
    /// Which part it is.
    pub part: Part,
    /// Its first point.
    pub first: Plan,
    /// `results.csv`.
    pub results: String,
    /// `evaluations.csv`; empty if nothing was trained.
    pub evaluations: String,
}

/// The parts of the page, each made of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Accuracy by epoch.
    Accuracy,
    /// Rounds, bytes and time.
    Cost,
    /// SecureML's claim.
    SecureMl,
    /// Every softmax, by time to accuracy.
    Beyond,
}

impl Part {
    /// All of them, in the order of the page.
    pub const ALL: [Part; 4] = [Part::Accuracy, Part::Cost, Part::SecureMl, Part::Beyond];

    /// Its name on the command line, and that of its sweep file.
    pub fn name(self) -> &'static str {
        match self {
            Part::Accuracy => "accuracy",
            Part::Cost => "cost",
            Part::SecureMl => "secureml",
            Part::Beyond => "beyond",
        }
    }
}

/// What the page is about.
const QUESTION: &str = "In secure multi-party computation (MPC), parties train a network on data that none of them may see, and each operation \
    costs messages. Softmax is expensive there, since it takes exponentials and a division. Mohassel and Zhang (SecureML, S&P 2017) proposed to replace it by \
    ReLU: relu(x) / sum relu(x). Keller and Sun, \"Effectiveness of MPC-friendly Softmax Replacement\" (arXiv 2011.11202), asked what \
    that saves and what it costs in accuracy, for two uses: as the output distribution (`relu_probability`, with the gradient of its own cross entropy), and in the \
    gradient only (`relu_gradient`). This page checks the claims of their abstract; their tables were not at hand. Times are modelled: a simulated clock gives each message its latency and its bytes over the \
    bandwidth, with TCP's congestion window where it says so, and each party's work what it costs on a given machine. Rounds and bytes are those of \
    messages that the protocols send.";
/// Columns of `evaluations.csv` that the page reads.
const EVALUATIONS: [&str; 4] = ["index", "test_accuracy", "out_of_range", "rows_beyond_domain"];

/// What a part says, and the table that it is made of.
fn blocks(part: &PartResults) -> Result<(Vec<Block>, Table), TableError> {
    let csv = &part.results;
    let read = |needed: &[&'static str]| Table::read("results.csv", csv, needed);
    let evaluations = || Table::read("evaluations.csv", &part.evaluations, &EVALUATIONS);
    let setting = setting(&part.first);
    Ok(match part.part {
        Part::Accuracy => {
            let needed =
                ["index", "seed", "hidden", "softmax", "rounding", "numbers", "accuracy", "restarts"];
            let results = read(&[&needed[..], &["rows_beyond_domain", "out_of_range"]].concat())?;
            let rows = part.first.data.train_rows();
            let said = Accuracy { results: &results, evaluations: &evaluations()?, setting }.blocks(rows);
            (said, results)
        }
        Part::Cost => {
            let needed = ["protocol", "hidden", "softmax", "loss", "network", "modelled_seconds"];
            let costs = ["rounds", "payload_bytes"];
            let results = read(&[&needed[..], &costs].concat())?;
            (Cost { results: &results, setting }.blocks(), results)
        }
        Part::SecureMl => {
            let needed =
                ["index", "softmax", "rounding", "momentum", "learning_rate", "accuracy", "restarts"];
            let results = read(&[&needed[..], &["rows_beyond_domain"]].concat())?;
            let said = SecureMl { results: &results, evaluations: &evaluations()?, setting }.blocks();
            (said, results)
        }
        Part::Beyond => {
            let needed = ["model", "softmax", "protocol", "network", "modelled_seconds", "accuracy"];
            let targets = [
                "to_0.85_modelled_seconds",
                "to_0.9_modelled_seconds",
                "to_0.95_modelled_seconds",
                "to_0.97_modelled_seconds",
            ];
            let results = read(&[&needed[..], &targets].concat())?;
            (Beyond { results: &results, csv, setting }.blocks(), results)
        }
    })
}

/// The page as files: names and contents. `how` says how its figures were obtained.
///
/// # Errors
/// If a table is damaged or of another version.
pub fn paper_files(parts: &[PartResults], how: &str) -> Result<Vec<(String, Vec<u8>)>, TableError> {
    let mut page = Page {
        title: "Effectiveness of MPC-friendly softmax replacement: the paper's claims, checked".into(),
        blocks: Vec::new(),
    };
    let mut tables = Vec::new();
    for part in parts {
        let (said, table) = blocks(part)?;
        page.blocks.extend(said);
        tables.push(table);
    }
    page.blocks.extend([Block::Heading("How it was made".into()), Block::Text(how.to_string())]);
    let begin =
        [Block::Text(QUESTION.into()), Block::Heading("In short".into()), Block::List(page.in_short())];
    let names = names(&tables.iter().collect::<Vec<_>>());
    page.blocks.splice(0..0, begin.into_iter().chain(names));
    let mut files = vec![
        ("paper.md".to_string(), page.markdown().into_bytes()),
        ("paper.html".to_string(), page.html().into_bytes()),
    ];
    files.extend(page.figures().map(|(name, svg)| (name.to_string(), svg.as_bytes().to_vec())));
    Ok(files)
}
