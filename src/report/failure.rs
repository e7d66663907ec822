//! What a run says that did not come to its end.

use serde::Serialize;

use super::names::Names;
use super::units::{Seconds, bytes_text, count_text, time_text};
use crate::run::{Cause, Failure, Values};
use crate::scenario::Plan;
use crate::sim::{Stall, StallWait};

/// The report of a failed run, in several lines.
pub fn failure_text(plan: &Plan, failure: &Failure) -> String {
    let names = Names::of(&plan.network);
    let Cause::Stalled(stall) = &failure.cause;
    format!("{}{}nothing was written\n", stalled(&names, stall), done(failure, stall))
}

fn stalled(names: &Names, stall: &Stall) -> String {
    let gave_up = stall.waits.iter().any(|wait| wait.given_up_ps.is_some());
    let what = if gave_up { "a party gave up" } else { "nobody could go on" };
    let mut text =
        format!("the training came to a halt: {what} after {} of simulated time\n", time_text(stall.end_ps));
    for &(party, at_ps) in &stall.stopped {
        text += &format!("  {} stopped at {}\n", names.party(party), time_text(at_ps));
    }
    for StallWait { party, peer, span, since_ps, given_up_ps } in &stall.waits {
        let (party, peer, since) = (names.party(*party), names.party(*peer), time_text(*since_ps));
        text += &match given_up_ps {
            Some(at_ps) => {
                let at = time_text(*at_ps);
                format!("  {party} gave up at {at}: it had waited for {peer} since {since}, in {span}\n")
            }
            None => format!("  {party} waits for {peer} since {since}, in {span}\n"),
        };
    }
    text
}

fn done(failure: &Failure, stall: &Stall) -> String {
    let accuracy = failure.epochs.last().map_or(String::new(), |epoch| {
        format!(", {} whole epochs (test accuracy {:.2} %)", epoch.epoch, 100.0 * epoch.test_accuracy)
    });
    format!(
        "done until then: {} of {} iterations{accuracy}; {} messages, {} of payload\n",
        count_text(failure.iterations),
        count_text(failure.all_iterations),
        count_text(stall.messages),
        bytes_text(stall.payload_bytes),
    )
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    name: &'a str,
    fingerprint: &'a str,
    protocol: &'static str,
    values: &'static str,
    outcome: &'static str,
    /// When it was over.
    simulated_seconds: Seconds,
    stopped: Vec<Stopped>,
    waits: Vec<Waits<'a>>,
    done: Done,
}

#[derive(Serialize)]
struct Stopped {
    party: usize,
    at_seconds: Seconds,
}

#[derive(Serialize)]
struct Waits<'a> {
    party: usize,
    peer: usize,
    span: &'a str,
    since_seconds: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_up_seconds: Option<Seconds>,
}

#[derive(Serialize)]
struct Done {
    iterations: u64,
    all_iterations: u64,
    messages: u64,
    payload_bytes: u64,
    /// By epoch.
    test_accuracy: Vec<f64>,
}

/// The same for programs.
pub fn failure_json(plan: &Plan, values: Values, failure: &Failure) -> Vec<u8> {
    let Cause::Stalled(stall) = &failure.cause;
    let report = Report {
        schema: 1,
        name: &plan.name,
        fingerprint: &failure.fingerprint,
        protocol: plan.protocol.name(),
        values: values.name(),
        outcome: "stalled",
        simulated_seconds: Seconds(stall.end_ps),
        stopped: stall
            .stopped
            .iter()
            .map(|&(party, at_ps)| Stopped { party, at_seconds: Seconds(at_ps) })
            .collect(),
        waits: stall
            .waits
            .iter()
            .map(|wait| Waits {
                party: wait.party,
                peer: wait.peer,
                span: &wait.span,
                since_seconds: Seconds(wait.since_ps),
                given_up_seconds: wait.given_up_ps.map(Seconds),
            })
            .collect(),
        done: Done {
            iterations: failure.iterations,
            all_iterations: failure.all_iterations,
            messages: stall.messages,
            payload_bytes: stall.payload_bytes,
            test_accuracy: failure.epochs.iter().map(|epoch| epoch.test_accuracy).collect(),
        },
    };
    let mut text = serde_json::to_vec_pretty(&report).expect("a report is JSON");
    text.push(b'\n');
    text
}
