//! `triples` and `triples_by`: what is read, what is refused.

use mpcsim::scenario::{Protocol, Triples, TriplesBy};

use super::{advice, good, minimal, mistakes};

fn with(fields: &str) -> String {
    minimal(&format!("network: preset(\"lan\"),\n{fields}")).replace("protocol: rep3", "protocol: semi2k")
}

#[test]
fn triples_are_read_and_written_so_that_they_are_read_again() {
    for (written, triples) in
        [("", Triples::Matrix), ("triples: matrix", Triples::Matrix), ("triples: single", Triples::Single)]
    {
        let plan = good(&with(written), &[]);
        assert_eq!(plan.triples, triples);
        assert_eq!(good(&plan.to_ron(), &[]), plan);
        assert_eq!(plan.to_ron().contains("triples"), triples == Triples::Single);
    }
    // They are what the program is.
    let [matrix, single] = ["", "triples: single"].map(|written| good(&with(written), &[]));
    assert_ne!(matrix, single);
}

#[test]
fn other_protocols_have_no_single_triples() {
    for protocol in ["rep3", "rep4", "sy_rep3", "beaver2"] {
        let text = with("triples: single").replace("semi2k", protocol);
        assert_eq!(mistakes(&text, &[]), [format!("2:1: `{protocol}` has no `triples: single`")]);
        good(&text.replace("single", "matrix"), &[]);
    }
    let text = with("triples: singel");
    assert_eq!(mistakes(&text, &[]), ["2:10: `triples` must be `matrix` or `single`"]);
    assert_eq!(advice(&text, &[]), "did you mean `single`?");
}

/// Who makes triples decides how many parties there are, and is part of the protocol.
#[test]
fn who_makes_triples_is_read_and_written_so_that_it_is_read_again() {
    let with = |fields: &str| with(fields).replace("semi2k", "secureml");
    assert_eq!(good(&with(""), &[]).protocol, Protocol::SecureMl);
    for (by, protocol, parties) in [
        (TriplesBy::Transfers, Protocol::SecureMl, 2),
        (TriplesBy::SoftSpoken, Protocol::SecureMlSoftSpoken, 2),
        (TriplesBy::Encryption, Protocol::SecureMlEncryption, 2),
        (TriplesBy::Clients, Protocol::SecureMlClients, 3),
        (TriplesBy::Dealer, Protocol::SecureMlDealer, 3),
    ] {
        let plan = good(&with(&format!("triples_by: {}", by.name())), &[]);
        assert_eq!((plan.protocol, plan.protocol.triples_by()), (protocol, by));
        assert_eq!((plan.protocol.parties(), plan.protocol.sharing_parties()), (parties, 2));
        assert_eq!(good(&plan.to_ron(), &[]), plan);
        let written = format!("triples_by: {}", by.name());
        assert_eq!(plan.to_ron().contains(&written), by != TriplesBy::Transfers, "{}", plan.to_ron());
        assert!(plan.to_ron().contains("protocol: secureml,"));
    }
}

#[test]
fn other_protocols_have_their_triples_made_in_one_way() {
    for protocol in Protocol::ALL.into_iter().filter(|&protocol| protocol != Protocol::SecureMl) {
        let name = protocol.name();
        let text = with("triples_by: clients").replace("semi2k", name);
        assert_eq!(mistakes(&text, &[]), [format!("2:1: `{name}` has no `triples_by: clients`")]);
        assert_eq!(
            advice(&text, &[]),
            "what it takes is made in one way: leave it out, or take protocol: secureml"
        );
        good(&text.replace("clients", "transfers"), &[]);
    }
    let text = with("triples_by: client").replace("semi2k", "secureml");
    assert_eq!(
        mistakes(&text, &[]),
        ["2:13: `triples_by` must be `transfers`, `softspoken`, `encryption`, `clients` or `dealer`"]
    );
    assert_eq!(advice(&text, &[]), "did you mean `clients`?");
    // The third party brings no data.
    let text = with("triples_by: dealer,\nowners: [0.5, 0.25, 0.25]").replace("semi2k", "secureml");
    assert_eq!(mistakes(&text, &[]).len(), 1);
}
