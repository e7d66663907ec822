//! `mpcsim cost`.

use clap::Args;

use super::conditions::{compute_of, network_of};
use super::failure::mistake;
use super::{Failure, print};
use crate::data::ImageSize;
use crate::report::{CostRow, cost_details, cost_line, cost_table, costs_csv};
use crate::ring::MatMul;
use crate::run::{LayerShape, Operation, Pass, Timed};
use crate::scenario::errors::{alternatives, likely};
use crate::scenario::{Protocol, Rounding, parse_layer};

/// The longest vectors and largest matrices: all counts stay far below 2^64.
const LONGEST: u64 = 1_000_000_000;
/// In place of a protocol: all of them.
const ALL: &str = "all";

/// Arguments of `mpcsim cost`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim cost --protocol rep3 --op relu --n 1000000\n  \
    mpcsim cost --protocol all --op ltz --op exact --csv\n  \
    mpcsim cost --protocol rep3 --protocol semi2k --matmul 128x784x128 --network wan\n  \
    mpcsim cost --protocol rep4 --layer 'conv(kernel: 5, channels: 16)' --input 28x28x1 --n 128")]
pub(crate) struct CostArgs {
    /// A protocol, may be given several times, or `all`; `mpcsim list` shows all of them. With who makes its triples or the bits
    /// of its ring, where those are not as by default: `secureml:clients`, `falcon:32`.
    #[arg(long = "protocol", value_name = "P", required = true)]
    protocols: Vec<String>,
    /// An operation, may be given several times; all of them if no matrix product and no layer is asked for either.
    #[arg(long = "op", value_name = "OP")]
    operations: Vec<String>,
    /// A matrix product of fixed-point numbers, ROWS x INNER by INNER x COLUMNS, may be given several times.
    #[arg(long = "matmul", value_name = "ROWSxINNERxCOLUMNS", value_parser = matrices)]
    products: Vec<MatMul>,
    /// A layer, as in the list `model` of a scenario, forward and backward; may be given several times.
    #[arg(long = "layer", value_name = "LAYER", requires = "input")]
    layers: Vec<String>,
    /// What goes into the layers: HEIGHT x WIDTH x CHANNELS, or a number of values.
    #[arg(long, value_name = "SIZE", requires = "layers", value_parser = image)]
    input: Option<ImageSize>,
    /// Length of the vectors, or rows of a layer, may be given several times.
    #[arg(long, value_name = "N", default_values_t = [1000], value_parser = clap::value_parser!(u64).range(1..=LONGEST))]
    n: Vec<u64>,
    /// How products are brought back to fixed point: nearest or probabilistic.
    #[arg(long, value_name = "ROUNDING", default_value = "probabilistic")]
    rounding: String,
    /// Say how long it takes under a network too, each operation alone, on connections that are new: the name of a preset (see
    /// `mpcsim list`), or a file that holds a value as after `network:` in a scenario.
    #[arg(long, value_name = "PRESET|FILE.ron")]
    network: Option<String>,
    /// What computing and handling messages cost, for the time: the name of a preset, `none`, or a file that holds a value as after
    /// `compute:` in a scenario.
    #[arg(long, value_name = "PRESET|FILE.ron", requires = "network", default_value = "none")]
    compute: String,
    /// Print one JSON object a line.
    #[arg(long)]
    json: bool,
    /// Print CSV.
    #[arg(long, conflicts_with = "json")]
    csv: bool,
    /// Print what the figures are made of too: what each operation of the protocol sends, formulas and papers.
    #[arg(long, conflicts_with_all = ["json", "csv"])]
    details: bool,
}

/// Shapes as in `128x784x10`.
fn matrices(text: &str) -> Result<MatMul, String> {
    let sizes: Option<Vec<u64>> = text.split('x').map(|size| size.trim().parse().ok()).collect();
    match sizes.as_deref() {
        Some(&[rows, inner, columns]) => {
            let largest = [(rows, inner), (inner, columns), (rows, columns)];
            let fits = |&(a, b): &(u64, u64)| (1..=LONGEST).contains(&a.saturating_mul(b));
            if !largest.iter().all(fits) {
                return Err(format!("matrices have 1 to {LONGEST} entries"));
            }
            Ok(MatMul::new(rows as usize, inner as usize, columns as usize))
        }
        _ => Err("it is three sizes, such as 128x784x10".to_string()),
    }
}

/// A size as in `28x28x1`, or `784`.
fn image(text: &str) -> Result<ImageSize, String> {
    let sizes: Option<Vec<u64>> = text.split('x').map(|size| size.trim().parse().ok()).collect();
    let size = match sizes.as_deref() {
        Some([values]) => [1, 1, *values],
        Some(&[height, width, channels]) => [height, width, channels],
        _ => {
            return Err(
                "it is a height, a width and channels, such as 28x28x1, or a number of values".to_string()
            );
        }
    };
    let values = size.iter().fold(1u64, |product, side| product.saturating_mul(*side));
    if !(1..=LONGEST).contains(&values) {
        return Err(format!("it has 1 to {LONGEST} values"));
    }
    let [height, width, channels] = size.map(|side| side as usize);
    Ok(ImageSize { height, width, channels })
}

/// Both passes of the layers that are asked for.
fn layers(args: &CostArgs) -> Result<Vec<Operation>, Failure> {
    let Some(input) = args.input else { return Ok(Vec::new()) };
    let rows = args.n.iter().copied().max().unwrap_or(1);
    let mut operations = Vec::new();
    for text in &args.layers {
        let kind = parse_layer(text, "--layer")?;
        let refused = |reason: String| mistake(format!("the layer {text} does not fit: {reason}"));
        let layer = LayerShape::new(kind, input).map_err(refused)?;
        if layer.most_elements() * u128::from(rows) > u128::from(LONGEST) {
            return Err(mistake(format!("{rows} rows of the layer {text} have more than {LONGEST} numbers")));
        }
        operations.extend([Pass::Forward, Pass::Backward].map(|pass| Operation::Layer(layer, pass)));
    }
    Ok(operations)
}

/// The entry of a registry with this name.
fn find<T: Copy>(kind: &str, word: &str, all: &[T], name: impl Fn(T) -> &'static str) -> Result<T, Failure> {
    if let Some(&found) = all.iter().find(|&&entry| name(entry) == word) {
        return Ok(found);
    }
    let names = || all.iter().map(|&entry| name(entry));
    let advice = match likely(word, names()) {
        Some(close) => format!("did you mean `{close}`?"),
        None => format!("it can be {}", alternatives(names())),
    };
    Err(Failure::Mistake(format!("error: there is no {kind} `{word}`: {advice}")))
}

/// What is asked of one protocol, without what it does not have.
fn operations_of(protocol: Protocol, args: &CostArgs, alone: bool) -> Result<Vec<Operation>, Failure> {
    if args.operations.is_empty() && args.products.is_empty() && args.layers.is_empty() {
        return Ok(Operation::ALL.into_iter().filter(|operation| operation.is_served_by(protocol)).collect());
    }
    let named = args.operations.iter().map(|word| find("operation", word, &Operation::ALL, Operation::name));
    let mut operations: Vec<Operation> = named.collect::<Result<_, _>>()?;
    operations.extend(args.products.iter().map(|&shape| Operation::Product(shape)));
    operations.extend(layers(args)?);
    if let Some(refusal) =
        operations.iter().find_map(|operation| operation.refusal(protocol)).filter(|_| alone)
    {
        return Err(mistake(refusal));
    }
    operations.retain(|operation| operation.is_served_by(protocol));
    Ok(operations)
}

/// Counts and prints.
pub(crate) fn cost(args: &CostArgs) -> Result<(), Failure> {
    let rounding = find("rounding", &args.rounding, &Rounding::ALL, Rounding::name)?;
    let mut protocols = Vec::new();
    for word in &args.protocols {
        match word.as_str() {
            ALL => protocols.extend(Protocol::ALL),
            word => {
                let named = [&Protocol::ALL[..], &Protocol::IN_OTHER_WAYS].concat();
                protocols.push(find("protocol", word, &named, Protocol::full_name)?);
            }
        }
    }
    let mut tables = Vec::new();
    for &protocol in &protocols {
        let timed = match &args.network {
            Some(name) => {
                let parties = protocol.parties();
                let network = network_of(name, parties, protocol.name())?;
                Some(Timed { network, compute: compute_of(&args.compute, parties)? })
            }
            None => None,
        };
        let mut rows = Vec::new();
        for operation in operations_of(protocol, args, protocols.len() == 1)? {
            // An operation of fixed size is counted once.
            let lengths = if operation.counts().is_empty() { &args.n[..1] } else { &args.n[..] };
            for &n in lengths {
                let n = n as usize;
                let cost = operation.cost(protocol, rounding, n, timed.as_ref()).map_err(|error| {
                    mistake(format!("{} under {}: {error}", operation.name(), protocol.name()))
                })?;
                let network = timed.as_ref().map(|timed| timed.network.label.clone());
                rows.push(CostRow { protocol, operation, n, cost, network });
            }
        }
        tables.push((protocol, rows));
    }
    let rows = || tables.iter().flat_map(|(_, rows)| rows);
    if args.json {
        return print(&rows().map(|row| cost_line(rounding, row)).collect::<String>());
    }
    if args.csv {
        return print(&costs_csv(rounding, &rows().cloned().collect::<Vec<_>>()));
    }
    let of_one = |(protocol, rows): &(Protocol, Vec<CostRow>)| {
        let details = if args.details { cost_details(*protocol, rows) } else { String::new() };
        cost_table(*protocol, rounding, rows) + &details
    };
    print(&tables.iter().map(of_one).collect::<Vec<_>>().join("\n"))
}
