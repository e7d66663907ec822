//! What is opened besides results is declared, for every protocol, function and output layer: counted where it is opened.

use mpcsim::protocol::ValuesBeyond;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::secure::Rounding;
use mpcsim::sim::{EventKind, Trace};
use mpcsim::softmax::{Division, ReluGradient, ReluParameters, Softmax, SoftmaxVariant};

use super::function::Function;
use super::harness::{Dice, Setting, in_the_clear_counting, on_shapes, seed};

/// Spans in which what is opened is masked by uniform numbers that nobody knows.
const MASKED: [&str; 4] = ["compose", "truncate", "drelu", "bits_to_ring"];

/// Payload bytes opened without a mask: within what says that it reveals something, and elsewhere.
fn opened(trace: &Trace) -> [u64; 2] {
    let mut bytes = [0, 0];
    for event in (0..trace.parties()).flat_map(|party| trace.events(party).collect::<Vec<_>>()) {
        let EventKind::Send { payload_bytes, .. } = event.kind else { continue };
        let path = trace.spans().path(event.span);
        let steps: Vec<&str> = path.split('/').collect();
        let opens = steps.iter().any(|step| ["open", "open_bits", "open_residues"].contains(step));
        if opens && !steps.iter().any(|step| MASKED.contains(step)) {
            bytes[usize::from(!steps.contains(&"reveal"))] += payload_bytes;
        }
    }
    bytes
}

#[test]
fn nothing_is_opened_that_is_not_declared() {
    let own = |division| {
        Softmax::ReluGradient(ReluGradient(ReluParameters { division, ..ReluGradient::DEFAULT.0 }))
    };
    let variants = Softmax::ALL.into_iter().chain([own(Division::Quotient), own(Division::Precise)]);
    let functions: Vec<Function> = Function::all().chain(variants.map(Function::Gradient)).collect();
    let (rows, mut revealing) = (2, Vec::new());
    for protocol in ProtocolName::ALL {
        for &function in &functions {
            let opens = matches!(function, Function::Gradient(softmax) if softmax.reveals().is_some());
            if opens && protocol.is_malicious() {
                continue;
            }
            let setting = Setting::of(protocol, Rounding::Probabilistic);
            let inputs = function.random(&mut Dice::new(seed(), 700), rows);
            let [declared, other] = opened(&on_shapes(&function, &inputs, 1, setting).trace);
            assert_eq!(other, 0, "{function:?}, {setting:?}: bytes opened that nothing declares");
            let counts = ValuesBeyond::default();
            in_the_clear_counting(&function, &inputs, 1, setting, &counts);
            let noted: Vec<u64> = counts.take_revealed().into_values().collect();
            assert_eq!(declared > 0, !noted.is_empty(), "{function:?}, {setting:?}");
            if let (Function::Gradient(softmax), ProtocolName::Falcon | ProtocolName::FalconMalicious) =
                (function, protocol)
            {
                let by_dividing = declared > 0 && softmax.reveals().is_none();
                assert_eq!(softmax.divides_coarsely(), by_dividing, "{softmax}");
            }
            if declared > 0 {
                assert_eq!(noted, [rows as u64], "{function:?}, {setting:?}: a number of each row");
                revealing.push((protocol, format!("{function:?}")));
            }
        }
    }
    let count = |of: ProtocolName| revealing.iter().filter(|(protocol, _)| *protocol == of).count();
    assert_eq!(count(ProtocolName::Rep3), 2, "relu_norm and adhoc");
    assert_eq!(count(ProtocolName::Falcon), 4, "the replacement divided in Falcon's way too");
    assert_eq!(count(ProtocolName::FalconMalicious), 2, "by dividing only, after a check");
    assert_eq!(count(ProtocolName::Rep4) + count(ProtocolName::SyRep3), 0);
}
