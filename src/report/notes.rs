//! What to know before a run's figures are believed.

use super::units::{count_text, time_text};
use crate::run::{EpochResult, OutOfRange, Outcome};
use crate::scenario::{
    BatchDivision, FixedPoint, Numbers, Offline, Optimizer, Owners, Plan, Sgd, Softmax, TriplesBy, has_place,
    why_without_tcp,
};

/// A note each, most important first.
pub fn notes(plan: &Plan, outcome: &Outcome) -> Vec<String> {
    let epochs = &outcome.epochs;
    let of_steps = [restarts(epochs), batch(plan)].into_iter().flatten();
    let wrong = [
        numbers(plan, outcome),
        not_finite(plan, &outcome.epochs),
        cheating(plan, outcome),
        faults(plan),
        without_tcp(plan),
        background(plan),
        losses(plan),
        windows(outcome),
        offline(plan, outcome),
        triples_by(plan),
        out_of_range(plan, outcome),
        beyond_domain(plan, outcome),
        revealed(outcome),
        scaled_together(plan),
    ];
    let wrong = wrong.into_iter().flatten();
    wrong.chain(outcome.notes.iter().cloned()).chain(of_steps).collect()
}

/// That accuracy and costs are not of the same numbers.
fn numbers(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let loss = outcome.epochs.iter().any(|epoch| epoch.loss.is_some());
    (plan.numbers != Numbers::FixedPoint).then(|| {
        format!(
            "{} of a training of plain numbers in {}; rounds, bytes and times are those of the program in fixed point",
            if loss { "accuracy and loss are those" } else { "the accuracy is that" },
            plan.numbers.name()
        )
    })
}

/// That a training in floating point has nothing left to learn from.
fn not_finite(plan: &Plan, epochs: &[EpochResult]) -> Option<String> {
    let counted = |epoch: &EpochResult| epoch.not_finite.unwrap_or(0);
    let first = epochs.iter().find(|epoch| counted(epoch) > 0)?;
    let largest = plan.training.rates.iter().map(|rate| rate.rate).fold(0.0, f64::max);
    Some(format!(
        "the training in {} diverged: after epoch {} {} parameters were no finite numbers. What can help: a smaller \
         training.learning_rate than {largest}",
        plan.numbers.name(),
        first.epoch,
        count_text(counted(first)),
    ))
}

/// What a party that cheats did to the results.
fn cheating(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let adversary = plan.adversary.as_ref()?;
    let (party, protocol) = (adversary.party, plan.protocol.name());
    Some(match outcome.altered {
        None => format!(
            "party {party} holds messages back: the time of the training is with that, no other figure"
        ),
        Some(0) => format!(
            "party {party} altered no message: it sent none of those that it would alter, or nothing depends on what they say"
        ),
        Some(altered) if plan.protocol.is_malicious() => format!(
            "party {party} altered {} of its messages, and no check of {protocol} failed",
            count_text(altered)
        ),
        Some(altered) => format!(
            "party {party} altered {} of its messages. {protocol} is for parties that do what they should: nothing was \
             checked, and accuracy and loss are not those of an honest training",
            count_text(altered)
        ),
    })
}

/// How the offline phase counts, unless it is before the online phase.
fn offline(plan: &Plan, outcome: &Outcome) -> Option<String> {
    outcome.iteration_apart.as_ref()?;
    match plan.offline {
        Offline::Before => None,
        Offline::Overlapped => Some(
            "the offline phase of each iteration runs beside the online phase of the one before, round by round: one \
             iteration is an online phase with an offline phase beside it"
                .to_string(),
        ),
        Offline::Excluded => {
            Some("the offline phases are in no figure of set-up, iteration and training: these are online".to_string())
        }
    }
}

/// What stands for something else in the offline phase.
fn triples_by(plan: &Plan) -> Option<String> {
    let note = match plan.protocol.triples_by() {
        TriplesBy::Encryption => {
            "the ciphertexts of the offline phase have the published sizes and no content: nothing is encrypted, and encrypting, \
             decrypting and computing on ciphertexts are in no time"
        }
        TriplesBy::Clients => {
            "party 2 stands for all clients: what they send and compute for triples is in the figures of the offline phase"
        }
        TriplesBy::Transfers | TriplesBy::SoftSpoken | TriplesBy::Dealer => return None,
    };
    Some(note.to_string())
}

/// From this latency on, one way, the window matters: 10 ms.
const FAR_PS: u64 = 10_000_000_000;

/// That links over which TCP would matter are without it.
fn without_tcp(plan: &Plan) -> Option<String> {
    let network = &plan.network;
    let far = network.pairs().any(|(from, to)| network.link(from, to).latency_ps >= FAR_PS);
    let further = match why_without_tcp(plan) {
        None => "`tcp: ()` in the network has that".to_string(),
        Some(why) => format!("That is not modelled here: {why}"),
    };
    (far && network.tcp.is_none()).then(|| {
        format!(
            "TCP off: links are full from the first byte of a message. Over TCP, large messages take longer on new \
             connections and after pauses, the more the farther. {further}"
        )
    })
}

/// That others use the network too.
fn background(plan: &Plan) -> Option<String> {
    let most = plan.network.background.most();
    (most > 0).then(|| {
        format!(
            "others use up to {:.1} % of the rate of a link or an access line, evenly: what is left is what messages have",
            most as f64 / 1e4
        )
    })
}

/// That packets are lost.
fn losses(plan: &Plan) -> Option<String> {
    let network = &plan.network;
    let most = network.pairs().map(|(from, to)| network.link(from, to).loss_ppb).max().unwrap_or(0);
    (most > 0).then(|| {
        format!(
            "links lose up to {} % of their packets, drawn from the seed: another seed has other times. Parts call the time in which TCP \
             waits to send them again its window",
            f64::from(most) / 1e7
        )
    })
}

/// What TCP's windows cost a training, and what would help.
fn windows(outcome: &Outcome) -> Option<String> {
    let (training, others) = (&outcome.training, outcome.other_windows?);
    let window_ps = training.critical_path.window_ps;
    if window_ps == 0 {
        return None;
    }
    let less = |ps: u64| {
        let saved = training.modelled_ps.saturating_sub(ps) as f64 / training.modelled_ps as f64;
        format!("{} ({:.1} % less)", time_text(ps), 100.0 * saved)
    };
    let (packets, wider_ps) = others.wider;
    let wider = format!(
        "{} with an initial window of {packets} packets (`ip route … initcwnd {packets}`)",
        less(wider_ps)
    );
    let restart = others.without_restart_ps.map_or(String::new(), |ps| {
        format!("{} with net.ipv4.tcp_slow_start_after_idle=0 at all parties, ", less(ps))
    });
    Some(format!(
        "TCP's congestion window keeps links empty for {} of the training's {}. It would take {restart}{wider}",
        time_text(window_ps),
        time_text(training.modelled_ps),
    ))
}

/// What parties would have to tell each other before they share rows.
fn scaled_together(plan: &Plan) -> Option<String> {
    let together = plan.data.scale().is_fitted() && matches!(plan.owners, Owners::Rows(_));
    let note =
        "the data are scaled by the rows of all parties: what they tell each other for that is in no figure";
    together.then(|| note.to_string())
}

/// What the figures of a training with faults are.
fn faults(plan: &Plan) -> Option<String> {
    let note = "the training has faults: its time is with them; set-up and one iteration are without";
    (!plan.faults.is_none()).then(|| note.to_string())
}

/// In how many rows the output layer did not do what it should.
fn beyond_domain(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let counted = |epoch: &EpochResult| epoch.rows_beyond_domain.unwrap_or(0);
    let rows: u64 = outcome.epochs.iter().map(counted).sum();
    let first = outcome.epochs.iter().find(|epoch| counted(epoch) > 0)?;
    Some(format!(
        "{} rows of all iterations were not what the output layer is for, first in epoch {}: softmax {} is for {}",
        count_text(rows),
        first.epoch,
        plan.softmax,
        plan.softmax.domain(),
    ))
}

/// What the parties learn in the training.
fn revealed(outcome: &Outcome) -> Option<String> {
    let told = outcome.verified.revealed.iter().map(|revealed| {
        format!(
            "all parties learn, of each row, {}: {} values in one iteration, {} in the training",
            revealed.what,
            count_text(revealed.values_per_iteration),
            count_text(revealed.values_per_iteration * outcome.iterations),
        )
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// When and in which layers values left their range, and what would help.
fn out_of_range(plan: &Plan, outcome: &Outcome) -> Option<String> {
    in_training(plan, &outcome.epochs).or_else(|| in_checked_iterations(plan, outcome))
}

/// What the training saw of it.
fn in_training(plan: &Plan, epochs: &[EpochResult]) -> Option<String> {
    let found = |epoch: &&EpochResult| epoch.values_out_of_range().is_some_and(|values| values > 0);
    let touched: Vec<&EpochResult> = epochs.iter().filter(found).collect();
    let (first, values) =
        (touched.first()?, touched.iter().filter_map(|epoch| epoch.values_out_of_range()).sum());
    let epochs = match touched.len() {
        1 => format!("epoch {}", first.epoch),
        more => format!("{more} epochs, first in epoch {}", first.epoch),
    };
    Some(left_range(plan, values, &epochs, first.out_of_range.iter().flatten()))
}

/// What the check of the first iterations saw of it, where the training saw nothing or could not look. The accuracy of a training
/// in floating point is without it.
fn in_checked_iterations(plan: &Plan, outcome: &Outcome) -> Option<String> {
    if plan.numbers != Numbers::FixedPoint {
        return None;
    }
    let (verified, epochs) = (&outcome.verified, &outcome.epochs);
    let told = verified.different > 0 || epochs.iter().any(|epoch| epoch.out_of_range.is_none());
    let values = verified.out_of_range.iter().map(|place| place.values).sum();
    let first = match verified.iterations {
        1 => "the first iteration".to_string(),
        more => format!("the first {more} iterations"),
    };
    (told && values > 0).then(|| left_range(plan, values, &first, &verified.out_of_range))
}

fn left_range<'a>(
    plan: &Plan,
    values: u64,
    when: &str,
    places: impl IntoIterator<Item = &'a OutOfRange>,
) -> String {
    let FixedPoint { fraction_bits: f, total_bits: k } = plan.fixed_point;
    let places: Vec<String> =
        places.into_iter().map(|place| format!("{} in {}", count_text(place.values), place.place)).collect();
    format!(
        "{} values left the range of the number format ({k} bits, {f} after the binary point: below {}) in {when}: {}. \
         On shares such values are wrong, so the accuracy from there on is not that of a training in real numbers. {}",
        count_text(values),
        count_text(1 << (k - f - 1)),
        places.join(", "),
        help(plan),
    )
}

/// What would keep values in their range.
fn help(plan: &Plan) -> String {
    let largest = plan.training.rates.iter().map(|rate| rate.rate).fold(0.0, f64::max);
    let mut ways = vec![format!("a smaller training.learning_rate than {largest}")];
    let FixedPoint { fraction_bits: f, total_bits: k } = plan.fixed_point;
    let small_ring = plan.protocol.ring_bits() < u64::BITS;
    let wider = FixedPoint::served().filter(|&fixed_point| {
        fixed_point.total_bits - fixed_point.fraction_bits > k - f
            && has_place(&Plan { fixed_point, ..plan.clone() })
    });
    let wider = wider.max_by_key(|format| {
        let more = format.total_bits - format.fraction_bits - (k - f);
        (more.min(2), std::cmp::Reverse(more), format.fraction_bits)
    });
    if let Some(FixedPoint { fraction_bits, total_bits }) = wider {
        ways.push(format!(
            "more bits before the point, as in fixed_point: (fraction_bits: {fraction_bits}, total_bits: {total_bits})"
        ));
    }
    if !small_ring && !matches!(plan.softmax, Softmax::Exact(_)) {
        ways.push("softmax: exact, which keeps the outputs small".to_string());
    }
    format!("What can help: {}.", ways.join("; "))
}

/// After which epoch the final accuracy starts afresh.
fn restarts(epochs: &[EpochResult]) -> Option<String> {
    let restarts = epochs.iter().filter(|epoch| epoch.restarted).count() as u32;
    let last = epochs.iter().rev().find(|epoch| epoch.restarted)?;
    let left = epochs.len() as u64 - last.epoch;
    Some(format!(
        "the training started again from new weights after epoch {}{}: the final accuracy is that of {left} {} at 1/{} of the \
         learning rate",
        last.epoch,
        if restarts > 1 { format!(" ({restarts} times in all)") } else { String::new() },
        if left == 1 { "epoch" } else { "epochs" },
        count_text(2u64.saturating_pow(restarts)),
    ))
}

/// A step that divides by less than the batch.
fn batch(plan: &Plan) -> Option<String> {
    let batch = plan.training.batch;
    let Optimizer::Sgd(Sgd { division: BatchDivision::PowerOfTwo, .. }) = plan.training.optimizer else {
        return None;
    };
    if batch.is_power_of_two() {
        return None;
    }
    let power = 1usize << batch.ilog2();
    Some(format!(
        "a step divides the sum of a batch's gradients by the power of two {power}, not by the {batch} rows: it is {:.3} times \
         the step of a mean. training: (division: exact) divides by {batch}",
        batch as f64 / power as f64
    ))
}
