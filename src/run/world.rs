//! From a plan's network and compute costs to the kernel's.

use crate::ring::meter::{self, Work};
use crate::scenario::{ComputePlan, Misdeed, NetworkPlan, PartyCompute, Plan};
use crate::sim::{Endpoint, Faults, Held, Link, Network, SimError, World};

/// The kernel's network of a plan's training, with all that goes wrong in it.
pub fn training_network(plan: &Plan) -> Network {
    Network { faults: training_faults(plan), ..network(&plan.network, plan.seed) }
}

/// All that goes wrong with times in a plan's training, messages that a party holds back included.
pub(crate) fn training_faults(plan: &Plan) -> Faults {
    let held = plan.adversary.as_ref().and_then(|adversary| {
        let delay_ps = match adversary.does {
            Misdeed::Delay { delay_ps } => Some(delay_ps),
            Misdeed::Drop => None,
            Misdeed::Flip | Misdeed::Replace | Misdeed::Replay => return None,
        };
        Some(Held { party: adversary.party, which: adversary.which.clone(), delay_ps })
    });
    Faults { held, ..plan.faults.clone() }
}

/// The kernel's network of a plan.
pub fn network(plan: &NetworkPlan, seed: u64) -> Network {
    Network {
        parties: plan.parties,
        links: plan.links.clone(),
        interfaces: plan.interfaces.clone(),
        sites: if plan.sites.is_empty() {
            Vec::new()
        } else {
            (0..plan.parties).map(|p| plan.place_of(p)).collect()
        },
        one_wire: plan.one_wire,
        changes: plan.changes.clone(),
        faults: Faults::default(),
        tcp: plan.tcp,
        overhead: plan.overhead,
        jitter_seed: seed,
    }
}

/// The kernel's costs per message of a plan.
pub fn endpoints(plan: &ComputePlan) -> Vec<Endpoint> {
    let endpoint =
        |p: &PartyCompute| Endpoint { send_ps: p.send_ps, receive_ps: p.receive_ps, wake_ps: p.wake_ps };
    plan.parties.iter().map(endpoint).collect()
}

/// Picoseconds that an amount of work takes a party, rounded up.
fn work_ps(costs: &PartyCompute, work: Work) -> Option<u64> {
    let femtoseconds: u128 = [
        (work.additions, costs.add_fs),
        (work.multiplications, costs.multiply_fs),
        (work.macs, costs.mac_fs),
        (work.bit_words, costs.bit_word_fs),
        (work.random_bytes, costs.random_byte_fs),
    ]
    .iter()
    .map(|&(amount, fs)| u128::from(amount) * u128::from(fs))
    .sum();
    u64::try_from(femtoseconds.div_ceil(1000)).ok()
}

/// A world that charges the ring arithmetic done by each party.
pub fn world(network: &NetworkPlan, compute: &ComputePlan, seed: u64) -> World {
    let costs = compute.parties.clone();
    let charge = move |party: usize| work_ps(&costs[party], meter::take()).ok_or(SimError::Overflow);
    World {
        network: self::network(network, seed),
        endpoints: endpoints(compute),
        meter: Some(Box::new(charge)),
    }
}

/// A world for one party, who never sends.
pub fn clear_world() -> World {
    World::new(Network::uniform(1, Link::INSTANT))
}
