//! Tables in a network: `ping_ms: csv("pings.csv")` stands for the matrix of its sites, found by their names.

use std::borrow::Cow;

use super::errors::Mistakes;
use super::files::Files;
use super::read;
use super::tree::{Kind, Node, Record};

/// Fields that a table can give.
const FIELDS: [&str; 3] = ["latency_ms", "ping_ms", "bandwidth_mbps"];

/// The names of the sites of a network, in order; none if there are none, or one has no name.
fn site_names(network: &Record) -> Option<Vec<String>> {
    let Kind::List(sites) = &network.get("sites")?.kind else { return None };
    let name = |site: &Node| match &site.kind {
        Kind::Record(site) => read::text(site.get("name")?, "name", &mut Mistakes::default()),
        _ => None,
    };
    sites.iter().map(name).collect()
}

fn is_table(node: &Node) -> bool {
    read::variant_name(node) == Some("csv")
}

/// Puts the matrix in the place of a table. False, and noted, if that cannot be.
fn write_out(
    node: &mut Node,
    what: &str,
    places: Option<&[String]>,
    files: &Files,
    mistakes: &mut Mistakes,
) -> bool {
    let items = if let Kind::Tuple(_, items) = &node.kind { &items[..] } else { &[] };
    let [item] = items else {
        let help = Some(format!("for example {what}: csv(\"pings.csv\")"));
        mistakes.add(&node.place, "`csv(…)` has the path of a table", "here", help);
        return false;
    };
    let Some(places) = places else {
        let help = "add sites: [(name: \"…\"), …], one for each party, with the names that the table has"
            .to_string();
        let message =
            format!("`{what}` is a table by the names of sites, and this network has no sites with names");
        mistakes.add(&node.place, message, "a table", Some(help));
        return false;
    };
    let Some(path) = files.path(item, what, mistakes) else { return false };
    let found = files.regions(&path.resolved).map_err(|problem| (problem, None));
    match found.and_then(|regions| regions.matrix(places, &node.place)) {
        Ok(matrix) => {
            node.kind = matrix;
            true
        }
        Err((problem, help)) => {
            mistakes.add(
                &node.place,
                format!("`{}` {problem}", path.written),
                format!("the table of `{what}`"),
                help,
            );
            false
        }
    }
}

/// A network in which tables are written out as matrices, those of `changes` too; none, and noted, if that cannot be.
pub fn written_out<'a>(network: &'a Node, files: &Files, mistakes: &mut Mistakes) -> Option<Cow<'a, Node>> {
    let Kind::Record(record) = &network.kind else { return Some(Cow::Borrowed(network)) };
    let has_table = |record: &Record| FIELDS.iter().any(|name| record.get(name).is_some_and(is_table));
    let changes = match record.get("changes").map(|node| &node.kind) {
        Some(Kind::List(changes)) => &changes[..],
        _ => &[],
    };
    let of_changes = |change: &Node| matches!(&change.kind, Kind::Record(change) if has_table(change));
    if !has_table(record) && !changes.iter().any(of_changes) {
        return Some(Cow::Borrowed(network));
    }
    let places = site_names(record);
    let mut written = record.clone();
    let mut good = true;
    let mut fields_of = |record: &mut Record| {
        for field in
            record.fields.iter_mut().filter(|field| FIELDS.contains(&&*field.name) && is_table(&field.value))
        {
            good &= write_out(&mut field.value, &field.name, places.as_deref(), files, mistakes);
        }
    };
    fields_of(&mut written);
    let changes = written.fields.iter_mut().filter(|field| field.name == "changes");
    for change in changes
        .filter_map(|field| if let Kind::List(list) = &mut field.value.kind { Some(list) } else { None })
        .flatten()
    {
        if let Kind::Record(change) = &mut change.kind {
            fields_of(change);
        }
    }
    good.then(|| Cow::Owned(Node { place: network.place.clone(), kind: Kind::Record(written) }))
}
