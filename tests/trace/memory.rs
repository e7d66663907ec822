//! What a trace would take is estimated first, and refused with the figure.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::trace_file;

use super::{Place, SMALL, good, mistake};

#[test]
fn a_line_without_an_end_is_not_read_to_its_end() {
    let place = Place::new();
    let start = b"{\"party\":0,\"kind\":\"work\",\"ps\":1,\"span\":\"";
    let endless = |pieces: usize, end: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(start).unwrap();
        (0..pieces).for_each(|_| gzip.write_all(&[b'a'; 1 << 16]).unwrap());
        gzip.write_all(end).unwrap();
        gzip.finish().unwrap()
    };
    std::fs::write(place.file("endless.jsonl.gz"), endless(4096, b"")).unwrap();
    let told = mistake(&["replay", &place.file("endless.jsonl.gz"), "--network", "lan"]);
    assert!(
        told.contains("line 1: this line has more than 1048576 bytes, and an event has a few hundred"),
        "{told}"
    );
    // One that is long and ends is read.
    std::fs::write(place.file("long.jsonl.gz"), endless(15, b"\"}\n")).unwrap();
    let told = mistake(&["replay", &place.file("long.jsonl.gz"), "--network", "lan"]);
    assert!(told.contains("a trace of one party sends nothing"), "{told}");
}

#[test]
fn more_events_spans_or_parties_than_there_is_memory_for_are_refused() {
    let place = Place::new();
    let read = |name: &str, text: &str, megabytes: u64| {
        let file = place.write(name, text);
        trace_file::read(file.as_ref(), MemoryLimit::of_bytes(megabytes * 1_000_000))
    };
    let message = "{\"party\":0,\"kind\":\"send\",\"peer\":1,\"bytes\":8}\n\
                   {\"party\":1,\"kind\":\"recv\",\"peer\":0,\"bytes\":8}\n";
    let halves = message.replacen(
        "\"peer\":0,\"bytes\":8}",
        "\"peer\":0,\"bytes\":4}\n{\"party\":1,\"kind\":\"recv\",\"peer\":0,\"bytes\":4}",
        1,
    );
    let (many, stream) = (message.repeat(50_000), halves.repeat(50_000));
    let spans: String = (0..50_000)
        .map(|i| format!("{{\"party\":0,\"kind\":\"work\",\"ps\":1,\"span\":\"{i}\"}}\n"))
        .collect();
    let parties: String =
        (0..400).map(|party| format!("{{\"party\":{party},\"kind\":\"work\",\"ps\":1}}\n")).collect();
    for (name, text, enough, said) in [
        ("many", &many, 31, "100000 events of 2 parties"),
        ("stream", &stream, 57, "150000 events of 2 parties"),
        ("spans", &spans, 39, "50000 events of 1 parties in 50001 spans"),
        ("parties", &parties, 79, "400 events of 400 parties"),
    ] {
        assert!(read(name, text, enough).is_ok(), "{name}: {:?}", read(name, text, enough));
        let told = read(name, text, enough - 2).unwrap_err().to_string();
        let limit = format!("of memory, and --memory-limit allows 0.0{} GB", enough - 2);
        assert!(told.contains(&limit) && told.contains(" take about "), "{name}: {told}");
        let said = said.split(' ').next().unwrap().parse::<usize>().unwrap();
        let events = told.split("line ").last().and_then(|rest| rest.split(": ").nth(1));
        let events = events.and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok()).unwrap();
        assert!(events <= said && events * 10 > said * 8, "{name}: {told}");
    }
    // As the command: 4,096 parties would have 16 million links.
    let parties: String =
        (0..4096).map(|party| format!("{{\"party\":{party},\"kind\":\"work\",\"ps\":1}}\n")).collect();
    let file = place.write("most.jsonl", &parties);
    let told = mistake(&["replay", &file, "--network", "lan", "--memory-limit", "1"]);
    assert!(told.contains("1.0 GB of memory, and --memory-limit allows 1.0 GB"), "{told}");
}

#[test]
fn a_timeline_of_many_iterations_is_refused() {
    let place = Place::new();
    let trace = |name: &str, iterations: &str| {
        let mut args = vec!["trace"];
        args.extend(SMALL);
        let out = place.file(name);
        args.extend(["--iterations", iterations, "--memory-limit", "1", "-o", &out]);
        args.into_iter().map(str::to_string).collect::<Vec<_>>()
    };
    for name in ["a.json", "a.json.gz", "a.svg"] {
        let args = trace(name, "1000000");
        let told = mistake(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(
            told.contains("000 events in this format take about ") && told.contains("allows 1.0 GB"),
            "{told}"
        );
        assert!(place.names().is_empty(), "nothing is written");
        let args = trace(name, "3");
        good(&args.iter().map(String::as_str).collect::<Vec<_>>());
        std::fs::remove_file(place.file(name)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_file_of_a_network_that_has_no_end_is_refused() {
    let place = Place::new();
    let file = place.write(
        "t.jsonl",
        "{\"party\":0,\"kind\":\"send\",\"peer\":1,\"bytes\":8}\n{\"party\":1,\"kind\":\"recv\",\"peer\":0,\"bytes\":8}\n",
    );
    for option in ["--network", "--compute"] {
        let mut args = vec!["replay", &file, option, "/dev/zero"];
        if option == "--compute" {
            args.extend(["--network", "lan"]);
        }
        let told = mistake(&args);
        assert!(told.contains("/dev/zero cannot be read: it has more than 1048576 bytes"), "{told}");
    }
}
