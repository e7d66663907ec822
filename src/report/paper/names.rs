//! What the names on the page mean: those that its tables hold, as their registries describe them.

use super::page::Block;
use super::table::Table;
use crate::scenario::{MODELS, NETWORKS, Protocol, Softmax};

/// What a cell with a setting is made of: `relu_gradient(zero_sum: zero, final_relu: true)` is a name and its fields.
pub(super) fn fields(cell: &str) -> (&str, Vec<(&str, &str)>) {
    let Some((name, rest)) = cell.split_once('(') else { return (cell, Vec::new()) };
    let inside = rest.strip_suffix(')').unwrap_or(rest);
    (name, inside.split(", ").filter_map(|field| field.split_once(": ")).collect())
}

/// The different values of a column over all tables that have it, in order.
fn values<'a>(tables: &[&'a Table], column: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    for value in tables.iter().filter(|table| table.has(column)).flat_map(|table| table.values(column)) {
        if !found.contains(&value) {
            found.push(value);
        }
    }
    found
}

/// Lists of what the tables name.
pub(super) fn names(tables: &[&Table]) -> Vec<Block> {
    let cells = values(tables, "softmax");
    let used: Vec<&str> = cells.iter().map(|cell| fields(cell).0).collect();
    let variants: Vec<&Softmax> =
        Softmax::ALL.iter().filter(|softmax| used.contains(&softmax.name())).collect();
    let used_fields: Vec<&str> =
        cells.iter().flat_map(|cell| fields(cell).1).map(|(field, _)| field).collect();
    let layers = variants.iter().map(|softmax| {
        let reveals = softmax.reveals().map_or(String::new(), |what| format!(" All parties learn {what}."));
        let set =
            used_fields.iter().any(|field| softmax.parameters().iter().any(|known| known.name == *field));
        let default = if set {
            format!(" Where nothing is set, it is `{}`.", softmax.in_full())
        } else {
            String::new()
        };
        format!(
            "`{}`: {}.{reveals}{default} Source: {}",
            softmax.name(),
            softmax.description(),
            softmax.paper()
        )
    });
    let mut options: Vec<String> = Vec::new();
    for parameter in variants.iter().flat_map(|softmax| softmax.parameters()) {
        let line = format!("`{}`: {}", parameter.name, parameter.about);
        if used_fields.contains(&parameter.name) && !options.contains(&line) {
            options.push(line);
        }
    }
    let used = values(tables, "protocol");
    let protocols = Protocol::ALL.iter().filter(|protocol| used.contains(&protocol.name()));
    let protocols = protocols.map(|protocol| {
        format!("`{}`: {}. Source: {}", protocol.name(), protocol.description(), protocol.paper())
    });
    let used = values(tables, "network");
    let links = NETWORKS.iter().filter(|network| used.contains(&network.name));
    let mut links: Vec<String> = links
        .map(|network| format!("`{}`: {}. Source: {}", network.name, network.description, network.source))
        .collect();
    links.extend(used.iter().find(|cell| cell.starts_with("custom(base:")).map(|_| {
        "`custom(base: …)`: that network with the fields that follow changed; `tcp: none` is without TCP's congestion window".to_string()
    }));
    let used = values(tables, "model");
    let models = MODELS.iter().filter(|model| used.contains(&model.name));
    let models =
        models.map(|model| format!("`{}`: {}. Source: {}", model.name, model.description, model.source));
    let dense = "One, two and three layers: 784-10, 784-128-10 and 784-128-128-10, all dense, with ReLU between them, as in Keller and Sun.";
    let mut blocks = vec![
        Block::Heading("Names".into()),
        Block::Text("Networks that are trained. `A` and `D` end with a dense layer of ten outputs, which their descriptions leave out; so `A` is the one of three layers:".into()),
        Block::List(std::iter::once(dense.to_string()).chain(models).collect()),
    ];
    let lists = [
        (
            "Output layers, with x the logits of a row, y its label as zeros and a one, and d = x - max x:",
            layers.collect::<Vec<_>>(),
        ),
        ("Their options:", options),
        (
            "Protocols. Semi-honest parties do as the protocol says, malicious ones may do anything:",
            protocols.collect(),
        ),
        ("Networks between the parties:", links),
    ];
    for (title, list) in lists.into_iter().filter(|(_, list)| !list.is_empty()) {
        blocks.extend([Block::Text(title.into()), Block::List(list)]);
    }
    blocks.push(Block::Text(
        "Rounds are the length of the longest chain of messages each of which waits for the one before. Payload is what the protocol sends, without the \
         bytes that the wire adds. A value in fixed point is out of range if it does not fit its bits."
            .into(),
    ));
    blocks
}
