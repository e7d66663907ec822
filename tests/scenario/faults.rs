//! `faults`: what is read, what is refused.

use mpcsim::scenario::{Down, Slow, Stop};

use super::{good, minimal, mistakes};

fn with(faults: &str) -> String {
    minimal(&format!("network: preset(\"lan\"),\nfaults: {faults}"))
}

#[test]
fn faults_are_read_exactly_and_written_so_that_they_are_read_again() {
    let text = with(
        "(stops: [(party: 1, at_s: 3.5)], slow: [(party: 2, from_s: 0, to_s: 1, factor: 2.5), \
         (party: 2, from_s: 1, to_s: 2, factor: 4)], down: [(from: 0, to: 1, at_s: 1e-6, until_s: 2), \
         (from: 0, to: 1, at_s: 3)], timeout_s: 0.25)",
    );
    let plan = good(&text, &[]);
    let s = 1_000_000_000_000;
    let faults = &plan.faults;
    assert_eq!(faults.stops, [Stop { party: 1, at_ps: 7 * s / 2 }]);
    let slow = |from_ps, to_ps, factor_millionths| Slow { party: 2, from_ps, to_ps, factor_millionths };
    assert_eq!(faults.slow, [slow(0, s, 2_500_000), slow(s, 2 * s, 4_000_000)]);
    let down = |at_ps, until_ps| Down { from: 0, to: 1, at_ps, until_ps };
    assert_eq!(faults.down, [down(1_000_000, Some(2 * s)), down(3 * s, None)]);
    assert_eq!(faults.timeout_ps, Some(s / 4));
    assert_eq!(good(&plan.to_ron(), &[]), plan);
    let none = good(&with("()"), &[]);
    assert!(none.faults.is_none() && !none.to_ron().contains("faults"));
    assert_eq!(good(&with("()"), &["faults.timeout_s=0.25"]).faults.timeout_ps, Some(s / 4));
}

#[test]
fn mistakes_in_faults_are_told_with_their_place() {
    for (faults, told) in [
        ("(stop: [])", "2:10: `faults` has no field `stop`"),
        ("(stops: [(party: 3, at_s: 1)])", "2:26: `party` must be a whole number from 0 to 2"),
        ("(stops: [(party: 1)])", "2:18: a stop needs a field `at_s`"),
        ("(stops: [(party: 1, at_s: 1), (party: 1, at_s: 2)])", "2:39: party 1 stops twice at one time"),
        ("(slow: [(party: 1, from_s: 2, to_s: 2, factor: 2)])", "2:45: `to_s` must be later than `from_s`"),
        (
            "(slow: [(party: 1, from_s: 2, to_s: 3, factor: 0.5)])",
            "2:56: `factor` must be a number from 1 to 1,000,000: how many times as long",
        ),
        (
            "(slow: [(party: 1, from_s: 2, to_s: 4, factor: 2), (party: 1, from_s: 3, to_s: 5, factor: 2)])",
            "2:60: party 1 is slow twice at one time",
        ),
        ("(down: [(from: 1, to: 1, at_s: 2)])", "2:17: a link joins two different parties"),
        ("(down: [(from: 0, to: 1, at_s: 2, until_s: 1)])", "2:52: `until_s` must be later than `at_s`"),
        (
            "(down: [(from: 0, to: 1, at_s: 2), (from: 0, to: 1, at_s: 5, until_s: 6)])",
            "2:44: the link from 0 to 1 is down twice at one time",
        ),
        (
            "(timeout_s: 0)",
            "2:21: `timeout_s` must be a number of seconds of simulated time from 0.000001 to 18,446,744",
        ),
        ("[]", "2:9: `faults` is made of named fields, and this is a list"),
    ] {
        assert_eq!(mistakes(&with(faults), &[]), [told], "{faults}");
    }
}

/// Parties that stop, are slow or give up are beside links with TCP what they are elsewhere; what TCP would answer to is refused.
#[test]
fn what_tcp_would_answer_to_is_refused() {
    let with =
        |tcp: &str, rest: &str| minimal(&format!("network: custom(base: \"lan\", tcp: {tcp}),\n{rest}"));
    for rest in [
        "faults: (down: [(from: 0, to: 1, at_s: 1)])",
        "adversary: (party: 1, does: delay(ms: 5), which: link(2))",
    ] {
        good(&with("none", rest), &[]);
        let told = mistakes(&with("()", rest), &[]);
        let name = rest.split(':').next().expect("a field");
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(
            told[0].contains(&format!("`{name}` cannot stand beside TCP's congestion window")),
            "{told:?}"
        );
    }
    good(&with("()", "faults: (stops: [(party: 1, at_s: 1)], timeout_s: 1)"), &[]);
    good(&with("()", "adversary: (party: 1, does: drop, which: link(2))"), &[]);
}
