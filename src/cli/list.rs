//! `mpcsim list`.

use clap::Args;
use serde_json::json;

use super::{Failure, print};
use crate::report::softmax_details;
use crate::ring::Instructions;
use crate::run::Operation;
use crate::scenario::{COMPUTES, MODELS, NETWORKS, Protocol, Rounding, Softmax, TriplesBy};

/// Arguments of `mpcsim list`.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  mpcsim list\n  mpcsim list --details\n  mpcsim list --json | jq -r '.[] | select(.kind == \"network\") | .name'"
)]
pub(crate) struct ListArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print, of each softmax variant, its formula, what it costs and how far it is from softmax; takes some seconds.
    #[arg(long, conflicts_with = "json")]
    details: bool,
}

/// Something that a scenario or an option can name.
struct Entry {
    name: String,
    description: String,
    source: Option<String>,
}

/// Entries of one kind.
struct Section {
    kind: &'static str,
    heading: &'static str,
    entries: Vec<Entry>,
}

fn entry(name: &str, description: &str, source: Option<&str>) -> Entry {
    Entry { name: name.to_string(), description: description.to_string(), source: source.map(str::to_string) }
}

fn sections() -> Vec<Section> {
    let section = |kind, heading, entries| Section { kind, heading, entries };
    let protocols = Protocol::ALL.iter().map(|p| entry(p.name(), p.description(), Some(p.paper())));
    let makers = TriplesBy::ALL.iter().map(|by| entry(by.name(), by.description(), None));
    let variants = Softmax::ALL.iter().map(|s| entry(s.name(), s.description(), Some(s.paper())));
    let roundings = Rounding::ALL.iter().map(|r| entry(r.name(), r.description(), None));
    let operations = Operation::ALL.iter().map(|o| entry(o.name(), o.description(), None));
    let models = MODELS.iter().map(|m| entry(m.name, m.description, Some(m.source)));
    let networks = NETWORKS.iter().map(|n| entry(n.name, n.description, Some(n.source)));
    let computes = COMPUTES.iter().map(|c| entry(c.name, c.description, Some(c.source)));
    let none = entry("none", "computing takes no time; written compute: none", None);
    let arithmetic = Instructions::ALL.iter().map(|i| entry(i.name(), availability(*i), None));
    vec![
        section("protocol", "protocols", protocols.collect()),
        section(
            "triples_by",
            "who makes the triples of secureml, as in triples_by: clients; mpcsim cost --protocol secureml:clients",
            makers.collect(),
        ),
        section("softmax", "softmax variants", variants.collect()),
        section("model", "models, as in model: preset(\"A\")", models.collect()),
        section("rounding", "roundings", roundings.collect()),
        section("operation", "operations, as in mpcsim cost --op relu", operations.collect()),
        section("network", "networks, as in network: preset(\"lan\")", networks.collect()),
        section(
            "compute",
            "compute, as in compute: preset(\"server-core\")",
            computes.chain([none]).collect(),
        ),
        section(
            "arithmetic",
            "instructions of this machine, as in MPCSIM_ARITHMETIC=portable; results do not depend on them",
            arithmetic.collect(),
        ),
    ]
}

fn availability(instructions: Instructions) -> &'static str {
    match instructions {
        used if used == Instructions::in_use() => "in use",
        usable if usable.are_available() => "there",
        _ => "not on this machine",
    }
}

/// Lists everything that a scenario can name.
pub(crate) fn list(args: &ListArgs) -> Result<(), Failure> {
    if args.details {
        let text = softmax_details().map_err(|error| Failure::Other(format!("error: {error}")))?;
        return print(&text);
    }
    let sections = sections();
    if args.json {
        let entries = sections.iter().flat_map(|section| {
            section.entries.iter().map(move |Entry { name, description, source }| {
                json!({ "kind": section.kind, "name": name, "description": description, "source": source })
            })
        });
        let text = serde_json::to_string_pretty(&entries.collect::<Vec<_>>()).expect("JSON");
        print(&(text + "\n"))?;
        return Ok(());
    }
    let mut parts = Vec::new();
    for Section { heading, entries, .. } in &sections {
        let mut text = format!("{heading}\n");
        for Entry { name, description, source } in entries {
            text += &format!("  {name:<20}{description}\n");
            if let Some(source) = source {
                text += &format!("  {:<20}{source}\n", "");
            }
        }
        parts.push(text);
    }
    print(&parts.join("\n"))
}
