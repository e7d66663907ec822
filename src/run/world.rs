//! From a plan's network and compute costs to the kernel's.

use crate::ring::meter::{self, Work};
use crate::scenario::{Background, ComputePlan, Misdeed, NetworkPlan, PartyCompute, Plan};
use crate::sim::{Change, Endpoint, Faults, Held, Interface, Link, Network, SimError, World};

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
    let Background { links: shares, up, down } = &plan.background;
    let left = Background::left_bps;
    let link =
        |(link, &share): (&Link, &u64)| Link { bandwidth_bps: left(link.bandwidth_bps, share), ..*link };
    let interface = |(own, (&up, &down)): (&Interface, (&u64, &u64))| Interface {
        egress_bps: left(own.egress_bps, up),
        ingress_bps: left(own.ingress_bps, down),
    };
    let change = |change: &Change| {
        let share = shares[change.from * plan.parties + change.to];
        Change { bandwidth_bps: left(change.bandwidth_bps, share), ..*change }
    };
    Network {
        parties: plan.parties,
        links: plan.links.iter().zip(shares).map(link).collect(),
        interfaces: plan.interfaces.iter().zip(up.iter().zip(down)).map(interface).collect(),
        sites: if plan.sites.is_empty() {
            Vec::new()
        } else {
            (0..plan.parties).map(|p| plan.place_of(p)).collect()
        },
        one_wire: plan.one_wire,
        changes: plan.changes.iter().map(change).collect(),
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
