//! A live training on one simulation, and the replay of one recorded iteration again and again.

use mpcsim::data;
use mpcsim::nn::{SecretData, Secrets, Trainer, dense_layers, glorot_weights};
use mpcsim::protocol::Message;
use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::ring::Content;
use mpcsim::run::{endpoints, network, training_program};
use mpcsim::secure::{Rounding, Secure};
use mpcsim::sim::{Replayer, Simulation, World};

use super::training::plan;
use crate::secure::RELU_GRADIENT;
use crate::secure::harness::{Task, world};

/// Iterations in a row.
const ITERATIONS: usize = 5;

#[test]
fn live_iterations_take_as_long_as_the_replay_of_one() {
    let jitter = "network=custom(latency_ms: 3, bandwidth_mbps: 200, interface_mbps: 300, \
                  jitter: log_normal(median_ms: 1, sigma: 0.5), links: [(from: 0, to: 2, latency_ms: 20)])";
    let access = "network=custom(base: \"wan\", interfaces: [(party: 0, egress_mbps: 50, ingress_mbps: 20)])";
    let lossy = "network=custom(base: \"wan\", loss: 0.01, interfaces: [(party: 2, ingress_mbps: 50)])";
    for more in ["network=preset(\"wan\")", access, lossy, jitter] {
        let few = ["data=mnist(train: 160, test: 1)", "training.batch=32", more];
        let plan = plan(RELU_GRADIENT, Rounding::Probabilistic, &few);
        let data = data::load(&plan.data).expect("the data ships").train;
        let program = training_program(&plan, &dense_layers(&[784, 8, 10]), data.rows);
        let rows: Vec<usize> = (0..data.rows).collect();
        let secret = SecretData::of(&program, &data, &rows, plan.fixed_point);
        let weights = glorot_weights(&program.layers, plan.seed, 0, plan.fixed_point);
        let (network, endpoints) = (network(&plan.network, plan.seed), endpoints(&plan.compute));
        let live = World { network: network.clone(), endpoints: endpoints.clone(), ..world(3) };
        let mut simulation = Simulation::<Message>::new(live);

        let tasks = (0..3).map(|i| {
            let protocol = ProtocolName::Rep3.start(simulation.party(i), plan.seed, Content::Values);
            let (fixed_point, rounding) = (plan.fixed_point, plan.rounding);
            let secure = Secure { protocol, fixed_point, rounding, most_at_once: usize::MAX };
            let brought = Secrets { data: &secret, weights: &weights }.of_party(&program, i, false);
            Box::pin(Trainer::set_up(secure, program.clone(), brought)) as Task<_>
        });
        let tasks = tasks.collect();
        let mut trainers: Vec<Trainer<Erased>> = simulation.run(tasks).expect("a set-up").outputs;

        // From here on clocks, links and the draws of jitter go on.
        simulation.reset();
        let mut replayer = Replayer::new(&network, &endpoints);
        let mut first = None;
        for (done, rows) in (0..data.rows).collect::<Vec<_>>().chunks_exact(32).enumerate() {
            let tasks = trainers.iter_mut().map(|t| Box::pin(t.iteration(rows)) as Task<_>).collect();
            let run = simulation.run(tasks).expect("an iteration");
            let recorded = first.get_or_insert_with(|| run.trace.clone());
            assert_eq!(run.trace, *recorded, "iteration {done} does what the first did");
            replayer.run(recorded, &mut ()).expect("a replay");
            assert_eq!(run.clocks, replayer.clocks(), "picoseconds, parts and depths after iteration {done}");
            assert_eq!(done as u64 * run.rounds().min(1), done as u64, "every iteration has rounds");
        }
        assert_eq!(data.rows / 32, ITERATIONS);
        assert!(simulation.clocks().iter().all(|clock| clock.parts.total_ps() == clock.time_ps));
    }
}
