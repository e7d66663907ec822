//! How the trainings of a part of the page were set.

use crate::report::count_text;
use crate::scenario::{COMPUTES, DataSource, Length, Optimizer, Plan};

/// What all points of a sweep have in common, unless a table says otherwise: those of its first one.
pub(super) fn setting(plan: &Plan) -> String {
    let data = match plan.data {
        DataSource::Mnist { train, test } => format!(
            "MNIST, {} images to train on and {} to test with",
            count_text(train as u64),
            count_text(test as u64)
        ),
        _ => "data of its own".to_string(),
    };
    let training = &plan.training;
    let length = match training.length {
        Length::Epochs(1) => "one epoch".to_string(),
        Length::Epochs(epochs) => format!("{epochs} epochs"),
        Length::Iterations(iterations) => format!("{iterations} iterations"),
    };
    let optimizer = match training.optimizer {
        Optimizer::Sgd(sgd) => format!("stochastic gradient descent with momentum {}", sgd.momentum),
        Optimizer::Adam(_) => "Adam".to_string(),
    };
    let rate = training.rates[0].rate;
    let format = plan.fixed_point;
    let compute = COMPUTES.iter().find(|preset| preset.name == plan.compute.label);
    let compute = compute.map_or("takes no time".to_string(), |preset| {
        format!("costs what it does on `{}` ({})", preset.name, preset.description)
    });
    format!(
        "Settings, where a table does not say otherwise: {data}; {length} of batches of {}; {optimizer}, learning rate {rate}; \
         initial weights after Glorot and Bengio; numbers of {} bits, {} of them after the point, {} rounding. An epoch that ends \
         with a test accuracy below {:.0} % is followed by a restart: fresh weights, half the learning rate. Local work {compute}.",
        training.batch,
        format.total_bits,
        format.fraction_bits,
        plan.rounding.name(),
        100.0 * training.restart_below,
    )
}
