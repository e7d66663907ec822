//! One bit of a message of each kind of a training iteration altered, under the malicious protocols: the training aborts, or all that it
//! gives is right.
//!
//! A kind is what a message is for: its span, who sends it to whom, and which of its parts. The networks are as small as can be, so that a
//! case takes milliseconds, and parties run the training's program by themselves: no recording, no check on shapes. What a
//! layer, an optimiser or an output layer sends does not depend on its size.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

use mpcsim::data::ImageSize;
use mpcsim::nn::{
    OWNER, SecretData, Secrets, Trainer, TrainingProgram, Weights, fans, glorot_weights, prepare,
};
use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Demand, Message, Protocol};
use mpcsim::ring::{Content, Vector};
use mpcsim::run::{layers, training_program};
use mpcsim::scenario::{Plan, Scenario};
use mpcsim::secure::Secure;
use mpcsim::sim::{Interceptor, SimError, Simulation};
use mpcsim::softmax::Softmax;

use crate::secure::harness::{Dice, Task, seed, world};

const ROWS: usize = 2;
const CLASSES: usize = 3;
const IMAGE: ImageSize = ImageSize { height: 4, width: 4, channels: 1 };

/// Each kind of layer, two dense ones among them. 4 x 4 pixels become 2 x 2, then one.
const ALL_LAYERS: &str = "[conv(kernel: 2, channels: 1, padding: same), relu, max_pool(2), dropout(0.25), avg_pool(2), dense(2), relu]";
const NO_HIDDEN: &str = "dense(hidden: [])";
const SGD: &str = "sgd";
const OTHER_OPTIMIZERS: [&str; 3] = ["adam", "adam(inverse_root: precise)", "amsgrad"];

/// What is trained how.
#[derive(Clone, Copy, Debug)]
struct Setting {
    softmax: Softmax,
    model: &'static str,
    optimizer: &'static str,
    rounding: &'static str,
}

impl Setting {
    /// All that a scenario can ask of a malicious protocol: each output layer for so many classes that reveals nothing, with its loss, and with both roundings;
    /// each layer and optimiser with one of them.
    fn all() -> Vec<Setting> {
        let hidden: Vec<Softmax> =
            Softmax::of_classes().filter(|softmax| softmax.reveals().is_none()).collect();
        let mut all = Vec::new();
        for rounding in ["probabilistic", "nearest"] {
            let setting = |softmax, model, optimizer| Setting { softmax, model, optimizer, rounding };
            all.push(setting(hidden[0], ALL_LAYERS, SGD));
            all.extend(OTHER_OPTIMIZERS.map(|optimizer| setting(hidden[0], NO_HIDDEN, optimizer)));
            all.extend(hidden.iter().map(|&softmax| setting(softmax, NO_HIDDEN, SGD)));
        }
        all
    }

    fn plan(self, protocol: ProtocolName) -> Plan {
        let Setting { softmax, model, optimizer, rounding } = self;
        let scenario = format!(
            "(name: \"kinds\", protocol: {}, rounding: {rounding}, model: {model}, softmax: {}, loss: true, \
             data: mnist(train: 60000, test: 10000), training: (iterations: 1, batch: {ROWS}, optimizer: {optimizer}), \
             network: preset(\"lan\"), compute: none)",
            protocol.name(),
            softmax.name(),
        );
        Scenario::parse(&scenario, "kinds.ron", Path::new("."), &[])
            .unwrap_or_else(|errors| panic!("{}", errors.render(false)))
    }
}

/// The part of a message that is altered: the span it is sent in, its link, what kind of content, which part of it.
type Kind = (String, usize, usize, &'static str, usize);

/// What a party knows at the end: the loss, the weights, and those after a restart.
type Learnt = Vec<Vector>;

/// How a training ended.
struct Ended {
    /// What each party knows.
    learnt: Result<Vec<Learnt>, SimError>,
    /// When the longest phase was over, or had failed.
    end_ps: u64,
    /// What each phase took from its offline phase.
    demands: Vec<Demand>,
}

/// A training of one iteration: set-up, iteration, opening of the weights, restart, opening once more.
struct Training {
    plan: Plan,
    program: TrainingProgram,
    data: SecretData,
    weights: Vec<Weights>,
    demands: Vec<Demand>,
}

const PHASES: usize = 5;

fn joined(weights: Vec<Weights>) -> Vector {
    let parts: Vec<&Vector> = weights.iter().flat_map(|layer| [&layer.weights, &layer.bias]).collect();
    Vector::concat(&parts)
}

impl Training {
    fn new(protocol: ProtocolName, setting: Setting, seed: u64) -> Training {
        let plan = Plan { seed, ..setting.plan(protocol) };
        let program = training_program(&plan, &layers(&plan, IMAGE, CLASSES).expect("layers"), ROWS);
        let mut dice = Dice::new(seed, 520);
        let pixels: Vec<u64> = (0..ROWS * IMAGE.values()).map(|_| dice.word() >> 48).collect();
        let labels: Vec<u64> = (0..ROWS * CLASSES).map(|i| u64::from(i % CLASSES == i / CLASSES)).collect();
        let data = SecretData { images: vec![pixels.into()], labels: vec![labels.into()] };
        let weights = glorot_weights(&program.layers, seed, 0, plan.fixed_point);
        let mut training =
            Training { plan, program, data, weights, demands: vec![Demand::default(); PHASES] };
        training.demands = training.run(Content::Shape, None).demands;
        training
    }

    fn run(&self, content: Content, interceptor: Option<Interceptor<Message>>) -> Ended {
        let mut simulation = Simulation::new(world(self.plan.protocol.parties()));
        simulation.intercept(interceptor);
        let mut ended = Ended { learnt: Ok(Vec::new()), end_ps: 0, demands: Vec::new() };
        ended.learnt = self.phases(&mut simulation, content, &mut ended);
        ended
    }

    fn phases(
        &self,
        simulation: &mut Simulation<Message>,
        content: Content,
        ended: &mut Ended,
    ) -> Result<Vec<Learnt>, SimError> {
        let Plan { protocol, seed, fixed_point, rounding, .. } = self.plan;
        let shapes: (SecretData, Vec<Weights>);
        let secrets = match content {
            Content::Values => Secrets { data: &self.data, weights: &self.weights },
            Content::Shape => {
                let weights = fans(&self.program.layers).into_iter().map(Weights::shape);
                shapes = (SecretData::shape(&self.program), weights.collect());
                Secrets { data: &shapes.0, weights: &shapes.1 }
            }
        };
        let set_up = (0..simulation.parties()).map(|i| -> Task<'_, Trainer<Erased>> {
            let protocol = protocol.start(simulation.party(i), seed, content);
            let brought = secrets.of_party(&self.program, i, false);
            Box::pin(async move {
                protocol.set_up().await;
                prepare(&protocol, &self.demands[0]).await;
                let secure = Secure { protocol, fixed_point, rounding, most_at_once: usize::MAX };
                Trainer::set_up(secure, self.program.clone(), brought).await
            })
        });
        let set_up = set_up.collect();
        let mut trainers = phase(simulation, set_up, ended)?;
        ended.demands.push(trainers[0].demand());
        let mut learnt = vec![Learnt::new(); trainers.len()];
        for number in 1..PHASES {
            let demand = &self.demands[number];
            let tasks = trainers.iter_mut().enumerate().map(|(i, trainer)| -> Task<'_, Option<Vector>> {
                Box::pin(async move {
                    trainer.prepare(demand).await;
                    match number {
                        1 => trainer.iteration(&[0, 1]).await,
                        3 => {
                            trainer.restart((i == OWNER).then_some(secrets.weights)).await;
                            None
                        }
                        _ => Some(joined(trainer.open_weights().await)),
                    }
                })
            });
            let tasks = tasks.collect();
            let outputs = phase(simulation, tasks, ended)?;
            learnt.iter_mut().zip(outputs).for_each(|(learnt, output)| learnt.extend(output));
            ended.demands.push(trainers[0].demand());
        }
        Ok(learnt)
    }

    /// All parts of all messages: how many there are of each kind. And how an honest training ends.
    fn kinds(&self) -> (BTreeMap<Kind, u64>, Learnt, u64) {
        let found: Rc<RefCell<BTreeMap<Kind, u64>>> = Rc::default();
        let into = Rc::clone(&found);
        let honest = self.run(
            Content::Values,
            Some(Box::new(move |outgoing, message| {
                for (part, what) in message.parts().into_iter().enumerate() {
                    let kind = (outgoing.span.to_string(), outgoing.from, outgoing.to, what, part);
                    *into.borrow_mut().entry(kind).or_default() += 1;
                }
                Some(message)
            })),
        );
        let mut learnt = honest.learnt.expect("an honest training");
        assert!(learnt.iter().all(|own| *own == learnt[0]), "the parties open different values");
        (found.take(), learnt.swap_remove(0), honest.end_ps)
    }

    /// Alters one bit of the `which`-th message of a kind; says whether there was a bit to alter.
    fn altered(&self, kind: &Kind, which: u64, choice: u64) -> (bool, Ended) {
        let (wanted, done, mut seen) = (kind.clone(), Rc::new(Cell::new(false)), 0);
        let flag = Rc::clone(&done);
        let ended = self.run(
            Content::Values,
            Some(Box::new(move |outgoing, message| {
                let (span, from, to, what, part) = &wanted;
                let same = outgoing.from == *from && outgoing.to == *to && outgoing.span == span;
                if !same || message.parts().get(*part) != Some(what) {
                    return Some(message);
                }
                seen += 1;
                let flipped = if seen == which + 1 { message.with_bit_flipped(*part, choice) } else { None };
                flag.set(flag.get() || flipped.is_some());
                Some(flipped.unwrap_or(message))
            })),
        );
        (done.get(), ended)
    }
}

/// Runs a program of every party from clocks at zero.
fn phase<T>(
    simulation: &mut Simulation<Message>,
    tasks: Vec<Task<'_, T>>,
    ended: &mut Ended,
) -> Result<Vec<T>, SimError> {
    simulation.reset();
    let run = simulation.run(tasks);
    let end_ps = simulation.clocks().iter().map(|clock| clock.time_ps).max();
    ended.end_ps = ended.end_ps.max(end_ps.unwrap_or(0));
    Ok(run?.outputs)
}

/// What became of the trainings.
#[derive(Debug, Default)]
struct Counts {
    aborted: u64,
    right: u64,
    wrong: Vec<String>,
}

impl Counts {
    fn add(&mut self, other: Counts) {
        self.aborted += other.aborted;
        self.right += other.right;
        self.wrong.extend(other.wrong);
    }
}

/// One kind of a training, of which there are so many messages, with what is right.
struct Case<'a> {
    number: usize,
    kind: &'a Kind,
    count: u64,
    learnt: &'a Learnt,
    end_ps: u64,
}

impl Case<'_> {
    fn run(&self, training: &Training, told: &str, counts: &mut Counts) {
        let Case { number, kind, count, learnt, end_ps } = self;
        let told = format!("{told}, {kind:?}");
        let mut dice = Dice::new(training.plan.seed, 521 + *number as u64);
        let (changed, ended) = training.altered(kind, dice.word() % count, dice.word());
        assert!(changed || kind.3 == "keys", "{told}: nothing to alter");
        // Twice what an honest training takes is the limit for noticing.
        assert!(ended.end_ps <= 2 * *end_ps, "{told}: {} ps, and {end_ps} if all are honest", ended.end_ps);
        match ended.learnt {
            _ if !changed => {}
            Err(SimError::Aborted { check, .. }) => {
                assert!(!check.is_empty(), "{told}");
                counts.aborted += 1;
            }
            Err(other) => counts.wrong.push(format!("{told}: {other}")),
            // What the cheat itself says it opened is not taken.
            Ok(opened) if opened.iter().enumerate().all(|(i, own)| i == kind.1 || own == *learnt) => {
                counts.right += 1;
            }
            Ok(_) => counts.wrong.push(format!("{told}: a wrong result")),
        }
    }
}

/// Alters a message of each kind of a training that `wanted` takes, on as many threads.
fn alter(
    (protocol, setting): (ProtocolName, Setting),
    mut wanted: impl FnMut(&Kind) -> bool,
    threads: usize,
) -> Counts {
    let seed = seed();
    let training = Training::new(protocol, setting, seed);
    let (kinds, learnt, end_ps) = training.kinds();
    let kinds: Vec<(&Kind, u64)> =
        kinds.iter().map(|(kind, &count)| (kind, count)).filter(|(kind, _)| wanted(kind)).collect();
    let (next, told) = (AtomicUsize::new(0), format!("{}, {setting:?}", protocol.name()));
    // Threads of their own: a simulation and what its vectors put off belong to one thread.
    let some = || {
        let (training, mut counts) = (Training::new(protocol, setting, seed), Counts::default());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(&(kind, count)) = kinds.get(number) else { return counts };
            Case { number, kind, count, learnt: &learnt, end_ps }.run(&training, &told, &mut counts);
        }
    };
    let mut counts = Counts::default();
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(some)).collect();
        running.into_iter().for_each(|thread| counts.add(thread.join().expect("a thread")));
    });
    counts
}

fn malicious() -> impl Iterator<Item = ProtocolName> {
    ProtocolName::ALL.into_iter().filter(|protocol| protocol.is_malicious())
}

fn report(protocol: ProtocolName, counts: &Counts) {
    let Counts { aborted, right, wrong } = counts;
    println!("{}: {aborted} aborted, {right} right, {} undetected", protocol.name(), wrong.len());
    assert!(wrong.is_empty(), "{}, undetected:\n{}", protocol.name(), wrong.join("\n"));
    assert!(*aborted > 0, "{counts:?}");
}

#[test]
#[ignore = "minutes: every kind of message of whole iterations, of every layer, optimiser and output layer"]
fn all_kinds_of_messages_of_whole_iterations() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for protocol in malicious() {
        let (mut counts, mut seen) = (Counts::default(), BTreeSet::new());
        for setting in Setting::all() {
            // A kind that an earlier training had was altered there. What rounds to nearest has spans of its own.
            let new = |kind: &Kind| seen.insert(kind.clone());
            let own = alter((protocol, setting), new, threads);
            println!("{}, {setting:?}: {} and {}", protocol.name(), own.aborted, own.right);
            counts.add(own);
        }
        report(protocol, &counts);
    }
}

/// One of so many kinds of a training.
fn some(protocol: ProtocolName, setting: Setting, of: usize) -> Counts {
    let mut number = 0;
    let wanted = |_: &Kind| {
        number += 1;
        number % of == 0
    };
    alter((protocol, setting), wanted, 1)
}

/// Some of them: the same in every run, so that a test does not fail for a change that has nothing to do with it.
#[test]
fn some_kinds_of_messages_of_whole_iterations() {
    let settings = Setting::all();
    let (layers, optimizer) = (settings[0], settings[settings.len() / 2 + 1]);
    // All layers with one rounding, and an optimiser with the other.
    for protocol in malicious() {
        let (setting, of) = match protocol {
            ProtocolName::Rep4 => (optimizer, 7),
            // A training takes a thousand triples of each sort at least, in every phase.
            ProtocolName::FalconMalicious => (layers, 35),
            _ => (layers, 7),
        };
        report(protocol, &some(protocol, setting, of));
    }
}

/// Under a semi-honest protocol nobody notices.
#[test]
fn semi_honest_parties_learn_something_else() {
    let counts = some(ProtocolName::Rep3, Setting::all()[0], 7);
    assert!(counts.aborted == 0 && counts.wrong.len() > 10, "{counts:?}");
}
