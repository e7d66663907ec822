//! Reads `model`: a list of layers, or a shorthand for one; and whether the layers fit each other and the data.

use super::declared::{CONVOLUTION, DENSE, LARGEST_WINDOW, MOST_HIDDEN, MOST_LAYERS, SCENARIO, WIDEST_LAYER};
use super::errors::{Mistakes, alternatives};
use super::models::{MODELS, ModelPreset};
use super::plan::{LayerKind, Model, Softmax};
use super::presets::unknown_preset;
use super::read::{self, Fields, unknown_choice, unknown_form, wrong};
use super::tree::{Kind, Node};
use crate::data::ImageSize;
use crate::nn::{Convolution, Dropout, Padding, Pool, layers_on};

/// Logistic regression: no layer before the output layer, which has one logit.
const LOGISTIC: &str = "logistic";

/// The ways of writing a layer: its name, and an example.
const LAYERS: [(&str, &str); 7] = [
    ("conv", "conv(kernel: 5, channels: 16)"),
    ("max_pool", "max_pool(2)"),
    ("avg_pool", "avg_pool(2)"),
    ("relu", "relu"),
    ("dropout", "dropout(0.5)"),
    ("flatten", "flatten"),
    ("dense", "dense(100)"),
];

/// The layers between the inputs and the output layer, for images of this size; `None`: nobody knows the size.
pub fn model(node: &Node, image: Option<ImageSize>, mistakes: &mut Mistakes) -> Option<Model> {
    match (read::variant_name(node), &node.kind) {
        (Some("dense"), Kind::Record(_)) => {
            let hidden = hidden(node, mistakes)?;
            Some(Model { layers: LayerKind::perceptron(&hidden) })
        }
        (Some(LOGISTIC), Kind::Word(_)) => Some(Model { layers: Vec::new() }),
        (_, Kind::List(items)) => {
            if items.len() > MOST_LAYERS {
                let message = format!("there can be at most {MOST_LAYERS} layers");
                mistakes.add(&node.place, message, format!("{} layers", items.len()), None);
                return None;
            }
            let layers: Vec<Option<LayerKind>> = items.iter().map(|item| layer(item, mistakes)).collect();
            let layers = layers.into_iter().collect::<Option<Vec<LayerKind>>>()?;
            check(&layers, image, |at| &items[at], mistakes)?;
            Some(Model { layers })
        }
        (Some("preset"), Kind::Tuple(_, items)) if items.len() == 1 => {
            let layers = preset(&items[0], mistakes)?;
            check(&layers, image, |_| &items[0], mistakes)?;
            Some(Model { layers })
        }
        (_, Kind::Text(quoted)) if ModelPreset::find(quoted.trim_matches('"')).is_some() => {
            let help = Some(format!("write preset({quoted})"));
            wrong(node, &format!("{quoted} is the name of a preset"), help, mistakes)
        }
        (Some(name), Kind::Word(_)) if ModelPreset::find(name).is_some() => {
            let help = Some(format!("write preset(\"{name}\")"));
            wrong(node, &format!("`{name}` is the name of a preset"), help, mistakes)
        }
        _ => unknown_form(node, SCENARIO.field("model"), mistakes),
    }
}

fn preset(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<LayerKind>> {
    let name = read::text(node, "preset", mistakes)?;
    match ModelPreset::find(&name) {
        Some(preset) => Some((preset.layers)()),
        None => unknown_preset(node, "model", &name, MODELS.iter().map(|preset| preset.name), mistakes),
    }
}

/// Whether the output layer has one logit where the model is written `logistic`.
pub fn check_logistic(model: &Node, (softmax, node): (Softmax, &Node), mistakes: &mut Mistakes) -> bool {
    if read::variant_name(model) != Some(LOGISTIC) || softmax.is_sigmoid() {
        return true;
    }
    let message = "`model: logistic` has one logit, and this softmax has one for each class";
    let sigmoids = alternatives(Softmax::sigmoids().map(Softmax::name));
    let help = format!("take {sigmoids}; with any other softmax, take model: dense(hidden: [])");
    mistakes.add(&node.place, message, "not with this model", Some(help));
    false
}

/// Says which layer does not fit what comes into it; `place` is where it stands.
fn check<'a>(
    layers: &[LayerKind],
    image: Option<ImageSize>,
    node: impl Fn(usize) -> &'a Node,
    mistakes: &mut Mistakes,
) -> Option<()> {
    let Some(image) = image else { return Some(()) };
    let misfit = match layers_on(layers, image) {
        Ok(_) => return Some(()),
        Err(misfit) => misfit,
    };
    let message = format!("layer {} of the model does not fit: {}", misfit.layer + 1, misfit.reason);
    mistakes.add(&node(misfit.layer).place, message, "this layer", None);
    None
}

/// `dense(hidden: […])`.
fn hidden(node: &Node, mistakes: &mut Mistakes) -> Option<Vec<usize>> {
    let fields = Fields::new(node, &DENSE, mistakes)?;
    let hidden_node = fields.node("hidden", mistakes)?;
    let items = read::list(&hidden_node, "hidden", "[128], or [] for a single layer", mistakes)?;
    if items.len() > MOST_HIDDEN {
        let message = format!("there can be at most {MOST_HIDDEN} hidden layers");
        mistakes.add(&hidden_node.place, message, format!("{} layers", items.len()), None);
        return None;
    }
    let widths: Vec<Option<usize>> =
        items.iter().map(|item| number(item, "hidden", (1, WIDEST_LAYER), mistakes)).collect();
    widths.into_iter().collect()
}

fn number(node: &Node, what: &str, range: (u64, u64), mistakes: &mut Mistakes) -> Option<usize> {
    read::whole(node, what, range, mistakes).map(|number| number as usize)
}

/// One layer of a list.
pub(super) fn layer(node: &Node, mistakes: &mut Mistakes) -> Option<LayerKind> {
    let mut pool =
        |item: &Node, what: &str| number(item, what, (2, LARGEST_WINDOW), mistakes).map(|size| Pool { size });
    match (read::variant_name(node), &node.kind) {
        (Some("relu"), Kind::Word(_)) => Some(LayerKind::Relu),
        (Some("flatten"), Kind::Word(_)) => Some(LayerKind::Flatten),
        (Some("dense"), Kind::Tuple(_, items)) if items.len() == 1 => {
            let outputs = number(&items[0], "dense", (1, WIDEST_LAYER), mistakes)?;
            Some(LayerKind::Dense { outputs })
        }
        (Some("max_pool"), Kind::Tuple(_, items)) if items.len() == 1 => {
            pool(&items[0], "max_pool").map(LayerKind::MaxPool)
        }
        (Some("avg_pool"), Kind::Tuple(_, items)) if items.len() == 1 => {
            pool(&items[0], "avg_pool").map(LayerKind::AveragePool)
        }
        (Some("dropout"), Kind::Tuple(_, items)) if items.len() == 1 => {
            let needed = "1/2, 1/4, 1/8 or 1/16, as 0.5, 0.25, 0.125 or 0.0625: so many random bits decide";
            let halvings = |part: f64| (1..=4).find(|&halvings| part == 0.5f64.powi(halvings));
            let part = read::float(&items[0], "dropout", needed, |part| halvings(part).is_some(), mistakes)?;
            Some(LayerKind::Dropout(Dropout { halvings: halvings(part)? as u32 }))
        }
        (Some("conv"), Kind::Record(_)) => convolution(node, mistakes).map(LayerKind::Convolution),
        _ => unknown_choice(
            node,
            "layer",
            &LAYERS.map(|(name, _)| name),
            &LAYERS.map(|(_, way)| way),
            mistakes,
        ),
    }
}

fn convolution(node: &Node, mistakes: &mut Mistakes) -> Option<Convolution> {
    let fields = Fields::new(node, &CONVOLUTION, mistakes)?;
    let mut whole = |name: &str| fields.whole(name, mistakes).map(|number| number as usize);
    let (kernel, channels, stride) = (whole("kernel"), whole("channels"), whole("stride"));
    let padding = fields.choice("padding", &Padding::ALL, Padding::name, mistakes);
    Some(Convolution { kernel: kernel?, channels: channels?, stride: stride?, padding: padding? })
}
