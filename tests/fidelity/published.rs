//! What trainings take under the three systems that use the replacement, beside the times that were published of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

type Point = BTreeMap<String, String>;

/// Iterations of 15 epochs of MNIST in batches of 128.
const ITERATIONS: f64 = 15.0 * 469.0;

/// The points of `published.ron`, in its order.
fn points() -> &'static [Point] {
    static POINTS: OnceLock<Vec<Point>> = OnceLock::new();
    POINTS.get_or_init(|| {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fidelity/published.ron");
        let place = tempfile::tempdir().expect("a place for results");
        let out = place.path().join("out");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mpcsim"));
        let output = command.arg("sweep").arg(file).arg("--quiet").arg("--out").arg(&out).output();
        let output = output.expect("the program runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let reader = csv::Reader::from_path(out.join("results.csv"));
        reader.expect("results").deserialize().map(|row| row.expect("a row")).collect()
    })
}

fn number(point: &Point, column: &str) -> f64 {
    point[column].parse().unwrap_or_else(|_| panic!("{column} is {:?}", point[column]))
}

fn seconds(seconds: f64) -> String {
    if seconds < 100.0 {
        return format!("{seconds:.3} s");
    }
    format!("{} s", mpcsim::report::count_text(seconds.round() as u64))
}

/// Of `securenn`: the whole training. SecureNN gives 1.03 and 7.83 hours for 15 epochs.
pub(super) fn securenn() -> Vec<Vec<String>> {
    let published = [("LAN", 1.03), ("WAN", 7.83)];
    let row = |((name, hours), point): ((&str, f64), &Point)| {
        assert_eq!(point["protocol"], "securenn");
        let (published, ours) = (hours * 3600.0, number(point, "modelled_seconds"));
        let parts = ["latency_seconds", "serialisation_seconds", "compute_seconds"];
        let parts = parts.map(|part| seconds(number(point, part)));
        let ratio = format!("{:.2}", ours / published);
        [vec![name.to_string(), seconds(published), seconds(ours), ratio], parts.to_vec()].concat()
    };
    published.into_iter().zip(points()).map(row).collect()
}

/// Of `secureml`: 7,035 times an iteration. SecureML, table III: what is published.
pub(super) fn secureml() -> Vec<Vec<String>> {
    let phases = |(at, by): (usize, &str)| {
        let point = &points()[at];
        assert_eq!([&point["protocol"][..], &point["triples_by"]], ["secureml", by]);
        ["online_modelled_seconds", "offline_modelled_seconds"].map(|part| ITERATIONS * number(point, part))
    };
    let [[online, offline], [aided_online, aided_offline], [_, one_interface]] =
        [(2, "transfers"), (7, "clients"), (8, "clients")].map(phases);
    let rows = [
        ("online, triples of the servers", 4_239.7, online),
        ("offline, by transfers (published: extrapolated)", 290_000.0, offline),
        ("online, client-aided", 10_332.3, aided_online),
        ("offline, client-aided", 14_951.2, aided_offline),
        ("the same, all clients behind one interface", 14_951.2, one_interface),
    ];
    let row = |(name, published, ours): (&str, f64, f64)| {
        vec![name.to_string(), seconds(published), seconds(ours), format!("{:.2}", ours / published)]
    };
    rows.into_iter().map(row).collect()
}

/// Of `falcon`: the online phase of an iteration, with the published latency as that of one way and as a ping.
pub(super) fn falcon() -> Vec<Vec<String>> {
    let row = |(ring_bits, latency, published, points): (&str, &str, f64, &[Point])| {
        let mut cells = vec![format!("{ring_bits} bits"), latency.to_string(), seconds(published)];
        for point in points {
            assert_eq!([&point["protocol"][..], &point["ring_bits"]], ["falcon", ring_bits]);
            let ours = number(point, "online_modelled_seconds");
            cells.extend([seconds(ours), format!("{:.2}", ours / published)]);
        }
        cells
    };
    let rows = [
        ("32", "5 ms", 0.778, &points()[9..11]),
        ("32", "50 ms", 3.311, &points()[11..13]),
        ("64", "5 ms", 0.778, &points()[3..5]),
        ("64", "50 ms", 3.311, &points()[5..7]),
    ];
    rows.into_iter().map(row).collect()
}
