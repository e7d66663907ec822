//! `mpcsim`: a deterministic discrete-event simulator of secure multi-party computation.
//!
//! Simulated parties train a network on data that none of them may see. What it costs (exact rounds, exact bytes,
//! modelled time) and how accurate the network becomes follows from one scenario. The command `mpcsim` is a thin layer
//! over this crate; ARCHITECTURE.md shows how the rooms belong together, docs/counting.md what each number means.
//!
//! Where things are, in the order in which data flow:
//!
//! * [`scenario`] reads a scenario file into a plan, [`data`] the rows that it names.
//! * [`sim`] has simulated time: parties, links, what happens when, recorded traces and their replay. It knows no protocol.
//! * [`ring`] has arithmetic modulo 2^64 and beyond, on whole vectors.
//! * [`protocol`] has the trait of all protocols, and a file for each; [`secure`] builds comparisons, divisions and functions from the
//!   trait alone; [`softmax`] the output layers; [`nn`] layers, optimisers and the training program of a party.
//! * [`run`] records a program, checks it on shares, trains, and counts: [`run::run`] does all of it.
//! * [`sweep`] runs a scenario at many points, and gives advice; [`ledger`] adds up costs; [`report`] writes what users see.
//! * [`import`] and [`play`]: traces of other programs, and a trace over real TCP. [`cli`] is the command line.
//!
//! The folder `examples` runs a scenario, a sweep and a protocol of one's own. The cost of one iteration, without training:
//!
//! ```
//! use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
//! use mpcsim::run::{endpoints, layers, network, record, training_program};
//! use mpcsim::scenario::Scenario;
//!
//! let text = r#"(
//!     name: "example",
//!     protocol: rep3,
//!     model: dense(hidden: [128]),
//!     softmax: relu_gradient,
//!     data: mnist(train: 60000, test: 10000),
//!     network: preset("wan"),
//! )"#;
//! let plan = Scenario::parse(text, "example.ron", std::path::Path::new(""), &[]).expect("a right scenario");
//! let layers = layers(&plan, MNIST_IMAGE, MNIST_CLASSES).expect("layers that fit");
//! let program = training_program(&plan, &layers, 60_000);
//! let recorded = record(&plan, &program).expect("a program without deadlock");
//! let (network, endpoints) = (network(&plan.network, plan.seed), endpoints(&plan.compute));
//! let iteration = recorded.costs(&network, &endpoints, &[]).expect("time without overflow").iteration;
//! assert_eq!(iteration.rounds, 79);
//! assert_eq!(iteration.payload_bytes, 16_289_264);
//! assert!(iteration.modelled_ps > iteration.rounds * 29_000_000_000, "at least the latency of each round");
//! ```

pub mod cli;
pub mod data;
pub mod digest;
pub mod import;
pub mod ledger;
pub mod memory;
pub mod nn;
pub mod play;
pub mod protocol;
pub mod report;
pub mod ring;
pub mod run;
pub mod scenario;
pub mod secure;
pub mod sim;
pub mod softmax;
pub mod sweep;
