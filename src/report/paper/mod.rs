//! The page of `mpcsim paper`: each claim of Keller and Sun, "Effectiveness of MPC-friendly Softmax Replacement" (arXiv 2011.11202),
//! beside the figures that support or contradict it, made of the results of its sweeps.

mod accuracy;
mod beyond;
mod cost;
mod page;
mod secureml;
mod table;
mod words;

pub use table::TableError;

use accuracy::Accuracy;
use beyond::Beyond;
use cost::Cost;
use page::{Block, Page};
use secureml::SecureMl;
use table::Table;

/// The results of a sweep of the page.
pub struct PartResults {
    /// Which part it is.
    pub part: Part,
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

/// Columns of `evaluations.csv` that the page reads.
const EVALUATIONS: [&str; 2] = ["index", "test_accuracy"];

fn blocks(part: &PartResults) -> Result<Vec<Block>, TableError> {
    let csv = &part.results;
    let results = |needed: &[&'static str]| Table::read("results.csv", csv, needed);
    let evaluations = || Table::read("evaluations.csv", &part.evaluations, &EVALUATIONS);
    Ok(match part.part {
        Part::Accuracy => {
            let needed =
                ["index", "seed", "hidden", "softmax", "rounding", "numbers", "accuracy", "restarts"];
            let results = results(&[&needed[..], &["rows_beyond_domain", "out_of_range"]].concat())?;
            Accuracy { results: &results, evaluations: &evaluations()? }.blocks()
        }
        Part::Cost => {
            let needed = ["protocol", "hidden", "softmax", "loss", "network", "modelled_seconds"];
            let costs = ["rounds", "payload_bytes"];
            Cost { results: &results(&[&needed[..], &costs].concat())? }.blocks()
        }
        Part::SecureMl => {
            let needed =
                ["index", "softmax", "rounding", "momentum", "learning_rate", "accuracy", "restarts"];
            let results = results(&[&needed[..], &["rows_beyond_domain"]].concat())?;
            SecureMl { results: &results, evaluations: &evaluations()? }.blocks()
        }
        Part::Beyond => {
            let needed = ["model", "softmax", "protocol", "network", "modelled_seconds", "accuracy"];
            let targets = ["to_0.9_modelled_seconds", "to_0.95_modelled_seconds", "to_0.97_modelled_seconds"];
            Beyond { results: &results(&[&needed[..], &targets].concat())?, csv }.blocks()
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
        blocks: vec![Block::Text(how.to_string())],
    };
    for part in parts {
        page.blocks.extend(blocks(part)?);
    }
    let mut files = vec![
        ("paper.md".to_string(), page.markdown().into_bytes()),
        ("paper.html".to_string(), page.html().into_bytes()),
    ];
    files.extend(page.figures().map(|(name, svg)| (name.to_string(), svg.as_bytes().to_vec())));
    Ok(files)
}
