//! `triples`: what is read, what is refused.

use mpcsim::scenario::Triples;

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
