//! One bit of a message of each kind of a training iteration altered, under the malicious protocols: the training aborts, or all that it
//! gives is right.

use std::collections::BTreeMap;

use mpcsim::data::ImageSize;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::run::{Cause, Outcome, RunError, Values, layers, record, run, training_program};
use mpcsim::scenario::{Plan, Scenario};
use mpcsim::sim::EventKind;

use super::command::{SMALL, scenario};

/// The pictures of the data.
const BARS: ImageSize = ImageSize { height: 8, width: 8, channels: 1 };

/// What a message is for: its span, who sends it, and to whom.
type Kind = (String, usize, usize);

/// Two iterations, so that what the first one does to the weights shows in the second loss.
fn plan(protocol: ProtocolName, output: &str, more: Option<String>) -> Plan {
    let mut sets: Vec<String> =
        ["training=()", "training.iterations=2", "training.batch=4", "model=dense(hidden: [3])"]
            .into_iter()
            .chain(output.split(' '))
            .map(str::to_string)
            .collect();
    sets.push(format!("protocol={}", protocol.name()));
    sets.extend(more);
    Scenario::load(&scenario(SMALL), &sets).unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// The messages of an iteration by kind: their numbers among those of their sender, from 1.
fn kinds(plan: &Plan) -> BTreeMap<Kind, Vec<u64>> {
    let program = training_program(plan, &layers(plan, BARS, 4).expect("layers"), plan.data.train_rows());
    let trace = record(plan, &program).expect("the program runs").iteration;
    let mut kinds: BTreeMap<Kind, Vec<u64>> = BTreeMap::new();
    for from in 0..trace.parties() {
        let sent = trace.events(from).filter_map(|event| match event.kind {
            EventKind::Send { to, .. } => Some((trace.spans().path(event.span), to)),
            _ => None,
        });
        for (number, (span, to)) in (1..).zip(sent) {
            kinds.entry((span, from, to)).or_default().push(number);
        }
    }
    kinds
}

/// What became of the trainings.
#[derive(Debug, Default)]
struct Counts {
    aborted: u64,
    right: u64,
    wrong: Vec<String>,
}

fn on_shares(plan: &Plan) -> Result<Outcome, RunError> {
    run(plan, Values::Shares, &())
}

/// Alters a message of every `every`-th kind.
fn alter(protocol: ProtocolName, output: &str, every: usize, counts: &mut Counts) {
    let honest = plan(protocol, output, None);
    let expected = on_shares(&honest).expect("an honest training");
    for (turn, ((span, from, to), numbers)) in kinds(&honest).into_iter().enumerate().step_by(every) {
        let number = numbers[turn % numbers.len()];
        let cheats = format!("adversary=(party: {from}, does: flip, which: message({number}))");
        let told = format!("{}, {output}: message {number} of {from} to {to} in {span}", protocol.name());
        match on_shares(&plan(protocol, output, Some(cheats))) {
            Ok(outcome) if outcome.epochs == expected.epochs => counts.right += 1,
            Ok(_) => counts.wrong.push(format!("{told}: a wrong result")),
            Err(RunError::Failed(failure)) => {
                assert!(matches!(failure.cause, Cause::Aborted { .. }), "{told}: {:?}", failure.cause);
                assert!(failure.end_ps <= expected.training.modelled_ps, "{told}: {} ps", failure.end_ps);
                counts.aborted += 1;
            }
            Err(other) => counts.wrong.push(format!("{told}: {other}")),
        }
    }
}

fn alter_all(outputs: &[&str], every: usize) {
    for protocol in ProtocolName::ALL.into_iter().filter(|protocol| protocol.is_malicious()) {
        let mut counts = Counts::default();
        outputs.iter().for_each(|output| alter(protocol, output, every, &mut counts));
        let Counts { aborted, right, wrong } = &counts;
        println!("{}: {aborted} aborted, {right} right, {} undetected", protocol.name(), wrong.len());
        assert!(wrong.is_empty(), "{}, undetected:\n{}", protocol.name(), wrong.join("\n"));
        assert!(*aborted > 0, "{counts:?}");
    }
}

#[test]
#[ignore = "a quarter of an hour: every 29th kind of message of whole iterations"]
fn kinds_of_messages_of_whole_iterations() {
    alter_all(
        &["softmax=exact loss=true", "softmax=relu_probability loss=true", "softmax=relu_gradient"],
        29,
    );
}
