//! `owners:` as it is read, refused and written.

use std::path::Path;

use mpcsim::scenario::{Owners, Plan, Scenario, ScenarioErrors};

fn parsed(owners: &str, train: usize) -> Result<Plan, ScenarioErrors> {
    let text = format!(
        "(name: \"test\", protocol: rep3, model: dense(hidden: []), softmax: exact, network: preset(\"lan\"), \
         training: (batch: 1), data: mnist(train: {train}, test: 1), owners: {owners})"
    );
    Scenario::parse(&text, "test.ron", Path::new(""), &[])
}

#[test]
fn parts_are_fractions_or_whole_numbers() {
    let rows = |rows: &[usize]| Owners::Rows(rows.to_vec());
    let columns = |columns: &[usize], labels| Owners::Columns { columns: columns.to_vec(), labels };
    for (written, train, owners) in [
        ("[0.5, 0.3, 0.2]", 60_000, rows(&[30_000, 18_000, 12_000])),
        ("[0.333, 0.333, 0.334]", 10, rows(&[3, 4, 3])),
        ("[0.5, 0.5]", 3, rows(&[2, 1])),
        ("[0.5, 0, 0.5]", 2, rows(&[1, 0, 1])),
        ("[7, 3, 0]", 10, rows(&[7, 3])),
        ("[1]", 10, Owners::One(0)),
        ("[10]", 10, Owners::One(0)),
        ("[0, 0.0, 1e0]", 10, Owners::One(2)),
        ("[1, 0]", 1, Owners::One(0)),
        ("columns(parts: [0.5, 0.5])", 10, columns(&[392, 392], 0)),
        ("columns(parts: [784], labels: 2)", 10, columns(&[784], 2)),
        ("columns(parts: [0, 784], labels: 1)", 10, Owners::One(1)),
        ("columns(labels: 1, parts: [700, 80, 4])", 10, columns(&[700, 80, 4], 1)),
    ] {
        let plan = parsed(written, train).unwrap_or_else(|errors| panic!("{written}: {errors}"));
        assert_eq!(plan.owners, owners, "{written} of {train}");
        let again = Scenario::parse(&plan.to_ron(), "again.ron", Path::new(""), &[]).unwrap();
        assert_eq!((again.owners, again.data), (owners, plan.data.clone()), "{written}: {}", plan.to_ron());
    }
    // Left out or written out: the same scenario.
    let alone = parsed("[1.0]", 10).unwrap();
    assert!(!alone.to_ron().contains("owners"));
    assert_ne!(alone.to_ron(), parsed("[5, 5]", 10).unwrap().to_ron());
}

/// Whatever fractions of a million there are: the parts are the whole, and each is within one row of its share.
#[test]
fn fractions_are_rounded_to_the_nearest_boundaries() {
    for step in 1..200u64 {
        let first = step * 4_987 % 999_000 + 500;
        let second = (1_000_000 - first) * (step * 7_919 % 997 + 1) / 999;
        let third = 1_000_000 - first - second;
        let fractions = [first, second, third].map(|part| format!("0.{part:06}"));
        let rows = (step as usize * 523) % 59_000 + 1_000;
        let plan = match parsed(&format!("[{}]", fractions.join(", ")), rows) {
            Ok(plan) => plan,
            Err(errors) => {
                // A party whose part is rounded to nothing is refused.
                assert!(errors.to_string().contains("comes to no row"), "{errors}");
                assert!(
                    [first, second, third].iter().any(|&part| part > 0 && part * rows as u64 <= 1_000_000)
                );
                continue;
            }
        };
        let Owners::Rows(mut by_party) = plan.owners else { panic!("{fractions:?}") };
        by_party.resize(3, 0);
        assert_eq!(by_party.iter().sum::<usize>(), rows);
        for (part, share) in by_party.iter().zip([first, second, third]) {
            let exact = share as f64 * 1e-6 * rows as f64;
            assert!((*part as f64 - exact).abs() <= 1.0, "{part} for {exact}");
        }
    }
}

/// A dealer holds no shares and brings no data.
#[test]
fn every_party_but_a_dealer_may_own_data() {
    for (protocol, most) in
        [("rep3", 3), ("rep4", 4), ("beaver2", 2), ("semi2k", 2), ("falcon", 3), ("secureml", 2)]
    {
        let of = |parts: usize| {
            let owners = vec!["10"; parts].join(", ");
            let text = format!(
                "(name: \"test\", protocol: {protocol}, model: dense(hidden: []), softmax: exact, owners: [{owners}], \
                 network: preset(\"lan\"), training: (batch: 1), data: mnist(train: {}, test: 1))",
                10 * parts
            );
            Scenario::parse(&text, "test.ron", Path::new(""), &[])
        };
        assert!(of(most).is_ok(), "{protocol}: {:?}", of(most).err());
        let errors = of(most + 1).expect_err(protocol).to_string();
        assert!(errors.contains(&format!("{most} parties hold shares")), "{protocol}: {errors}");
    }
}

#[test]
fn what_is_not_the_whole_is_refused() {
    for (written, said) in [
        ("[0.5, 0.3, 0.3]", "the parts must add up to 1, as fractions, or to 100, as numbers of rows"),
        ("[0.3333, 0.3333, 0.3333]", "must add up to 1"),
        ("[50, 30]", "must add up to 1"),
        ("[50.5, 49.5]", "must add up to 1"),
        ("[]", "must add up to 1"),
        ("[18446744073.0, 18446744073]", "must add up to 1"),
        ("[0.25, 0.25, 0.25, 0.25]", "3 parties hold shares, and `owners` has 4 parts"),
        ("[0.999, 0.001]", "this part of 100 rows comes to no row"),
        ("[-0.5, 1.5]", "a part must be a fraction from 0 to 1, or a number of rows"),
        ("[half, half]", "a part must be a fraction"),
        ("0.5", "`owners` must be `[0.5, 0.3, 0.2]` or `columns(parts: [0.5, 0.5], labels: 0)`"),
        ("rows", "`owners` must be"),
        ("columns([0.5, 0.5])", "`owners` must be"),
        ("columns(parts: [700, 80])", "or to 784, as numbers of columns"),
        ("columns(parts: [0.5, 0.5], labels: 3)", "`labels` must be a whole number from 0 to 2"),
        ("columns(labels: 1)", "`columns` needs a field `parts`"),
    ] {
        let errors = parsed(written, 100).expect_err(written);
        assert!(errors.to_string().contains(said), "{written}: {errors}");
        assert!(errors.mistakes()[0].position().is_some());
    }
}
