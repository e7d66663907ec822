//! Reads places and who is there.

use super::declared::SITE;
use super::errors::Mistakes;
use super::plan::{Interface, Site};
use super::quantities::{bandwidth, optional, party, share_of};
use super::read::{self, Fields};
use super::tree::{Kind, Node};

const EXAMPLE: &str = "[(name: \"Berlin\", up_mbps: 100, down_mbps: 200), …]";

/// What a site's parties share: its interface, and what others use of both ways, in millionths.
pub type SharedWay = (Interface, [u64; 2]);

/// All sites of a network, and what their parties share. `limits_needed`: nothing else limits what they send.
pub fn sites(
    node: &Node,
    parties: usize,
    limits_needed: bool,
    mistakes: &mut Mistakes,
) -> Option<(Vec<Site>, Vec<SharedWay>)> {
    let items = read::list(node, "sites", EXAMPLE, mistakes)?;
    let listed = items.iter().any(has_parties);
    if !listed && items.len() != parties {
        let message = format!("{} sites for {parties} parties: say who is where", items.len());
        let help = format!(
            "one site for each party, or `parties: [0, …]` in every site, numbers from 0 to {}",
            parties - 1
        );
        mistakes.add(&node.place, message, format!("{} sites", items.len()), Some(help));
        return None;
    }
    let mut good = true;
    let (mut sites, mut interfaces): (Vec<Site>, Vec<SharedWay>) = (Vec::new(), Vec::new());
    for (place, item) in items.iter().enumerate() {
        let alone = (!listed).then_some(place);
        let Some((site, interface)) = site(item, parties, alone, limits_needed, mistakes) else {
            good = false;
            continue;
        };
        if sites.iter().any(|earlier| earlier.name == site.name) {
            let message = format!("two sites have the name \"{}\"", site.name);
            mistakes.add(&item.place, message, "the second one", None);
            good = false;
        }
        if let Some(twice) =
            site.parties.iter().find(|own| sites.iter().any(|site| site.parties.contains(own)))
        {
            let message = format!("party {twice} is at two sites");
            mistakes.add(&item.place, message, "the second one", None);
            good = false;
        }
        sites.push(site);
        interfaces.push(interface);
    }
    let missing = (0..parties).find(|party| !sites.iter().any(|site| site.parties.contains(party)));
    if let Some(missing) = missing.filter(|_| good) {
        let message = format!("party {missing} is at no site");
        mistakes.add(&node.place, message, "all sites", None);
        good = false;
    }
    good.then_some((sites, interfaces))
}

fn has_parties(node: &Node) -> bool {
    matches!(&node.kind, Kind::Record(record) if record.get("parties").is_some())
}

fn site(
    node: &Node,
    parties: usize,
    alone: Option<usize>,
    limits_needed: bool,
    mistakes: &mut Mistakes,
) -> Option<(Site, SharedWay)> {
    let fields = Fields::new(node, &SITE, mistakes)?;
    let name = fields.node("name", mistakes).and_then(|node| name_of(&node, mistakes));
    let mut good = true;
    let mut limit = |name: &str, mistakes: &mut Mistakes| {
        if limits_needed && fields.node(name, mistakes).is_none() {
            good = false;
        }
        optional(fields.get(name), &mut good, |node| bandwidth(node, name, mistakes)).flatten()
    };
    let interface =
        Interface { egress_bps: limit("up_mbps", mistakes), ingress_bps: limit("down_mbps", mistakes) };
    let up = share_of(&fields, "up_background", interface.egress_bps, mistakes);
    let down = share_of(&fields, "down_background", interface.ingress_bps, mistakes);
    let parties = match alone {
        Some(party) => Some(vec![party]),
        None => match fields.get("parties") {
            Some(node) => numbers(node, parties, mistakes),
            None => {
                let help = Some("add, for example, `parties: [0],`".to_string());
                let message = "a site needs a field `parties`: other sites say who is there";
                mistakes.add(fields.opening(), message, "`parties` is missing here", help);
                None
            }
        },
    };
    let site = Site { name: name?, parties: parties? };
    good.then_some((site, (interface, [up?, down?])))
}

fn name_of(node: &Node, mistakes: &mut Mistakes) -> Option<String> {
    let name = read::text(node, "name", mistakes)?;
    if read::is_name(&name) {
        return Some(name);
    }
    let help = "up to 100 letters, digits, spaces, `-`, `_` and `.`, first a letter or digit, no `.` or space at the end";
    read::wrong(node, "this cannot name a site", Some(help.to_string()), mistakes)
}

fn numbers(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<Vec<usize>> {
    let mut numbers = Vec::new();
    for item in read::list(node, "parties", "[0, 1]", mistakes)? {
        let number = party(item, "parties", parties, mistakes)?;
        if numbers.contains(&number) {
            return read::wrong(item, &format!("party {number} is there twice"), None, mistakes);
        }
        numbers.push(number);
    }
    if numbers.is_empty() {
        return read::wrong(node, "a site has at least one party", None, mistakes);
    }
    Some(numbers)
}
