//! `model`: a list of layers and its shorthands.

use super::{advice, good, minimal, mistakes};

fn with(model: &str) -> Vec<String> {
    vec![format!("model={model}")]
}

fn text() -> String {
    minimal("network: preset(\"lan\")")
}

#[test]
fn a_list_of_dense_layers_is_what_the_shorthand_says() {
    for (list, shorthand) in [
        ("[]", "dense(hidden: [])"),
        ("[dense(128), relu]", "dense(hidden: [128])"),
        ("[dense(128), relu, dense(7), relu]", "dense(hidden: [128, 7])"),
    ] {
        let [plan, same] = [list, shorthand].map(|model| good(&text(), &[&with(model)[0]]));
        assert_eq!(plan, same, "{list}");
        assert!(plan.to_ron().contains(&format!("model: {shorthand},")), "{}", plan.to_ron());
    }
    // What the shorthand cannot say stays a list.
    for list in ["[dense(128)]", "[relu]", "[dense(3), relu, relu]", "[dense(3), dense(4), relu]"] {
        let plan = good(&text(), &[&with(list)[0]]);
        assert!(plan.to_ron().contains(&format!("model: {list},")), "{}", plan.to_ron());
        assert_eq!(good(&plan.to_ron(), &[]), plan, "{list}");
    }
}

#[test]
fn mistakes_in_a_list_are_shown_at_their_layer() {
    let told = mistakes(&text(), &["model=[dense(0), relu, dnse(3), relu(1), dense(hidden: [3])]"]);
    let places: Vec<&str> = told.iter().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["--set:1:14", "--set:1:24", "--set:1:33", "--set:1:42"], "{told:?}");
    assert!(told[0].ends_with("`dense` must be a whole number from 1 to 65,536"), "{told:?}");
    assert!(told[1].contains("`layer` must be `conv(kernel: 5, channels: 16)`"), "{told:?}");
    assert_eq!(advice(&text(), &["model=[dnse(3)]"]), "did you mean `dense`?");
    assert_eq!(advice(&text(), &["model=[relu(1)]"]), "it is written `relu`");
    let many = format!("model=[{}]", vec!["relu"; 65].join(", "));
    assert_eq!(mistakes(&text(), &[&many]), ["--set:1:7: there can be at most 64 layers"]);
}

#[test]
fn what_does_not_fit_is_told_at_its_layer_with_both_sizes() {
    for (model, told) in [
        (
            "[conv(kernel: 5, channels: 4), max_pool(2), conv(kernel: 13, channels: 1)]",
            "1:51: layer 3 of the model does not fit: a kernel of 13 x 13 pixels is larger than an image of 12 x 12 x 4",
        ),
        (
            "[conv(kernel: 4, channels: 4), relu, max_pool(2)]",
            "1:44: layer 3 of the model does not fit: windows of 2 x 2 pixels do not divide an image of 25 x 25 x 4",
        ),
        (
            "[avg_pool(5)]",
            "1:8: layer 1 of the model does not fit: windows of 5 x 5 pixels do not divide an image of 28 x 28 x 1",
        ),
        (
            "[dense(9), conv(kernel: 3, channels: 1, padding: same)]",
            "1:18: layer 2 of the model does not fit: a kernel of 3 x 3 pixels is larger than an image of 9 values",
        ),
    ] {
        assert_eq!(mistakes(&text(), &[&with(model)[0]]), [format!("--set:{told}")], "{model}");
    }
    for good_one in [
        "[conv(kernel: 28, channels: 4), flatten, relu]",
        "[conv(kernel: 5, channels: 2, stride: 3), max_pool(8)]",
        "[avg_pool(14), max_pool(2)]",
        "[dropout(0.25), dense(3), relu, dropout(0.5)]",
    ] {
        let plan = good(&text(), &[&with(good_one)[0]]);
        assert_eq!(good(&plan.to_ron(), &[]), plan, "{good_one}");
    }
}

#[test]
fn mistakes_in_layers_of_images_are_told() {
    for (model, told) in [
        ("[max_pool(1)]", "`max_pool` must be a whole number from 2 to 64"),
        ("[conv(kernel: 0, channels: 1)]", "`kernel` must be a whole number from 1 to 64"),
        ("[conv(kernel: 3)]", "`conv` needs a field `channels`"),
        ("[conv(kernel: 3, channels: 1, padding: full)]", "`padding` must be `valid` or `same`"),
        ("[dropout(0.3)]", "`dropout` must be 1/2, 1/4, 1/8 or 1/16"),
        ("[pool(2)]", "`layer` must be `conv(kernel: 5, channels: 16)`"),
        ("preset(\"E\")", "there is no model preset \"E\""),
        ("\"B\"", "\"B\" is the name of a preset"),
        ("conv(kernel: 3, channels: 1)", "`model` must be `dense(hidden: [128])`"),
    ] {
        let all = mistakes(&text(), &[&with(model)[0]]);
        assert!(all.len() == 1 && all[0].contains(told), "{model}: {all:?}");
    }
    assert_eq!(advice(&text(), &["model=B"]), "write preset(\"B\")");
    assert_eq!(advice(&text(), &["model=preset(\"B-relu-frist\")"]), "did you mean \"B-relu-first\"?");
}
