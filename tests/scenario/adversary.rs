//! `adversary`: what is read, what is refused.

use mpcsim::scenario::{Adversary, Misdeed, Which};

use super::{advice, good, minimal, mistakes};

fn with(adversary: &str) -> String {
    minimal(&format!("network: preset(\"lan\"),\nadversary: {adversary}"))
}

#[test]
fn adversaries_are_read_and_written_so_that_they_are_read_again() {
    for (does, misdeed) in [
        ("flip", Misdeed::Flip),
        ("replace", Misdeed::Replace),
        ("replay", Misdeed::Replay),
        ("drop", Misdeed::Drop),
        ("delay(ms: 1.5)", Misdeed::Delay { delay_ps: 1_500_000_000 }),
    ] {
        for (written, which) in [
            ("message(7)", Which::Number(7)),
            ("link(2)", Which::To(2)),
            ("span(\"iteration/output\")", Which::Span("iteration/output".to_string())),
        ] {
            let plan = good(&with(&format!("(party: 1, does: {does}, which: {written})")), &[]);
            assert_eq!(plan.adversary, Some(Adversary { party: 1, does: misdeed, which }));
            assert_eq!(good(&plan.to_ron(), &[]), plan);
        }
    }
    assert_eq!(good(&minimal("network: preset(\"lan\")"), &[]).adversary, None);
}

#[test]
fn mistakes_in_an_adversary_are_told_with_their_place() {
    for (adversary, told) in [
        ("(does: flip, which: message(1))", "2:12: `adversary` needs a field `party`"),
        (
            "(party: 1, does: flop, which: message(1))",
            "2:29: `does` must be `flip`, `replace`, `replay`, `drop` or `delay(ms: 50.0)`",
        ),
        (
            "(party: 1, does: flip, which: message(0))",
            "2:50: `message` must be a whole number from 1 to 18,446,744,073,709,551,615",
        ),
        ("(party: 1, does: flip, which: link(3))", "2:47: `link` must be a whole number from 0 to 2"),
        ("(party: 1, does: flip, which: link(1))", "2:42: a link joins two different parties"),
        (
            "(party: 1, does: flip, which: span(\"setup/images\"))",
            "2:47: an adversary has no part in the set-up",
        ),
        ("(party: 1, does: flip, which: span(\"\"))", "2:47: this is no path of a span"),
        (
            "(party: 1, does: flip, which: all)",
            "2:42: `which` must be `message(1)`, `link(2)` or `span(\"iteration/output\")`",
        ),
    ] {
        assert_eq!(mistakes(&with(adversary), &[]), [told], "{adversary}");
    }
    assert_eq!(advice(&with("(party: 1, does: flop, which: message(1))"), &[]), "did you mean `flip`?");
}
