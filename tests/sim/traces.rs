//! The packed trace, and traces as text.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::{
    Endpoint, Event, EventKind, Link, Network, Replayer, SpanId, SpanTree, Trace, TraceBuilder, trace_file,
};
use serde_json::Value;

use super::support::{Case, Dice, Features, run_script};

fn random_events(dice: &mut Dice, parties: usize, spans: u32) -> Vec<Event> {
    let size = |dice: &mut Dice| {
        let bits = dice.below(64);
        1 + dice.below(1 << bits) + u64::from(dice.chance(1, 4)) * ((1 << bits) - 1)
    };
    let mut events: Vec<Event> = Vec::new();
    for _ in 0..dice.below(60) {
        let span = SpanId(dice.below(u64::from(spans)) as u32);
        let peer = dice.below(parties as u64) as usize;
        let kind = match dice.below(3) {
            0 => EventKind::Work { ps: size(dice) },
            1 => EventKind::Send { to: peer, payload_bytes: size(dice) - 1 },
            _ => EventKind::Recv { from: peer, ordinal: size(dice) - 1, group_start: dice.chance(1, 2) },
        };
        let is_work = |kind| matches!(kind, EventKind::Work { .. });
        // Work after work in one span becomes one event.
        if !(is_work(kind) && events.last().is_some_and(|last| is_work(last.kind) && last.span == span)) {
            events.push(Event { kind, span });
        }
    }
    events
}

fn build(lines: &[Vec<Event>], spans: &SpanTree) -> Trace {
    let mut builder = TraceBuilder::new(lines.len());
    for (party, line) in lines.iter().enumerate() {
        line.iter().for_each(|&event| builder.push(party, event));
    }
    builder.finish(spans.clone().into())
}

fn five_spans() -> SpanTree {
    let mut spans = SpanTree::new();
    let a = spans.intern(SpanId::ROOT, "a");
    spans.intern(a, "b");
    spans.intern(a, "c");
    spans.intern(SpanId::ROOT, "b");
    spans
}

#[test]
fn events_come_back_as_they_went_in() {
    for seed in 0..1000 {
        let mut dice = Dice::new(seed);
        let parties = dice.one_of(&[1, 3, 16, 17, 40]);
        let lines: Vec<_> = (0..parties).map(|_| random_events(&mut dice, parties, 5)).collect();
        let trace = build(&lines, &five_spans());
        for (party, line) in lines.iter().enumerate() {
            assert!(trace.events(party).eq(line.iter().copied()), "seed {seed}, party {party}");
        }
        assert!(trace == build(&lines, &five_spans()), "seed {seed}");
        let silent = trace.without_work();
        let work = |event: &Event| matches!(event.kind, EventKind::Work { .. });
        assert!((0..parties).all(|party| !silent.events(party).any(|event| work(&event))), "seed {seed}");
        assert_eq!(silent.messages(), trace.messages(), "seed {seed}");
    }
}

#[test]
fn traces_are_equal_by_path_and_differ_in_any_detail() {
    let kind = EventKind::Send { to: 1, payload_bytes: 8 };
    let spans = five_spans();
    let mut shuffled = SpanTree::new();
    let b = shuffled.intern(SpanId::ROOT, "b");
    let a = shuffled.intern(SpanId::ROOT, "a");
    let a_b = shuffled.intern(a, "b");
    let with = |spans: &SpanTree, kind, span| build(&[vec![Event { kind, span }], vec![]], spans);
    let first = with(&spans, kind, SpanId(2));
    assert!(first == with(&shuffled, kind, a_b));
    assert!(first != with(&shuffled, kind, b));
    assert!(first != with(&spans, kind, SpanId(3)));
    assert!(with(&spans, kind, SpanId(4)) == with(&shuffled, kind, b));
    assert!(with(&spans, kind, SpanId(3)) != with(&shuffled, kind, a));
    assert!(first != with(&spans, EventKind::Send { to: 1, payload_bytes: 9 }, SpanId(2)));
    assert!(first != with(&spans, EventKind::Send { to: 0, payload_bytes: 8 }, SpanId(2)));
    assert!(first != with(&spans, EventKind::Work { ps: 8 }, SpanId(2)));
    assert!(first != build(&[vec![], vec![Event { kind, span: SpanId(2) }]], &spans));
}

#[test]
fn a_message_takes_at_most_24_bytes() {
    let mut dice = Dice::new(1);
    let mut builder = TraceBuilder::new(3);
    let messages = 10_000;
    for at in 0..messages {
        let (from, to, span) = (at % 3, (at + 1) % 3, SpanId(at as u32 % 5));
        // Up to 26 days of work.
        builder.work(from, span, dice.below(1 << 61));
        builder.send(from, span, to, dice.below(1 << 25));
        builder.work(to, span, dice.below(1 << 29));
        builder.recv(to, span, from, (at / 3) as u64, true);
    }
    let trace = builder.finish(five_spans().into());
    assert_eq!(trace.messages(), messages as u64);
    // Work of more than half a millisecond takes four bytes more; a change of span another four.
    assert!(trace.memory_bytes() <= 28 * messages, "{}", trace.memory_bytes());
    let line = trace_of_measured();
    assert!(line.memory_bytes() <= 24 * 1329, "{}", line.memory_bytes());
}

fn trace_of_measured() -> Trace {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/reference/rep3-1dense-relu_out.jsonl.gz");
    trace_file::read(file.as_ref(), MemoryLimit::of_machine()).expect("the file is right")
}

fn read(text: &[u8]) -> Result<Trace, trace_file::TraceFileError> {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(text).expect("written");
    trace_file::read(file.path(), MemoryLimit::of_machine())
}

#[test]
fn traces_come_back_from_text() {
    let mut compared = 0;
    for seed in 0..300 {
        let case = Case::new(seed, Features::EVERYTHING);
        let mut simulation = case.simulation();
        let mut replayer = Replayer::new(&case.network, &case.endpoints);
        for _ in 0..2 {
            let run = run_script(&mut simulation, &case.script).expect("no deadlock");
            let mut text = Vec::new();
            let replay = trace_file::write(&mut text, &run.trace, &mut replayer).expect("written");
            assert_eq!(replay.expect("no deadlock").clocks, run.clocks, "{}", case.shape());
            if run.trace.messages() == 0 {
                continue; // nobody may have an event
            }
            let back = match read(&text) {
                Err(error) if error.to_string().contains("no event of party") => continue,
                other => other.unwrap_or_else(|error| panic!("{}: {error}", case.shape())),
            };
            if back.parties() == run.trace.parties() {
                assert!(back == run.trace, "{}", case.shape());
                compared += 1;
            }
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&text).expect("packed");
            assert!(read(&packed.finish().expect("packed")).expect("right") == back, "{}", case.shape());
        }
    }
    assert!(compared > 400, "only {compared} traces in which every party does something");
}

#[test]
fn lines_say_what_happened_when() {
    let mut spans = SpanTree::new();
    let relu = spans.intern(SpanId::ROOT, "relu");
    let op = spans.intern(relu, "mul");
    let mut builder = TraceBuilder::new(2);
    builder.work(0, op, 100);
    builder.send(0, op, 1, 40);
    builder.send(0, op, 1, 10);
    builder.recv(1, relu, 0, 1, true);
    builder.recv(1, relu, 0, 0, false);
    let link = Link { latency_ps: 1000, bandwidth_bps: Some(8_000_000_000_000), ..Link::INSTANT };
    let endpoints = [Endpoint { send_ps: 1, receive_ps: 2, wake_ps: 3 }; 2];
    let mut replayer = Replayer::new(&Network::uniform(2, link), &endpoints);
    let mut text = Vec::new();
    let trace = builder.finish(spans.into());
    trace_file::write(&mut text, &trace, &mut replayer).expect("written").expect("no deadlock");
    let lines: Vec<Value> = String::from_utf8(text)
        .expect("text")
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let expected = [
        r#"{"party":0,"kind":"work","ps":100,"start_ps":0,"end_ps":100,"depth":0,"span":"relu/mul"}"#,
        r#"{"party":0,"kind":"send","peer":1,"bytes":40,"wire_bytes":40,"start_ps":100,"end_ps":101,"depth":1,"span":"relu/mul"}"#,
        r#"{"party":0,"kind":"send","peer":1,"bytes":10,"wire_bytes":10,"start_ps":101,"end_ps":102,"depth":1,"span":"relu/mul"}"#,
        r#"{"party":1,"kind":"recv","peer":0,"bytes":10,"message":1,"start_ps":0,"end_ps":1156,"waited_ps":1151,"latency_ps":1000,"serialisation_ps":49,"depth":1,"span":"relu"}"#,
        r#"{"party":1,"kind":"recv","peer":0,"bytes":40,"message":0,"same_wait":true,"start_ps":1156,"end_ps":1158,"waited_ps":0,"latency_ps":1000,"serialisation_ps":40,"depth":1,"span":"relu"}"#,
    ];
    assert_eq!(lines, expected.map(|line| serde_json::from_str::<Value>(line).expect("JSON")));
}

#[test]
fn mistakes_are_named_with_their_line() {
    let send = r#"{"party":0,"kind":"send","peer":1,"bytes":8}"#;
    let recv = r#"{"party":1,"kind":"recv","peer":0,"bytes":8}"#;
    let back = r#"{"party":1,"kind":"send","peer":0,"bytes":8}"#;
    let wait = r#"{"party":0,"kind":"recv","peer":1,"bytes":8}"#;
    let long = r#"{"party":0,"kind":"send","peer":1,"bytes":9223372036854775808}"#;
    let taken = r#"{"party":1,"kind":"recv","peer":0,"bytes":9223372036854775808}"#;
    let cases: [(&[&str], &str); 24] = [
        (&[send, "{\"party\":1"], "line 2: EOF while parsing"),
        (&[send, "[1]"], "line 2: "),
        (&[r#"{"kind":"work","ps":1}"#], "line 1: missing field `party`"),
        (&[r#"{"party":-1,"kind":"work","ps":1}"#], "line 1: invalid value: integer `-1`"),
        (&[r#"{"party":0,"kind":"work","ps":1.5}"#], "line 1: invalid type: floating point"),
        (&["", r#"{"party":0,"kind":"sned","peer":1,"bytes":8}"#], "line 2: unknown kind `sned`"),
        (&[r#"{"party":0,"kind":"work"}"#], "line 1: a `work` needs the field `ps`"),
        (&[r#"{"party":0,"kind":"send","peer":1}"#], "line 1: a `send` needs the field `bytes`"),
        (&[r#"{"party":9999999,"kind":"work","ps":1}"#], "line 1: party number 9999999"),
        (&[r#"{"party":0,"kind":"send","peer":0,"bytes":8}"#], "line 1: party 0 is its own peer"),
        (&[send], "line 1: party 0 names peer 1"),
        (&[recv], "line 1: there is a party 1, but no event of party 0"),
        (&[send, recv, recv], "line 3: party 1 receives message 1 from party 0, which sends only 1"),
        (&[send, send, recv], "line 2: party 1 never receives this, message 1"),
        (
            &[send, r#"{"party":1,"kind":"recv","peer":0,"bytes":9}"#],
            "line 2: 9 bytes are received, but line 1 sends 8",
        ),
        (&[wait, send, recv, back], "line 1: deadlock: party 0 waits here for party 1"),
        (&[], "line 0: no events"),
        (
            &[send, r#"{"party":1,"kind":"work","ps":1,"wait":3}"#],
            "line 2: unknown field `wait`, expected one of `party`",
        ),
        (&[r#"{"party":0,"kind":"work","ps":x}"#], "line 1: expected value (column 31)"),
        (
            &[
                send,
                r#"{"party":1,"thread":1,"kind":"work","ps":1}"#,
                r#"{"party":1,"thread":2,"kind":"work","ps":1}"#,
            ],
            "line 3: party 1 has events of thread 1 and of thread 2: a party is one line of events",
        ),
        (
            &[recv, r#"{"party":1,"thread":7,"kind":"work","ps":1}"#],
            "line 2: party 1 has events of thread 0 and of thread 7",
        ),
        (
            &[r#"{"party":0,"kind":"send","peer":1,"bytes":8,"blocking":true}"#],
            "line 1: a send never waits here",
        ),
        (
            &[long, long, taken, taken],
            "line 2: with this message all messages together have 2^64 bytes or more",
        ),
        (
            &[
                send,
                r#"{"party":1,"kind":"recv","peer":0,"bytes":4,"message":0}"#,
                r#"{"party":1,"kind":"recv","peer":0,"bytes":4}"#,
            ],
            "line 2: 4 bytes are received, but line 1 sends 8",
        ),
    ];
    for (lines, expected) in cases {
        let error = read(lines.join("\n").as_bytes()).expect_err(expected).to_string();
        assert!(error.starts_with(expected), "{error} instead of {expected}");
    }
    let twice = [send, send, recv, r#"{"party":1,"kind":"recv","peer":0,"bytes":8,"message":0}"#].join("\n");
    let error = read(twice.as_bytes()).expect_err("twice").to_string();
    assert!(error.starts_with("line 4: party 1 receives message 0 from party 0 a second time"), "{error}");
    let error = read(b"\x1f\x8b\x08 not really").expect_err("not gzip").to_string();
    assert!(error.starts_with("line 1: cannot read"), "{error}");
    assert!(trace_file::read("no/such/file".as_ref(), MemoryLimit::of_machine()).is_err());
}

/// What is sent in some pieces and taken in others comes when the last byte that is wanted is there.
#[test]
fn a_stream_of_bytes_can_be_taken_in_other_pieces() {
    let link = Link { latency_ps: 1000, bandwidth_bps: Some(8_000_000_000_000), ..Link::INSTANT };
    let network = Network::uniform(2, link);
    let (mut split, mut joined) = (0, 0);
    for seed in 0..500 {
        let mut dice = Dice::new(seed);
        let mut pieces = |total: u64| {
            let mut sizes = Vec::new();
            while sizes.iter().sum::<u64>() < total {
                let left = total - sizes.iter().sum::<u64>();
                sizes.push(dice.below(left.min(60) + 1));
            }
            sizes
        };
        let (sent, taken) = (pieces(200), pieces(200));
        let event = |party: usize, kind: &str, bytes: u64| {
            format!("{{\"party\":{party},\"kind\":\"{kind}\",\"peer\":{},\"bytes\":{bytes}}}\n", 1 - party)
        };
        let mut text: String = sent.iter().map(|&bytes| event(0, "send", bytes)).collect();
        // After each piece, party 1 tells that it has it.
        for &bytes in &taken {
            text += &event(1, "recv", bytes);
            text += &event(1, "send", 0);
        }
        text.extend(taken.iter().map(|_| event(0, "recv", 0)));
        let trace = read(text.as_bytes()).expect("a stream");
        assert_eq!((trace.payload_bytes(), trace.messages()), (Some(200), (sent.len() + taken.len()) as u64));
        let mut lines = Vec::new();
        let mut replayer = Replayer::new(&network, &[Endpoint::default(); 2]);
        trace_file::write(&mut lines, &trace, &mut replayer).expect("written").expect("no deadlock");
        let told: Vec<u64> = String::from_utf8(lines)
            .expect("text")
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|event| event["party"] == 1 && event["kind"] == "send")
            .map(|event| event["start_ps"].as_u64().expect("a time"))
            .collect();
        // A byte takes a picosecond. The last message with a wanted byte must be there, and at the end all of them.
        let ends: Vec<u64> = sent
            .iter()
            .scan(0, |sum, &bytes| {
                *sum += bytes;
                Some(*sum)
            })
            .collect();
        let mut wanted = 0;
        let expected = taken.iter().map(|&bytes| {
            wanted += bytes;
            let end = ends.iter().find(|&&end| end >= wanted && wanted > 0);
            end.map_or(0, |end| end + 1000)
        });
        assert_eq!(told, expected.collect::<Vec<_>>(), "seed {seed}: {sent:?} as {taken:?}");
        split += u64::from(taken.len() > sent.len());
        joined += u64::from(taken.len() < sent.len());
    }
    assert!(split > 50 && joined > 50, "{split} and {joined}");
}

#[test]
fn a_replay_needs_as_many_parties_as_the_trace() {
    let mut replayer = Replayer::new(&Network::uniform(2, Link::INSTANT), &[Endpoint::default(); 2]);
    let error = replayer.run(&trace_of_measured(), &mut ()).expect_err("three parties");
    assert_eq!(error.to_string(), "a trace of 3 parties cannot run on a network of 2");
    let wait = Event { kind: EventKind::Recv { from: 1, ordinal: 0, group_start: true }, span: SpanId(2) };
    let error = replayer.run(&build(&[vec![wait], vec![]], &five_spans()), &mut ()).expect_err("deadlock");
    assert!(error.to_string().ends_with("party 0 waits for party 1 in span a/b"), "{error}");
}
