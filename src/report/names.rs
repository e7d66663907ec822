//! What parties are called in results: by their sites if these have names, by their numbers if not.

use crate::scenario::NetworkPlan;

/// Names of all parties.
#[derive(Clone, Debug, Default)]
pub struct Names(Option<Vec<String>>);

impl Names {
    /// The names that a network gives to its parties.
    pub fn of(network: &NetworkPlan) -> Names {
        Names(network.party_names())
    }

    /// The names, if there are any.
    pub fn given(&self) -> Option<&[String]> {
        self.0.as_deref()
    }

    /// "Berlin", or "party 0".
    pub fn party(&self, party: usize) -> String {
        self.0.as_ref().map_or_else(|| format!("party {party}"), |names| names[party].clone())
    }

    /// "Berlin", or "0".
    pub fn short(&self, party: usize) -> String {
        self.0.as_ref().map_or_else(|| party.to_string(), |names| names[party].clone())
    }
}
