//! What `mpcsim replay` prints.

use serde::Serialize;

use super::names::Names;
use super::summary::CriticalPath;
use super::units::{Seconds, bytes_text, count_text, time_text};
use crate::sim::{Clock, Replay, SimError, Trace};

/// The cost of a recorded program under a network.
#[derive(Serialize)]
pub struct ReplayReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    parties: Option<Vec<String>>,
    modelled_seconds: Seconds,
    modelled_seconds_by_party: Vec<Seconds>,
    critical_path: CriticalPath,
    rounds: u64,
    payload_bytes: u64,
    #[serde(skip)]
    last: Clock,
    #[serde(skip)]
    names: Names,
}

impl ReplayReport {
    /// Of a trace that was replayed from clocks at zero; an error if its bytes cannot be counted.
    pub fn new(trace: &Trace, names: Names, run: &Replay) -> Result<ReplayReport, SimError> {
        let last = *run.clocks.iter().rev().max_by_key(|clock| clock.time_ps).expect("a party");
        let payload_bytes = trace.payload_bytes().ok_or(SimError::Total("payload bytes"))?;
        Ok(ReplayReport {
            parties: names.given().map(<[String]>::to_vec),
            modelled_seconds: Seconds(last.time_ps),
            modelled_seconds_by_party: run.clocks.iter().map(|clock| Seconds(clock.time_ps)).collect(),
            critical_path: (&last.parts).into(),
            rounds: run.rounds(),
            payload_bytes,
            last,
            names,
        })
    }
}

/// One object on one line.
pub fn replay_json(report: &ReplayReport) -> String {
    serde_json::to_string(report).expect("a report is JSON") + "\n"
}

/// For people.
pub fn replay_table(report: &ReplayReport) -> String {
    let parts = &report.last.parts;
    let mut rows = vec![
        ("rounds".to_string(), count_text(report.rounds)),
        ("payload, all parties".to_string(), bytes_text(report.payload_bytes)),
        ("modelled time".to_string(), time_text(report.last.time_ps)),
        ("  compute".to_string(), time_text(parts.compute_ps)),
        ("  latency".to_string(), time_text(parts.latency_ps)),
        ("  serialisation".to_string(), time_text(parts.serialisation_ps)),
        ("  queueing".to_string(), time_text(parts.queueing_ps)),
        ("  window".to_string(), time_text(parts.window_ps)),
    ];
    for (party, seconds) in report.modelled_seconds_by_party.iter().enumerate() {
        rows.push((format!("{} ends at", report.names.party(party)), time_text(seconds.0)));
    }
    rows.iter().map(|(label, value)| format!("{label:<22}{value:>12}\n")).collect()
}
