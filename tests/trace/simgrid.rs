//! `mpcsim import` of time-independent traces of SimGrid.

use std::fmt::Write;
use std::path::PathBuf;

use mpcsim::import::{Decimal, TextError, independent};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::Trace;
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::{Place, good, line, mistake};

fn read(texts: &[&str]) -> Result<Trace, TextError> {
    let place = Place::new();
    let file = |(at, text): (usize, &&str)| PathBuf::from(place.write(&format!("{at}.txt"), text));
    let files: Vec<PathBuf> = texts.iter().enumerate().map(file).collect();
    independent(&files, false, Decimal::read("1e9"), MemoryLimit::of_machine())
}

fn wrong(text: &str) -> (Option<u64>, Option<usize>, String) {
    let error = read(&[text]).expect_err("a problem");
    (error.line, error.column, error.problem)
}

/// SimGrid's own example of `waitall`, with the tags that its traces have by now, and what else a trace may have.
const EXAMPLE: &str = "# three ranks\n0 init\n1 init 1\n2 init\n\n0 irecv 1 7 2000 6\n1 isend 0 7 250\n2 irecv 1 0 3000\n\n0 irecv 2 0 3000\n\
    1 isend 2 0 3000 6\n2 isend 0 0 750 1\n\n0 compute 2.5e6\n0 waitall\n1 wait 1 0 7\n1 wait 1 2 0\n1 sleep 0.001\n2 test 1 2 0\n\
    2 wait 1 2 0\n2 comm_size 3\n0 finalize\n1 finalize\n2 finalize\n";

#[test]
fn an_exchange_is_what_it_is_by_hand() {
    let trace = read(&[EXAMPLE]).expect("a trace");
    // 2.5 million flops at 10^9 a second; both receives at the one wait.
    assert_eq!(line(&trace, 0), ["work 2500000", "take 0 of 1", "same take 0 of 2"]);
    // 250 doubles, which `init 1` makes of elements without a type, and 3000 bytes.
    assert_eq!(line(&trace, 1), ["send 2000 to 0", "send 3000 to 2", "work 1000000"]);
    // 750 integers.
    assert_eq!(line(&trace, 2), ["send 3000 to 0", "take 0 of 1"]);
}

#[test]
fn one_file_a_list_and_a_file_of_each_rank_are_the_same() {
    let place = Place::new();
    let whole = place.write("whole.txt", EXAMPLE);
    let of = |rank: &str| {
        let lines = EXAMPLE.lines().filter(|line| line.starts_with(rank));
        place.write(&format!("rank{rank}.txt"), &(lines.collect::<Vec<_>>().join("\n") + "\n"))
    };
    let ranks = ["0", "1", "2"].map(of);
    let list = place.write("list.txt", "# the ranks\nrank0.txt\nrank1.txt\n\nrank2.txt\n");
    let import = |files: &[&str]| {
        let out = place.file("out.jsonl");
        let told = good(&[&["import"], files, &["--flops-per-second", "1e9", "-o", &out]].concat());
        assert_eq!(told, format!("3 parties, 3 messages of 8,000 bytes in all, in {out}\n"));
        place.read("out.jsonl")
    };
    let expected = import(&[&whole]);
    assert_eq!(import(&[&list]), expected);
    assert_eq!(import(&ranks.each_ref().map(String::as_str)), expected);
    // A list may be read from another folder than its own.
    let missing = place.write("missing.txt", "rank0.txt\nrank9.txt\n");
    let told = mistake(&["import", &missing, "--flops-per-second", "1e9", "-o", &place.file("no.jsonl")]);
    assert!(told.contains("missing.txt: line 2, column 1: there is no file "), "{told}");
}

#[test]
fn messages_are_found_by_their_tags() {
    let two = |one: &str, other: &str| read(&[one, other]).map(|trace| line(&trace, 1));
    let sends = "0 init\n0 send 1 1 10\n0 send 1 2 20\n0 send 1 1 30\n0 finalize\n";
    let took = two(sends, "1 init\n1 recv 0 2 20\n1 irecv 0 1 10\n1 recv 0 1 99\n1 wait 0 1 1\n1 finalize\n");
    assert_eq!(took.expect("a trace"), ["take 1 of 0", "take 2 of 0", "take 0 of 0"]);
    // Of anybody, and of a size that the message has, where only one can be meant.
    let sends = "0 init\n0 send 1 5 10\n0 send 1 5 20\n0 finalize\n";
    let took = two(sends, "1 init\n1 recv -555 5 -1\n1 irecv 0 -444 0\n1 waitall\n1 finalize\n");
    assert_eq!(took.expect("a trace"), ["take 0 of 0", "take 1 of 0"]);
    let sends = "0 init\n0 send 1 5 10\n0 send 1 6 20\n0 finalize\n";
    let error = two(sends, "1 init\n1 recv 0 -444 0\n1 recv 0 5 0\n1 finalize\n").expect_err("either");
    assert_eq!((error.line, error.column), (Some(2), Some(3)));
    assert!(
        error.problem.starts_with("messages from rank 0 with tag 5 and from rank 0 with tag 6 would both do"),
        "{error}"
    );
}

#[test]
fn damage_is_told_with_its_place() {
    let expected = "expected `send TO TAG COUNT [TYPE]`; was the trace written by an older SimGrid, or cut?";
    for (text, line, column, problem) in [
        ("0 init\n0 send 1 1e9\n", 2, 13, expected),
        ("0 init\n0 send 1 0 5 6 7\n", 2, 16, expected),
        ("0 init\n0 compute 1e\n", 2, 11, "`1e`: expected flops, such as 1e6"),
        ("0 init\n0 compute -1\n", 2, 11, "`-1`: expected flops, such as 1e6"),
        ("0 init\n0 compute 1e30\n", 2, 11, "that takes 2^64 ps or more"),
        ("0 init\n0 send 1 0 2.5\n", 2, 12, "`2.5` elements: expected a whole number below 2^64"),
        (
            "0 init\n0 send 1 0 1e19 0\n",
            2,
            12,
            "10000000000000000000 elements of 8 bytes are 2^64 bytes or more",
        ),
        (
            "0 init\n0 send 1 0 5 9\n",
            2,
            14,
            "type `9`: SimGrid replays 0 double, 1 int, 2 char, 3 short, 4 long, 5 float, 6 byte",
        ),
        ("0 init\n0 send -1 0 5\n", 2, 8, "`-1`: expected a rank, a number from 0"),
        ("0 init\n0\n", 2, 2, "expected what the rank does, such as `compute 1e6`"),
        ("0 init\np0 compute 5\n", 2, 1, "`p0`: expected a rank, a number from 0"),
        ("9999 init\n", 1, 1, "rank 9999: expected 0 to 4095"),
        ("0 init\n0 finalize\n0 compute 5\n", 3, 3, "rank 0 has ended by `finalize`"),
        (
            "0 init\n0 allReduce 1 2\n",
            2,
            3,
            "`allreduce` has no messages of its own until somebody chooses how it is done: record with a library that writes it as sends and \
             receives, or write them yourself",
        ),
        (
            "0 init\n0 jump\n",
            2,
            3,
            "`jump` is none of init, finalize, compute, sleep, send, isend, recv, irecv, wait, waitall, test, comm_size, comm_split, comm_dup, \
             location",
        ),
        (
            "0 init\n0 wait 1 0 5\n",
            2,
            3,
            "rank 0 waits for what it has not begun: no `isend` or `irecv` of these ranks and this tag is left",
        ),
        (
            "1 init\n1 compute 1\n1 finalize\n",
            1,
            1,
            "rank 1 is here, and rank 0 nowhere: give the files of all ranks",
        ),
        (
            "0 init\n0 irecv 1 5 5\n0 test 1 0 5\n0 finalize\n1 init\n1 send 0 5 5\n1 finalize\n",
            2,
            3,
            "rank 0 never waits for what this receives, so nobody can tell when it needs it: `test` may have found it",
        ),
        (
            "0 init\n0 finalize\n1 init\n1 compute 1\n1 finalize\n",
            1,
            1,
            "rank 0 neither computes nor sends nor receives: leave it out, and number the others anew",
        ),
        (
            "0 init\n0 send 1 5 5\n0 finalize\n1 init\n1 recv 0 5 4\n1 finalize\n",
            5,
            3,
            "it takes 4 bytes, and the message for it, sent in line 2 of rank 0, has 5",
        ),
    ] {
        assert_eq!(wrong(text), (Some(line), Some(column), problem.to_string()), "{text}");
    }
    let cut = wrong("0 init\n0 send 1 5 5\n0 finalize\n1 init\n1 recv 0 5 5\n");
    assert_eq!(cut, (None, None, "rank 1 does not end by `finalize`: was the trace cut?".into()));
    let both = read(&["0 init\n1 init\n", "0 finalize\n"]).expect_err("a rank in two files");
    assert!(both.problem.starts_with("rank 0 is in ") && both.line == Some(1), "{both}");
}

#[test]
fn the_command_wants_a_speed_where_there_is_work() {
    let place = Place::new();
    let (file, out) = (place.write("it.txt", EXAMPLE), place.file("out.jsonl"));
    let told = mistake(&["import", &file, "-o", &out]);
    assert_eq!(
        told,
        format!(
            "error: {file}: line 14, column 3: work is in flops here: say how many of them a second has with --flops-per-second\n"
        )
    );
    for speed in ["0", "fast", "-1"] {
        let told = mistake(&["import", &file, &format!("--flops-per-second={speed}"), "-o", &out]);
        assert!(told.contains("expected a number above 0, such as 1e9"), "{told}");
    }
    assert!(!PathBuf::from(&out).exists());
    let still: String =
        EXAMPLE.lines().filter(|line| !line.contains("compute")).collect::<Vec<_>>().join("\n");
    good(&["import", &place.write("still.txt", &still), "-o", &out]);
    let unknown = place.write("unknown.txt", "what is this?\n");
    let told = mistake(&["import", &unknown, "-o", &place.file("no.jsonl")]);
    assert!(told.contains("unknown.txt: it begins like none of what is imported"), "{told}");
    let told = mistake(&["import", &file, &unknown, "-o", &place.file("no.jsonl")]);
    assert!(told.contains("unknown.txt: it begins like none"), "{told}");
    let goal = place.write("it.goal", "num_ranks 2\n");
    let told = mistake(&["import", &file, &goal, "-o", &place.file("no.jsonl")]);
    assert!(told.contains("it.txt is a time-independent trace of SimGrid, and "), "{told}");
    let told = mistake(&["import", &place.file("nowhere.txt"), "-o", &place.file("no.jsonl")]);
    assert!(told.contains("nowhere.txt: it cannot be read"), "{told}");
}

/// Programs of random messages, one after the other, as such a trace and as our own lines.
#[test]
fn random_programs_replay_as_our_own_lines() {
    let mut random = Pcg64Mcg::new(17);
    let place = Place::new();
    for round in 0..30 {
        let parties = 2 + random.next_u32() as usize % 3;
        let (mut text, mut own) = (String::new(), String::new());
        let mut sent = vec![vec![0; parties]; parties];
        for rank in 0..parties {
            let _ = writeln!(text, "{rank} init\n{rank} compute 1");
            let _ = writeln!(own, r#"{{"party":{rank},"kind":"work","ps":1000}}"#);
        }
        for _ in 0..40 {
            let from = random.next_u32() as usize % parties;
            let to = (from + 1 + random.next_u32() as usize % (parties - 1)) % parties;
            let (tag, count) = (random.next_u32() % 3, random.next_u32() % 5000);
            let flops = random.next_u32() % 1_000_000;
            let send = if random.next_u32().is_multiple_of(2) { "send" } else { "isend" };
            let _ = writeln!(text, "{from} compute {flops}\n{from} {send} {to} {tag} {count} 3");
            if random.next_u32().is_multiple_of(2) {
                let _ = writeln!(
                    text,
                    "{to} irecv {from} {tag} {count} 3\n{to} compute {flops}.0e0\n{to} wait {from} {to} {tag}"
                );
            } else {
                let _ = writeln!(text, "{to} compute {flops}\n{to} recv {from} {tag} {count} 3");
            }
            let (bytes, ps) = (2 * u64::from(count), 1000 * u64::from(flops));
            let message: &mut u64 = &mut sent[from][to];
            let _ = writeln!(own, r#"{{"party":{from},"kind":"work","ps":{ps}}}"#);
            let _ = writeln!(own, r#"{{"party":{from},"kind":"send","peer":{to},"bytes":{bytes}}}"#);
            let _ = writeln!(own, r#"{{"party":{to},"kind":"work","ps":{ps}}}"#);
            let _ = writeln!(
                own,
                r#"{{"party":{to},"kind":"recv","peer":{from},"bytes":{bytes},"message":{message}}}"#
            );
            *message += 1;
        }
        for rank in 0..parties {
            let _ = writeln!(text, "{rank} waitall\n{rank} finalize");
        }
        let (file, own) = (place.write("it.txt", &text), place.write("own.jsonl", &own));
        let out = place.file("it.jsonl");
        good(&["import", &file, "--flops-per-second", "1e9", "-o", &out]);
        for network in ["lan", "wan"] {
            let replayed = |file: &str| good(&["replay", file, "--network", network, "--json"]);
            assert_eq!(replayed(&out), replayed(&own), "round {round}");
        }
    }
}

/// Whatever stands in a file, it is read or refused.
#[test]
fn damaged_traces_end_nothing() {
    let last = EXAMPLE.len() - 1;
    for length in 0..last {
        assert!(read(&[&EXAMPLE[..length]]).is_err(), "{length}");
    }
    let mut random = Pcg64Mcg::new(19);
    for _ in 0..3000 {
        let mut bytes = EXAMPLE.as_bytes().to_vec();
        for _ in 0..1 + random.next_u32() % 4 {
            let at = random.next_u32() as usize % bytes.len();
            match random.next_u32() % 3 {
                0 => bytes[at] = b"0123456789 \n-e.#swr"[random.next_u32() as usize % 19],
                1 if at > 200 => bytes.truncate(at),
                _ => bytes[at] ^= 1 << (random.next_u32() % 7),
            }
        }
        let _ = read(&[&String::from_utf8_lossy(&bytes)]);
    }
}
