//! Reads the value of `adversary:`.

use super::declared::{ADVERSARY, DELAY};
use super::errors::Mistakes;
use super::plan::{Adversary, Misdeed, Which};
use super::quantities::{latency, party};
use super::read::{self, Fields, unknown_form, wrong};
use super::tree::{Kind, Node};

/// A party that cheats among so many.
pub fn adversary(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<Adversary> {
    let fields = Fields::new(node, &ADVERSARY, mistakes)?;
    let who = fields.node("party", mistakes).and_then(|node| party(&node, "party", parties, mistakes));
    let does = fields.node("does", mistakes).and_then(|node| misdeed(&node, mistakes));
    let which = fields.node("which", mistakes).and_then(|node| which(&node, parties, mistakes));
    let adversary = Adversary { party: who?, does: does?, which: which? };
    if adversary.which == Which::To(adversary.party) {
        let place = fields.get("which").map_or(fields.opening(), |node| &node.place);
        let message = "a link joins two different parties";
        mistakes.add(place, message, format!("{} to itself", adversary.party), None);
        return None;
    }
    Some(adversary)
}

fn misdeed(node: &Node, mistakes: &mut Mistakes) -> Option<Misdeed> {
    match (read::variant_name(node), &node.kind) {
        (Some("flip"), Kind::Word(_)) => Some(Misdeed::Flip),
        (Some("replace"), Kind::Word(_)) => Some(Misdeed::Replace),
        (Some("replay"), Kind::Word(_)) => Some(Misdeed::Replay),
        (Some("drop"), Kind::Word(_)) => Some(Misdeed::Drop),
        (Some("delay"), Kind::Record(_)) => {
            let fields = Fields::new(node, &DELAY, mistakes)?;
            let delay_ps = fields.node("ms", mistakes).and_then(|node| latency(&node, "ms", mistakes))?;
            Some(Misdeed::Delay { delay_ps })
        }
        _ => unknown_form(node, ADVERSARY.field("does"), mistakes),
    }
}

fn which(node: &Node, parties: usize, mistakes: &mut Mistakes) -> Option<Which> {
    let Kind::Tuple(Some(name), items) = &node.kind else {
        return unknown_form(node, ADVERSARY.field("which"), mistakes);
    };
    match (name.as_str(), &items[..]) {
        ("message", [number]) => read::whole(number, "message", (1, u64::MAX), mistakes).map(Which::Number),
        ("link", [to]) => party(to, "link", parties, mistakes).map(Which::To),
        ("span", [span]) => {
            let path = read::text(span, "span", mistakes)?;
            let named = !path.is_empty() && !path.starts_with('/') && !path.ends_with('/');
            if path == "setup" || path.starts_with("setup/") {
                let help = "the set-up is honest: spans of the training begin with `iteration`, `offline` or `restart`";
                return wrong(
                    span,
                    "an adversary has no part in the set-up",
                    Some(help.to_string()),
                    mistakes,
                );
            }
            let help = Some("a path is written like \"iteration/output\"; spans.csv has them".to_string());
            if named {
                Some(Which::Span(path))
            } else {
                wrong(span, "this is no path of a span", help, mistakes)
            }
        }
        _ => unknown_form(node, ADVERSARY.field("which"), mistakes),
    }
}
