//! `mpcsim record` and the logs that it writes: logs that are made here, record by record, and what becomes of them. That the library logs
//! what a process does is for tests/tcp/run.sh.

use std::net::Ipv4Addr;
use std::path::PathBuf;

use mpcsim::import::{LogProblem, recorded};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::{EventKind, Trace};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::{Place, good, mistake};

const MS: u64 = 1_000_000;

/// A log in the making. Ports are all that tells ends apart; the address of everybody is the same.
#[derive(Clone)]
struct Log {
    bytes: Vec<u8>,
    work_ns: u64,
}

impl Log {
    fn of(party: u32) -> Log {
        let mut bytes = b"mpcsimR1".to_vec();
        bytes.extend(party.to_le_bytes());
        bytes.resize(48, 0);
        Log { bytes, work_ns: 0 }
    }

    fn connection(mut self, number: u32, own: u16, peer: u16) -> Log {
        let address = Ipv4Addr::LOCALHOST.to_ipv6_mapped().octets();
        self.bytes.extend([1, 0, 0, 0, 0, 0, 0, 0]);
        self.bytes.extend(number.to_le_bytes());
        self.bytes.extend([address, address].concat());
        self.bytes.extend([own.to_le_bytes(), peer.to_le_bytes()].concat());
        self
    }

    fn record(mut self, kind: u8, thread: u32, connection: u32, values: [u64; 3]) -> Log {
        self.bytes.extend([kind, 0, 0, 0]);
        self.bytes.extend([thread, connection, 0].map(u32::to_le_bytes).concat());
        self.bytes.extend(values.map(u64::to_le_bytes).concat());
        self.bytes.extend([0; 8]);
        self.work_ns += values[2];
        self
    }

    /// Bytes, when, and the work before.
    fn send(self, thread: u32, connection: u32, values: [u64; 3]) -> Log {
        self.record(2, thread, connection, values)
    }

    fn receive(self, thread: u32, connection: u32, values: [u64; 3]) -> Log {
        self.record(3, thread, connection, values)
    }

    fn work(self, thread: u32, time_ns: u64, work_ns: u64) -> Log {
        self.record(4, thread, 0, [0, time_ns, work_ns])
    }

    /// With its end. Other threads worked for so long.
    fn ended(self, unseen_ns: u64) -> Vec<u8> {
        let process_ns = self.work_ns + unseen_ns;
        self.record(5, 0, 0, [0, 0, process_ns]).bytes
    }
}

fn files(place: &Place, logs: &[Vec<u8>]) -> Vec<PathBuf> {
    let file = |(at, log): (usize, &Vec<u8>)| {
        let path = place.path().join(format!("{at}.log"));
        std::fs::write(&path, log).expect("written");
        path
    };
    logs.iter().enumerate().map(file).collect()
}

fn trace_of(logs: &[Vec<u8>]) -> Result<Trace, LogProblem> {
    let place = Place::new();
    let made = recorded(&files(&place, logs), MemoryLimit::of_machine());
    made.map(|made| made.trace).map_err(|error| *error.problem)
}

/// A party's line in short.
fn line(trace: &Trace, party: usize) -> Vec<String> {
    let short = |kind| match kind {
        EventKind::Work { ps } => format!("work {}", ps / 1000),
        EventKind::Send { to, payload_bytes } => format!("send {payload_bytes} to {to}"),
        EventKind::Recv { from, ordinal, .. } => format!("take {ordinal} of {from}"),
    };
    trace.events(party).map(|event| short(event.kind)).collect()
}

/// Party 0 sends 10 and 20 bytes in two calls, which party 1 takes in three; it answers. Party 0 also talks to itself.
fn two() -> [Log; 2] {
    let first = Log::of(0)
        .connection(2, 100, 200)
        .connection(3, 300, 301)
        .connection(4, 301, 300)
        .connection(9, 400, 401)
        .send(1, 2, [10, MS, 0])
        .send(1, 3, [7, 2 * MS, 50_000])
        .receive(1, 4, [7, 3 * MS, 60_000])
        .send(1, 2, [20, 4 * MS, 70_000])
        .receive(1, 2, [5, 9 * MS, 80_000])
        .work(1, 10 * MS, 90_000);
    let second = Log::of(1)
        .connection(2, 200, 100)
        .receive(1, 2, [4, 15 * MS, 0])
        .receive(1, 2, [8, 16 * MS, 1000])
        .receive(1, 2, [18, 17 * MS, 2000])
        .send(1, 2, [5, 18 * MS, 3000]);
    [first, second]
}

#[test]
fn each_call_has_its_place() {
    let logs = two().map(|log| log.ended(0));
    let trace = trace_of(&logs).expect("good logs");
    let first = ["send 10 to 1", "work 180000", "send 20 to 1", "work 80000", "take 0 of 1", "work 90000"];
    assert_eq!(line(&trace, 0), first);
    // A message is taken where its last byte is.
    assert_eq!(
        line(&trace, 1),
        ["work 1000", "take 0 of 0", "work 2000", "take 1 of 0", "work 3000", "send 5 to 0"]
    );
    // In whatever order the logs are given.
    let turned = trace_of(&[logs[1].clone(), logs[0].clone()]).expect("good logs");
    assert_eq!(turned, trace);
}

/// Party 0 is quick: its second message is at party 2 before the first one of party 1, without which party 0 could not have made it.
#[test]
fn what_came_ahead_of_its_time_waits() {
    let ports = |one: u16, other: u16| (10 * one + other, 10 * other + one);
    let log = |party: u16| {
        (0..3u16).filter(|&other| other != party).fold(Log::of(party.into()), |log, other| {
            let (own, peer) = ports(party + 1, other + 1);
            log.connection(u32::from(other) + 1, own, peer)
        })
    };
    let both = |log: Log, peers: [u32; 2], at: u64| {
        log.send(1, peers[0], [8, at, 0]).send(1, peers[1], [8, at + 1, 0])
    };
    let take = |log: Log, peer: u32, at: u64| log.receive(1, peer, [8, at, 0]);
    let rounds = |mut log: Log, peers: [u32; 2], order: [u32; 4]| {
        log = both(log, peers, 1);
        log = take(take(log, order[0], 10), order[1], 11);
        log = both(log, peers, 20);
        take(take(log, order[2], 30), order[3], 31)
    };
    let first = rounds(log(0), [2, 3], [2, 3, 2, 3]).ended(0);
    let second = rounds(log(1), [1, 3], [1, 3, 1, 3]).ended(0);
    // The first of party 0, its second, the first of party 1; then this one's second, and the second of party 1.
    let mut third = both(log(2), [1, 2], 1);
    third = take(take(take(third, 1, 10), 1, 11), 2, 12);
    third = take(both(third, [1, 2], 20), 2, 30);
    let trace = trace_of(&[first, second, third.ended(0)]).expect("good logs");
    let expected = [
        "send 8 to 0",
        "send 8 to 1",
        "take 0 of 0",
        "take 0 of 1",
        "send 8 to 0",
        "send 8 to 1",
        "take 1 of 0",
        "take 1 of 1",
    ];
    assert_eq!(line(&trace, 2), expected);
}

/// A thread reads while another one computes: nobody waited for that.
#[test]
fn what_is_read_ahead_by_another_thread_waits_for_the_one_that_computes() {
    let reader = |thread: u32| {
        Log::of(0)
            .connection(2, 100, 200)
            .send(1, 2, [1, MS, 0])
            .receive(thread, 2, [9, 3 * MS, 0])
            .send(1, 2, [2, 10 * MS, 8 * MS])
            .ended(0)
    };
    let other =
        Log::of(1).connection(2, 200, 100).send(1, 2, [9, MS, 0]).receive(1, 2, [3, 30 * MS, 0]).ended(0);
    let trace = trace_of(&[reader(2), other.clone()]).expect("good logs");
    assert_eq!(line(&trace, 0), ["send 1 to 1", "work 8000000", "send 2 to 1", "take 0 of 1"]);
    // The same by one thread is a receive before the work.
    let trace = trace_of(&[reader(1), other]).expect("good logs");
    assert_eq!(line(&trace, 0), ["send 1 to 1", "take 0 of 1", "work 8000000", "send 2 to 1"]);
}

#[test]
fn threads_that_compute_at_once_are_refused() {
    let [first, second] = two();
    let second = second.ended(0);
    let busy = |threads: [u32; 2]| {
        let begun = first.clone().work(threads[0], 100 * MS, 0).work(threads[1], 101 * MS, 0);
        begun.work(threads[0], 200 * MS, 99 * MS).work(threads[1], 201 * MS, 99 * MS)
    };
    let refused = trace_of(&[busy([1, 2]).ended(0), second.clone()]);
    assert!(
        matches!(refused, Err(LogProblem::SideBySide(seconds)) if (0.08..0.1).contains(&seconds)),
        "{refused:?}"
    );
    // One after the other is a line.
    let turns = first.clone().work(2, 100 * MS, 0).work(1, 150 * MS, 99 * MS).work(2, 250 * MS, 99 * MS);
    assert!(trace_of(&[turns.ended(0), second.clone()]).is_ok());
    // Threads that make no call are seen by the processor time of the process.
    let unseen = trace_of(&[first.clone().ended(50 * MS), second.clone()]);
    assert!(matches!(unseen, Err(LogProblem::Unseen { .. })), "{unseen:?}");
    // More than there was.
    let mut damaged = first.work(1, 300 * MS, 200 * MS);
    damaged.work_ns = 0;
    let damaged = trace_of(&[damaged.ended(0), second]);
    assert!(matches!(damaged, Err(LogProblem::Work { .. })), "{damaged:?}");
}

/// What is wrong with these two logs, as the command says it.
fn said(logs: &[Vec<u8>]) -> String {
    let place = Place::new();
    let files: Vec<String> = files(&place, logs).iter().map(|path| path.display().to_string()).collect();
    let out = place.file("out.jsonl");
    let mut args = vec!["import"];
    args.extend(files.iter().map(String::as_str));
    args.extend(["-o", &out]);
    let complaint = mistake(&args);
    assert!(!PathBuf::from(&out).exists(), "nothing is written");
    complaint.replace(&format!("{}/", place.path().display()), "")
}

#[test]
fn damage_is_told_with_its_record() {
    let [first, second] = two();
    let whole = first.clone().ended(0);
    let other = second.clone().ended(0);
    let with = |bytes: Vec<u8>| said(&[bytes, other.clone()]);
    assert_eq!(
        with(whole[..48 * 6 + 5].to_vec()),
        "error: 0.log: record 6: the file ends in the middle of it: it was cut\n"
    );
    assert!(with(whole[..48 * 6].to_vec()).contains("0.log: the log has no end"));
    assert!(
        with([whole.clone(), vec![3; 48]].concat()).contains("record 12: there is something after the end")
    );
    assert!(with(first.clone().record(7, 1, 2, [1, 1, 1]).ended(0)).contains("record 11: it is of kind 7"));
    assert!(
        with(first.clone().send(1, 5, [1, 11 * MS, 0]).ended(0)).contains("record 11: it is of connection 5")
    );
    assert!(
        with(first.clone().connection(2, 1, 1).ended(0)).contains("record 11: connection 2 is named twice")
    );
    assert!(
        with(first.clone().send(1, 2, [0, 11 * MS, 0]).ended(0)).contains("record 11: it moves no bytes")
    );
    assert!(with(first.clone().send(1, 2, [1, MS, 0]).ended(0)).contains("record 11: it is earlier"));
    let much = first.clone().send(1, 2, [u64::MAX, 11 * MS, 0]);
    assert!(with(much.ended(0)).contains("record 11: all times or all bytes"));
    // Wherever it is cut, it is refused.
    for length in 0..whole.len() {
        assert!(trace_of(&[whole[..length].to_vec(), other.clone()]).is_err(), "{length}");
    }
}

/// Whatever a log holds, it is read or refused.
#[test]
fn damaged_logs_end_nothing() {
    let mut random = Pcg64Mcg::new(11);
    let logs = two().map(|log| log.ended(0));
    for _ in 0..300 {
        let mut damaged = logs.clone();
        for _ in 0..1 + random.next_u32() % 4 {
            let log = &mut damaged[random.next_u32() as usize % 2];
            let at = random.next_u32() as usize % log.len();
            log[at] = random.next_u32() as u8;
        }
        let _ = trace_of(&damaged);
    }
}

#[test]
fn logs_that_do_not_belong_together_are_refused() {
    let [first, second] = two();
    let (one, other) = (first.clone().ended(0), second.clone().ended(0));
    assert!(said(&[one.clone(), one.clone()]).contains("it is of party 0, as is"));
    let mut third = other.clone();
    third[8] = 2;
    assert!(said(&[one.clone(), third]).contains("it is of party 2, and there are 2 logs"));
    let received = second.clone().receive(1, 2, [9, 20 * MS, 0]).ended(0);
    assert!(
        said(&[one.clone(), received])
            .contains("party 1 received 39 bytes from 127.0.0.1:100, and party 0 sent 30")
    );
    let stranger = second.clone().connection(3, 1, 2).send(1, 3, [9, 20 * MS, 0]).ended(0);
    assert!(said(&[one.clone(), stranger]).contains("party 1 exchanges data with 127.0.0.1:2"));
    assert!(said(&[one.clone(), b"{}".to_vec()]).contains("1.log: it begins like none of what is imported"));
    assert!(said(std::slice::from_ref(&one)).contains("give the logs of all parties"));
    let twice = Log::of(0).connection(2, 1, 2).connection(3, 2, 1).send(1, 2, [4, MS, 0]).receive(
        1,
        3,
        [4, 2 * MS, 0],
    );
    let also = Log::of(1).connection(2, 1, 2).receive(1, 2, [4, MS, 0]);
    assert!(said(&[twice.ended(0), also.ended(0)]).contains("cannot be told apart"));
    // Each waits for what the other sends later.
    let waits = |party: u32, own: u16, peer: u16| {
        Log::of(party).connection(2, own, peer).receive(1, 2, [1, MS, 0]).send(1, 2, [1, 2 * MS, 0]).ended(0)
    };
    assert!(said(&[waits(0, 1, 2), waits(1, 2, 1)]).contains("was not sent before"));
    // What was sent last and not taken is left out, and said.
    let place = Place::new();
    let untaken = first.send(1, 2, [11, 11 * MS, 0]).ended(0);
    let files = files(&place, &[untaken, other]);
    let names: Vec<&str> = files.iter().map(|path| path.to_str().expect("UTF-8")).collect();
    let out = place.file("out.jsonl");
    let told = good(&["import", names[0], names[1], "-o", &out]);
    assert!(told.contains("3 messages of 35 bytes") && told.contains("left out: 11 bytes"), "{told}");
    assert!(told.contains("the run took 0.003000 s"), "{told}");
    good(&["replay", &out, "--network", "lan"]);
    let party = mistake(&["import", names[0], names[1], "--party", "0=10.0.0.1", "-o", &out]);
    assert!(party.contains("for packet captures"), "{party}");
}

/// Programs of random messages among random parties, whose calls cut the bytes at random: each message is in the trace, once, and the trace
/// replays.
#[test]
fn random_programs_are_recorded_whole() {
    let mut random = Pcg64Mcg::new(7);
    for _ in 0..30 {
        let parties = 2 + random.next_u32() % 3;
        let mut logs: Vec<Log> = (0..parties).map(Log::of).collect();
        for party in 0..parties {
            for other in (0..parties).filter(|&other| other != party) {
                let (own, peer) = (100 * party + other, 100 * other + party);
                logs[party as usize] =
                    logs[party as usize].clone().connection(other + 2, own as u16 + 1, peer as u16 + 1);
            }
        }
        let mut sent: Vec<(usize, usize, u64)> = Vec::new();
        let mut time = 0;
        for _ in 0..60 {
            let from = random.next_u32() % parties;
            let to = (from + 1 + random.next_u32() % (parties - 1)) % parties;
            let bytes = 1 + u64::from(random.next_u32() % 1000);
            time += MS;
            logs[from as usize] = logs[from as usize].clone().send(
                1,
                to + 2,
                [bytes, time, u64::from(random.next_u32() % 1000)],
            );
            sent.push((from as usize, to as usize, bytes));
            let mut left = bytes;
            while left > 0 {
                let some = 1 + random.next_u64() % left;
                time += 1;
                logs[to as usize] = logs[to as usize].clone().receive(1, from + 2, [some, time, 0]);
                left -= some;
            }
        }
        let trace =
            trace_of(&logs.into_iter().map(|log| log.ended(0)).collect::<Vec<_>>()).expect("good logs");
        for from in 0..parties as usize {
            for to in 0..parties as usize {
                let expected: Vec<u64> =
                    sent.iter().filter(|each| (each.0, each.1) == (from, to)).map(|each| each.2).collect();
                let found: Vec<u64> = trace
                    .events(from)
                    .filter_map(|event| match event.kind {
                        EventKind::Send { to: other, payload_bytes } if other == to => Some(payload_bytes),
                        _ => None,
                    })
                    .collect();
                assert_eq!(found, expected);
                let taken = trace.events(to).filter_map(|event| match event.kind {
                    EventKind::Recv { from: other, ordinal, .. } if other == from => Some(ordinal),
                    _ => None,
                });
                assert_eq!(taken.collect::<Vec<_>>(), (0..expected.len() as u64).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn recording_says_what_it_lacks() {
    let place = Place::new();
    let out = place.file("party0.log");
    let record = |args: &[&str]| mistake(&[&["record", "--party", "0", "-o", &out], args].concat());
    if cfg!(not(target_os = "linux")) {
        assert!(record(&["--", "true"]).contains("Linux only"));
        return;
    }
    let nowhere = place.file("nowhere.so");
    assert!(record(&["--library", &nowhere, "--", "true"]).contains("cannot be read"));
    std::fs::create_dir(place.path().join("with space")).expect("a folder");
    let odd = place.write("with space/library.so", "");
    assert!(record(&["--library", &odd, "--", "true"]).contains("a space or a colon"));
    assert!(record(&[]).contains("COMMAND"));
    let gzipped = mistake(&["record", "--party", "0", "-o", &place.file("a.gz"), "--", "true"]);
    assert!(gzipped.contains("logs are not gzipped"));
    assert!(!PathBuf::from(&out).exists());
}
