//! `mpcsim list`.

use super::{Failure, print};
use crate::run::Operation;
use crate::scenario::{COMPUTES, NETWORKS, Protocol, Rounding, Softmax};

fn entry(text: &mut String, name: &str, description: &str, source: Option<&str>) {
    *text += &format!("  {name:<18}{description}\n");
    if let Some(source) = source {
        *text += &format!("  {:<18}{source}\n", "");
    }
}

/// Lists everything that a scenario can name.
pub(crate) fn list() -> Result<(), Failure> {
    let mut text = String::from("protocols\n");
    for protocol in Protocol::ALL {
        entry(&mut text, protocol.name(), protocol.description(), Some(protocol.paper()));
    }
    text += "\nsoftmax variants\n";
    for softmax in Softmax::ALL {
        entry(&mut text, softmax.name(), softmax.description(), Some(softmax.paper()));
    }
    text += "\nroundings\n";
    for rounding in Rounding::ALL {
        entry(&mut text, rounding.name(), rounding.description(), None);
    }
    text += "\noperations, as in mpcsim cost --op relu\n";
    for operation in Operation::ALL {
        entry(&mut text, operation.name(), operation.description(), None);
    }
    text += "\nnetworks, as in network: preset(\"lan\")\n";
    for preset in NETWORKS {
        entry(&mut text, preset.name, preset.description, Some(preset.source));
    }
    text += "\ncompute, as in compute: preset(\"server-core\")\n";
    for preset in COMPUTES {
        entry(&mut text, preset.name, preset.description, Some(preset.source));
    }
    entry(&mut text, "none", "computing takes no time; written compute: none", None);
    print(&text);
    Ok(())
}
