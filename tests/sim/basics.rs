//! Small programs whose times can be worked out by hand.

use std::{future::Future, pin::Pin};

use mpcsim::sim::{Link, Network, Party, Simulation, World};

type Program<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

#[test]
fn a_message_takes_latency_and_bandwidth() {
    let link = Link { latency_ps: 5_000, bandwidth_bps: Some(8_000_000_000_000), ..Link::INSTANT };
    let mut simulation = Simulation::<u32>::new(World::new(Network::uniform(2, link)));
    let program = |party: Party<u32>| -> Program<'static, u32> {
        Box::pin(async move {
            if party.id() == 0 {
                party.work(100);
                party.send(1, 40, 7);
                0
            } else {
                party.recv(0).await
            }
        })
    };
    let programs = (0..2).map(|id| program(simulation.party(id))).collect();
    let run = simulation.run(programs).expect("no deadlock");
    assert_eq!(run.outputs, [0, 7]);
    assert_eq!(run.clocks[0].time_ps, 100);
    assert_eq!(run.clocks[1].time_ps, 100 + 40 + 5_000);
    assert_eq!(run.clocks[1].parts.total_ps(), run.clocks[1].time_ps);
    assert_eq!(run.rounds(), 1);
    assert_eq!(run.exchanges, [0, 1]);
}
