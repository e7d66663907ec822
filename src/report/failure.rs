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
    let what = match &failure.cause {
        Cause::Stalled(stall) => stalled(&names, stall),
        Cause::Aborted { .. } => aborted(&names, plan, failure),
    };
    format!("{what}{}nothing was written\n", done(failure))
}

fn aborted(names: &Names, plan: &Plan, failure: &Failure) -> String {
    let Cause::Aborted { party, check, span, altered, losses_opened } = &failure.cause else {
        return String::new();
    };
    let cheat = plan.adversary.as_ref().map_or(String::new(), |adversary| {
        format!("  {} had altered {} of its messages\n", names.party(adversary.party), count_text(*altered))
    });
    let opened = match losses_opened {
        0 => "nothing".to_string(),
        1 => "the loss of one iteration".to_string(),
        more => format!("the losses of {} iterations", count_text(*more)),
    };
    format!(
        "{} aborted after {} of simulated time: {check}\n  it noticed in {span}\n{cheat}  opened until then: {opened}\n",
        names.party(*party),
        time_text(failure.end_ps),
    )
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

fn done(failure: &Failure) -> String {
    let accuracy = failure.epochs.last().map_or(String::new(), |epoch| {
        format!(", {} whole epochs (test accuracy {:.2} %)", epoch.epoch, 100.0 * epoch.test_accuracy)
    });
    format!(
        "done until then: {} of {} iterations{accuracy}; {} messages, {} of payload\n",
        count_text(failure.iterations),
        count_text(failure.all_iterations),
        count_text(failure.messages),
        bytes_text(failure.payload_bytes),
    )
}

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    name: &'a str,
    fingerprint: &'a str,
    protocol: &'static str,
    values: &'static str,
    /// When it was over.
    simulated_seconds: Seconds,
    #[serde(flatten)]
    outcome: Outcome<'a>,
    done: Done,
}

#[derive(Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
enum Outcome<'a> {
    Stalled { stopped: Vec<Stopped>, waits: Vec<Waits<'a>> },
    Aborted { party: usize, check: &'a str, span: &'a str, messages_altered: u64, losses_opened: u64 },
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

impl<'a> From<&'a Cause> for Outcome<'a> {
    fn from(cause: &'a Cause) -> Outcome<'a> {
        match cause {
            Cause::Aborted { party, check, span, altered, losses_opened } => Outcome::Aborted {
                party: *party,
                check,
                span,
                messages_altered: *altered,
                losses_opened: *losses_opened,
            },
            Cause::Stalled(stall) => Outcome::Stalled {
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
            },
        }
    }
}

/// The same for programs.
pub fn failure_json(plan: &Plan, values: Values, failure: &Failure) -> Vec<u8> {
    let report = Report {
        schema: 1,
        name: &plan.name,
        fingerprint: &failure.fingerprint,
        protocol: plan.protocol.name(),
        values: values.name(),
        simulated_seconds: Seconds(failure.end_ps),
        outcome: (&failure.cause).into(),
        done: Done {
            iterations: failure.iterations,
            all_iterations: failure.all_iterations,
            messages: failure.messages,
            payload_bytes: failure.payload_bytes,
            test_accuracy: failure.epochs.iter().map(|epoch| epoch.test_accuracy).collect(),
        },
    };
    let mut text = serde_json::to_vec_pretty(&report).expect("a report is JSON");
    text.push(b'\n');
    text
}
