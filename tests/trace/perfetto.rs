//! The rules of the trace-event format.

use std::collections::{BTreeMap, BTreeSet};

use mpcsim::memory::MemoryLimit;
use mpcsim::report::{Timed, write_perfetto};
use mpcsim::sim::{EventKind, Replayer, Trace};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Place, SMALL, good};
use crate::sim::support::{Case, Features, run_script};

#[derive(Deserialize)]
struct File {
    #[serde(rename = "displayTimeUnit")]
    unit: String,
    #[serde(rename = "traceEvents")]
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    ph: String,
    name: String,
    pid: u64,
    tid: u64,
    cat: Option<String>,
    ts: Option<Box<RawValue>>,
    dur: Option<Box<RawValue>>,
    id: Option<u64>,
    bp: Option<String>,
    args: Option<Value>,
}

/// Microseconds with six decimals, in picoseconds.
fn picoseconds(text: &Option<Box<RawValue>>) -> u64 {
    let (whole, part) = text.as_ref().expect("a time").get().split_once('.').expect("decimals");
    assert_eq!(part.len(), 6);
    whole.parse::<u64>().expect("digits") * 1_000_000 + part.parse::<u64>().expect("digits")
}

/// A slice: start and end.
type Slice = (u64, u64);
/// Phase, time and track of an end of a flow.
type End = (String, u64, (u64, u64));

#[derive(Default)]
struct Checked {
    /// By process and thread.
    slices: BTreeMap<(u64, u64), Vec<Slice>>,
    names: BTreeSet<(String, u64, u64)>,
    /// By id.
    flows: BTreeMap<u64, Vec<End>>,
    flights: BTreeMap<u64, Vec<(String, u64)>>,
}

/// Reads a file and checks each entry on its own.
fn check(text: &[u8]) -> Checked {
    let file: File = serde_json::from_slice(text).expect("trace events");
    assert_eq!(file.unit, "ns");
    let mut checked = Checked::default();
    let mut last = 0;
    for entry in &file.entries {
        let track = (entry.pid, entry.tid);
        assert!(!entry.name.is_empty() && (entry.dur.is_some() == (entry.ph == "X")));
        assert_eq!(entry.bp.as_deref(), (entry.ph == "f").then_some("e"));
        assert_eq!(entry.id.is_some(), "stfbe".contains(&entry.ph), "{}", entry.ph);
        if entry.ph == "M" {
            let args = entry.args.as_ref().expect("arguments");
            let kind = entry.name.rsplit_once('_').expect("process_name and so on").0;
            let is_name = args["name"].is_string() && entry.name == format!("{kind}_name");
            assert!(is_name || args["sort_index"].is_u64(), "{}", entry.name);
            checked.names.insert((entry.name.clone(), entry.pid, entry.tid));
            continue;
        }
        assert!(entry.cat.is_some(), "{}", entry.name);
        let ts = picoseconds(&entry.ts);
        assert!(ts >= last, "by time");
        last = ts;
        match entry.ph.as_str() {
            "X" => checked.slices.entry(track).or_default().push((ts, ts + picoseconds(&entry.dur))),
            "s" | "t" | "f" => {
                let flow = checked.flows.entry(entry.id.expect("an id")).or_default();
                flow.push((entry.ph.clone(), ts, track));
            }
            "b" | "e" => {
                let flight = checked.flights.entry(entry.id.expect("an id")).or_default();
                flight.push((entry.ph.clone(), ts));
            }
            other => panic!("unknown phase {other}"),
        }
    }
    checked
}

impl Checked {
    fn rules_of_the_whole(&self, trace: &Trace, times: u64, ends: &[u64]) {
        for (track, slices) in &self.slices {
            let mut open: Vec<Slice> = Vec::new();
            for &(start, end) in slices {
                open.retain(|outer| outer.1 > start);
                assert!(open.iter().all(|outer| end <= outer.1), "slices of {track:?} nest");
                open.push((start, end));
            }
            assert!(self.names.contains(&("thread_name".to_string(), track.0, track.1)), "{track:?}");
            assert!(self.names.iter().any(|name| name.0 == "process_name" && name.1 == track.0));
        }
        let messages = times * trace.messages();
        assert_eq!((self.flows.len() as u64, self.flights.len() as u64), (messages, messages));
        for (id, flow) in &self.flows {
            let phases: Vec<&str> = flow.iter().map(|(ph, ..)| ph.as_str()).collect();
            assert_eq!(phases, ["s", "t", "f"], "flow {id}");
            for (ph, ts, track) in flow {
                let inside = |slice: &Slice| slice.0 <= *ts && *ts <= slice.1;
                assert!(self.slices[track].iter().any(inside), "{ph} of flow {id} is bound to a slice");
            }
            let (way, flight) = (&flow[1..], &self.flights[id]);
            assert_eq!((flight[0].0.as_str(), flight[1].0.as_str()), ("b", "e"));
            assert!(way[0].1 <= flight[0].1 && flight[1].1 <= way[1].1, "flow {id}");
        }
        for (party, &end) in ends.iter().enumerate() {
            let Some(slices) = self.slices.get(&(1, party as u64 + 1)) else { continue };
            let mut reached = 0;
            for slice in slices {
                assert!(slice.0 <= reached, "party {party} has no gap");
                reached = reached.max(slice.1);
            }
            assert_eq!(reached, end, "party {party}");
        }
    }
}

#[test]
fn random_programs_give_valid_files() {
    for seed in 0..200 {
        let case = Case::new(seed, Features::EVERYTHING);
        let run = run_script(&mut case.simulation(), &case.script).expect("no deadlock");
        let mut replayer = Replayer::new(&case.network, &case.endpoints);
        for _ in 0..2 {
            replayer.run(&run.trace, &mut ()).expect("no deadlock");
        }
        let ends: Vec<u64> = replayer.clocks().iter().map(|clock| clock.time_ps).collect();
        let timed = Timed::of(&run.trace, 2, &case.network, &case.endpoints).expect("no deadlock");
        let mut text = Vec::new();
        write_perfetto(&mut text, &timed).expect("written");
        check(&text).rules_of_the_whole(&run.trace, 2, &ends);
    }
}

#[test]
fn a_scenario_gives_a_valid_file() {
    let place = Place::new();
    for name in ["trace.json", "trace.jsonl"] {
        good(&[&["trace"], &SMALL[..], &["-o", &place.file(name)]].concat());
    }
    let trace = mpcsim::sim::trace_file::read(&place.path().join("trace.jsonl"), MemoryLimit::of_machine())
        .expect("a trace");
    let checked = check(&place.read("trace.json"));
    checked.rules_of_the_whole(&trace, 1, &[]);
    let messages = |party: usize| {
        trace.events(party).filter(|event| !matches!(event.kind, EventKind::Work { .. })).count()
    };
    for party in 0..3 {
        assert!(checked.slices[&(1, party as u64 + 1)].len() > messages(party), "spans and events");
    }
    let names = checked.names.iter().filter(|name| name.0 == "thread_name").count();
    assert_eq!(names, 3 + 6, "a track for each party and each directed link");
}
