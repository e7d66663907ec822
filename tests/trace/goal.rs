//! `mpcsim import` of GOAL schedules: what they are by hand, what a small simulator of graphs says, and what is refused.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use mpcsim::import::{Goal, TextError, goal};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::{Endpoint, Link, Network, Replayer, Trace};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::{Place, good, line, mistake};

fn read(text: &str) -> Result<Goal, TextError> {
    let place = Place::new();
    goal(&PathBuf::from(place.write("it.goal", text)), MemoryLimit::of_machine())
}

/// What is wrong, and where.
fn wrong(text: &str) -> (Option<u64>, Option<usize>, String) {
    let error = read(text).expect_err("a problem");
    (error.line, error.column, error.problem)
}

fn trace(text: &str) -> Trace {
    let read = read(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert_eq!((read.late, read.first_late), (0, None), "{text}");
    read.trace
}

/// 1 ms, and a byte takes a nanosecond.
const LATENCY_PS: u64 = 1_000_000_000;
const BYTE_PS: u64 = 1000;

/// When each party ends.
fn ends(trace: &Trace) -> Vec<u64> {
    let link = Link { latency_ps: LATENCY_PS, bandwidth_bps: Some(8_000_000_000), ..Link::INSTANT };
    let network = Network::uniform(trace.parties(), link);
    let endpoints = vec![Endpoint::default(); trace.parties()];
    let run = Replayer::new(&network, &endpoints).run(trace, &mut ()).expect("it replays");
    run.clocks.iter().map(|clock| clock.time_ps).collect()
}

const EXAMPLE: &str = "// an exchange\nnum_ranks 2\n\nrank 0 {\nl1: calc 100\nl2: send 1000b to 1 tag 5 cpu 0 nic 0\nl2 requires l1\n\
    /* the answer\n   comes back */\nl3: recv 10b from 1\nl3 irequires l2\n}\n\nrank 1 {\nl1: recv 1000b from 0 tag 5\nl2: calc 50\nl2 requires l1\n\
    l3: send 10b to 0\nl3 requires l2\n}\n";

#[test]
fn an_exchange_is_what_it_is_by_hand() {
    let trace = trace(EXAMPLE);
    assert_eq!(line(&trace, 0), ["work 100", "send 1000 to 1", "take 0 of 1"]);
    assert_eq!(line(&trace, 1), ["take 0 of 0", "work 50", "send 10 to 0"]);
    // 100 ns, 1000 bytes, 1 ms, 50 ns, 10 bytes, 1 ms.
    let there = 100_000 + 1000 * BYTE_PS + LATENCY_PS;
    assert_eq!(ends(&trace), [there + 50_000 + 10 * BYTE_PS + LATENCY_PS, there + 50_000]);
}

#[test]
fn receives_are_put_where_they_are_needed() {
    // Two receives that are posted early and awaited together, by what is calculated meanwhile.
    let trace = trace(
        "num_ranks 3\nrank 0 {\nr1: recv 8b from 1 tag 1\nr2: recv 8b from 2 tag 2\nc: calc 700\nd: calc 300\nd requires c\nd requires r1\n\
         d requires r2\nr3: recv 8b from 1 tag 2\n}\nrank 1 {\nsend 8b to 0 tag 2\nsend 8b to 0 tag 1\n}\nrank 2 {\nsend 8b to 0 tag 2\n}\n",
    );
    let expected = ["work 700", "take 1 of 1", "same take 0 of 2", "work 300", "take 0 of 1"];
    assert_eq!(line(&trace, 0), expected);
    // A receive that nothing needs comes last.
    let last = super::goal::trace(
        "num_ranks 2\nrank 0 {\nrecv 8b from 1\ncalc 5\nsend 8b to 1\n}\nrank 1 {\nrecv 8b from 0\nsend 8b to 0\n}\n",
    );
    assert_eq!(line(&last, 0), ["send 8 to 1", "work 5", "take 0 of 1"]);
    // A receive is posted when what it requires to begin has begun.
    let chain = super::goal::trace(
        "num_ranks 2\nrank 0 {\na: recv 8b from 1 tag 3\nb: recv 9b from 1 tag 3\nb irequires a\nc: calc 4\nc requires b\nc requires a\n}\n\
         rank 1 {\nx: send 8b to 0 tag 3\ny: send 9b to 0 tag 3\ny requires x\n}\n",
    );
    assert_eq!(line(&chain, 0), ["take 0 of 1", "same take 1 of 1", "work 4"]);
}

#[test]
fn what_only_one_message_can_be_is_no_wildcard() {
    let trace = trace(
        "num_ranks 2\nrank 0 {\na: recv 8b from -1 tag -1\nb: recv 8b from 1 tag -1\nb requires a\n}\nrank 1 {\nsend 8b to 0 tag 7\nsend 8b to 0 tag 7\n}\n",
    );
    assert_eq!(line(&trace, 0), ["take 0 of 1", "take 1 of 1"]);
    let (line, column, problem) = wrong(
        "num_ranks 3\nrank 0 {\na: recv 8b from -1 tag 7\nb: recv 8b from 2 tag 7\nb requires a\n}\nrank 1 {\nsend 8b to 0 tag 7\n}\nrank 2 {\nsend 8b to 0 tag 7\n}\n",
    );
    assert_eq!((line, column), (Some(3), Some(4)));
    assert_eq!(
        problem,
        "messages from rank 1 with tag 7 and from rank 2 with tag 7 would both do, and which one it takes depends on when they come: write \
         which one it is"
    );
}

/// What runs side by side, each with why it is refused.
#[test]
fn graphs_that_no_line_can_stand_for_are_refused() {
    let with = |rank: &str, others: &str| wrong(&format!("num_ranks 3\nrank 0 {{\n{rank}\n}}\n{others}"));
    let senders = "rank 1 {\nsend 8b to 0\n}\nrank 2 {\nsend 8b to 0\n}\n";
    // The dissemination of LogGOPSim's examples: the second round does not wait for the first.
    let refused = with(
        "l2: recv 8b from 1\nl3: calc 10\nl3 requires l2\nl4: recv 8b from 2\nl5: calc 20\nl5 requires l4",
        senders,
    );
    assert_eq!((refused.0, refused.1), (Some(7), Some(5)));
    assert_eq!(
        refused.2,
        "`l3` (line 4) and `l5` (line 7) run side by side: `l3` (line 4) needs what `l2` (line 3) receives, and `l5` (line 7) does not, so which \
         comes first depends on the network; a line of a trace has one after the other"
    );
    let refused = with("a: calc 10\nb: calc 20 cpu 1\nr: recv 8b from 1\nq: recv 8b from 2", senders);
    assert_eq!((refused.0, refused.1), (Some(4), Some(4)));
    assert!(
        refused.2.starts_with("`a` (line 3) and `b` (line 4) run side by side on cpu 0 and cpu 1"),
        "{}",
        refused.2
    );
    // What a message lets begin on another processor.
    let refused =
        with("a: calc 10\nr: recv 8b from 1\nb: calc 20 cpu 1\nb requires r\nq: recv 8b from 2", senders);
    assert!(refused.2.starts_with("`a` (line 3) and `b` (line 5) run side by side"), "{}", refused.2);
    let refused = with(
        "a: calc 1\nb: calc 1\na requires b\nb irequires a\nr: recv 8b from 1\nq: recv 8b from 2",
        senders,
    );
    assert_eq!(refused.2, "`a` (line 3) needs what needs it, so it can never begin");
    // Which of two receives is posted first depends on whether rank 2's message comes while rank 0 calculates.
    let (_, _, problem) = with(
        "c: calc 1000\na: recv 8b from 1\na requires c\nx: recv 8b from 2\nb: recv 8b from 1\nb requires x\nd: calc 1\nd requires a\nd requires b",
        "rank 1 {\nsend 8b to 0\nsend 8b to 0\n}\nrank 2 {\nsend 8b to 0\n}\n",
    );
    assert!(problem.starts_with("`a` (line 4) and `b` (line 7) could take the same message"), "{problem}");
}

#[test]
fn what_an_early_message_would_put_first_is_said() {
    let text = "num_ranks 2\nrank 0 {\nr: recv 8b from 1\nd: calc 5\nd requires r\na: calc 10\nb: calc 20\nb requires a\n}\nrank 1 {\nsend 8b to 0\n}\n";
    let read = read(text).expect("a schedule");
    assert_eq!(line(&read.trace, 0), ["work 30", "take 0 of 1", "work 5"]);
    assert_eq!(read.late, 1);
    assert_eq!(read.first_late.as_deref(), Some("rank 0 does `b` (line 7) before `d` (line 4)"));
    let place = Place::new();
    let (file, out) = (place.write("it.goal", text), place.file("it.jsonl"));
    assert_eq!(
        good(&["import", &file, "-o", &out]),
        format!(
            "2 parties, 1 messages of 8 bytes in all, in {out}\nin one place a rank does first what would come second if a message were \
             early: rank 0 does `b` (line 7) before `d` (line 4)\n"
        )
    );
}

#[test]
fn damage_is_told_with_its_place() {
    for (text, line, column, problem) in [
        ("rank 0 {\n}\n", Some(1), Some(1), "how many ranks there are must come first: `num_ranks 2`"),
        ("num_ranks 2\nrank 2 {\n}\n", Some(2), Some(1), "rank 2 of 2, which count from 0"),
        ("num_ranks 0\n", Some(1), Some(1), "0 ranks: expected 1 to 4096"),
        (
            "num_ranks 99999999999999999999\n",
            Some(1),
            Some(11),
            "`99999999999999999999` is more than 2^64 - 1",
        ),
        (
            "num_ranks 2\nrank 0 {\ncalc 5\n",
            Some(3),
            None,
            "the file ends within rank 0: expected `}`; was it cut?",
        ),
        ("num_ranks 2\nrank 0 {\ncalc 5\n}\n", Some(4), None, "rank 1 of 2 is missing; was the file cut?"),
        (
            "num_ranks 2 /* to\nrank 0 {",
            Some(2),
            None,
            "the file ends within a comment: expected `*/`; was it cut?",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5 to 1\n}\n",
            Some(3),
            Some(8),
            "expected `b`, for bytes, and there is `to`",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b from 1\n}\n",
            Some(3),
            Some(9),
            "expected `to`, and there is `from`",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b to -1\n}\n",
            Some(3),
            Some(12),
            "expected a rank, and there is `-1`",
        ),
        ("num_ranks 2\nrank 0 {\nl1: calc\n}\n", Some(3), Some(9), "expected nanoseconds, and the line ends"),
        (
            "num_ranks 2\nrank 0 {\nl1: cal 5\n}\n",
            Some(3),
            Some(5),
            "expected `calc`, `send` or `recv`, and there is `cal`",
        ),
        (
            "num_ranks 2\nrank 0 {\nl1: calc 5\nl1: calc 6\n}\n",
            Some(4),
            Some(1),
            "label `l1` for the second time in this rank",
        ),
        (
            "num_ranks 2\nrank 0 {\nl1: calc 5\nl1 requires l2\n}\n",
            Some(4),
            Some(13),
            "no operation before this has the label `l2`",
        ),
        (
            "num_ranks 2\nrank 0 {\ncalc 5 tag 7\n}\n",
            Some(3),
            Some(8),
            "expected `cpu` or the end of the line, and there is `tag`",
        ),
        ("num_ranks 2\nrank 0 {\ncalc 5 cpu 256\n}\n", Some(3), Some(12), "processor 256: expected 0 to 255"),
        (
            "num_ranks 2\nrank 0 {\ncalc 18446744073709552\n}\n",
            Some(3),
            Some(6),
            "18446744073709552 ns are more than 2^64 ps",
        ),
        (
            "num_ranks 2\nrank 0 {\ncalc 5 }\n",
            Some(3),
            Some(8),
            "expected the end of the line, and there is `}`",
        ),
        (
            "num_ranks 2\nrank 0 {\ncalc 5; calc 6\n}\n",
            Some(3),
            Some(7),
            "`;` has no meaning in a GOAL schedule",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b to 2\n}\nrank 1 {\ncalc 1\n}\n",
            Some(3),
            Some(1),
            "it sends to rank 2, and there are 2 ranks: 0 to 1",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b to 0\n}\nrank 1 {\ncalc 1\n}\n",
            Some(3),
            Some(1),
            "a rank that sends to itself sends nothing over a network",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b to 1\n}\nrank 1 {\ncalc 1\n}\n",
            Some(3),
            Some(1),
            "nobody receives it: rank 1 takes fewer with tag 0 from rank 0",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b to 1 tag 1\n}\nrank 1 {\nx: recv 5b from 0 tag 2\n}\n",
            Some(6),
            Some(4),
            "there is no message for it: rank 0 does not send so many with tag 2 to rank 1",
        ),
        (
            "num_ranks 2\nrank 0 {\nsend 5b to 1\n}\nrank 1 {\nx: recv 4b from 0\n}\n",
            Some(6),
            Some(4),
            "it takes 4 bytes, and the message for it, sent in line 3 of rank 0, has 5",
        ),
        (
            "num_ranks 2\nrank 0 {\ncalc 0\n}\nrank 1 {\ncalc 1\n}\n",
            Some(2),
            Some(1),
            "rank 0 neither calculates nor sends nor receives: leave it out, and number the others anew",
        ),
    ] {
        assert_eq!(wrong(text), (line, column, problem.to_string()), "{text}");
    }
}

#[test]
fn the_command_says_what_is_wrong_and_writes_nothing() {
    let place = Place::new();
    let (file, out) = (place.write("cut.goal", "num_ranks 2\nrank 0 {\nl1: calc"), place.file("out.jsonl"));
    let told = mistake(&["import", &file, "-o", &out]);
    assert_eq!(told, format!("error: {file}: line 3, column 9: expected nanoseconds, and the line ends\n"));
    let whole = place.write("whole.goal", EXAMPLE);
    let speed = mistake(&["import", &whole, "--flops-per-second", "1e9", "-o", &out]);
    assert!(speed.contains("is a GOAL schedule: --flops-per-second is for traces of SimGrid"), "{speed}");
    let party = mistake(&["import", &whole, "--party", "0=10.0.0.1", "-o", &out]);
    assert!(party.contains("is a GOAL schedule: --party, --lengths and --skip-bytes"), "{party}");
    let twice = mistake(&["import", &whole, &whole, "-o", &out]);
    assert!(twice.contains("has all ranks: give one GOAL schedule, not 2"), "{twice}");
    let translated = place.file("whole.bin");
    std::fs::write(&translated, [&4223u64.to_le_bytes()[..], &[2, 0, 0, 0]].concat()).expect("written");
    let translated = mistake(&["import", &translated, "-o", &out]);
    assert!(
        translated.contains("as `txt2bin` translates it: give the text that it was made of"),
        "{translated}"
    );
    let waits = "rank 0 {\na: recv 1b from 1\nb: send 1b to 1\nb requires a\n}\nrank 1 {\na: recv 1b from 0\nb: send 1b to 0\nb requires a\n}\n";
    let waits = place.write("waits.goal", &format!("num_ranks 2\n{waits}"));
    mistake(&["import", &waits, "-o", &out]);
    let one = place.write("one.goal", "num_ranks 1\nrank 0 {\ncalc 5\n}\n");
    assert!(mistake(&["import", &one, "-o", &out]).contains("one party sends nothing over a network"));
    assert!(!PathBuf::from(&out).exists());
}

/// A graph, as it is made here.
#[derive(Clone)]
struct Node {
    kind: Kind,
    /// Indices, and whether it is only the beginning.
    needs: Vec<(usize, bool)>,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Calculate(u64),
    Send(usize, u64, u64),
    Receive(usize, u64, u64),
}

fn written(ranks: &[Vec<Node>]) -> String {
    let mut text = format!("num_ranks {}\n", ranks.len());
    for (rank, nodes) in ranks.iter().enumerate() {
        let _ = writeln!(text, "rank {rank} {{");
        for (at, node) in nodes.iter().enumerate() {
            let _ = match node.kind {
                Kind::Calculate(ns) => writeln!(text, "l{at}: calc {ns}"),
                Kind::Send(to, tag, bytes) => {
                    writeln!(text, "l{at}: send {bytes}b to {to} tag {tag}")
                }
                Kind::Receive(from, tag, bytes) => {
                    writeln!(text, "l{at}: recv {bytes}b from {from} tag {tag}")
                }
            };
            for (needed, begun) in &node.needs {
                let _ = writeln!(text, "l{at} {} l{needed}", if *begun { "irequires" } else { "requires" });
            }
        }
        text.push_str("}\n");
    }
    text
}

/// What LogGOPSim has in its queue.
#[derive(Clone, Copy)]
enum Element {
    Operation(usize),
    /// From whom, with which tag.
    Message(usize, u64),
}

/// A simulator of graphs, made from LogGOPSim's and nothing else, with o = g = O = 0 and messages that follow each other on a link: a queue of what
/// is possible, by time and then as it became so, each rank's processor busy until a moment. None: it never ends.
fn simulated(ranks: &[Vec<Node>]) -> Option<Vec<u64>> {
    #[derive(Clone, Default)]
    struct Rank {
        begun: Vec<bool>,
        done: Vec<bool>,
        possible: Vec<bool>,
        free_ps: u64,
        posted: Vec<usize>,
        unexpected: Vec<(usize, u64)>,
        /// What has begun in this step.
        just: Option<usize>,
        end_ps: u64,
    }
    let mut queue: BTreeMap<(u64, u64), (usize, Element)> = BTreeMap::new();
    let mut links: BTreeMap<(usize, usize), u64> = BTreeMap::new();
    let none = |nodes: &Vec<Node>| vec![false; nodes.len()];
    let rank =
        |nodes| Rank { begun: none(nodes), done: none(nodes), possible: none(nodes), ..Rank::default() };
    let mut all: Vec<Rank> = ranks.iter().map(rank).collect();
    let mut count = 0;
    let mut changed: Vec<usize> = (0..ranks.len()).collect();
    loop {
        for at in std::mem::take(&mut changed) {
            let (nodes, rank) = (&ranks[at], &mut all[at]);
            // Of what an operation does, its beginning is told before its end.
            let is = |&(needed, begun): &(usize, bool), without_end_of: Option<usize>| {
                if begun { rank.begun[needed] } else { rank.done[needed] && Some(needed) != without_end_of }
            };
            let fits = |which: usize, without| nodes[which].needs.iter().all(|need| is(need, without));
            let mut new: Vec<usize> =
                (0..nodes.len()).filter(|&which| !rank.possible[which] && fits(which, None)).collect();
            new.sort_by_key(|&which| {
                let kind = match nodes[which].kind {
                    Kind::Send(..) => 0,
                    Kind::Receive(..) => 1,
                    Kind::Calculate(_) => 2,
                };
                (kind, rank.just.is_none() || !fits(which, rank.just), which)
            });
            for which in new {
                rank.possible[which] = true;
                queue.insert((rank.free_ps, count), (at, Element::Operation(which)));
                count += 1;
            }
        }
        let Some(((time, stamp), (at, element))) = queue.pop_first() else {
            break;
        };
        let (nodes, rank) = (&ranks[at], &mut all[at]);
        let receives =
            matches!(element, Element::Operation(which) if matches!(nodes[which].kind, Kind::Receive(..)));
        if rank.free_ps > time && !receives {
            queue.insert((rank.free_ps, stamp), (at, element));
            continue;
        }
        changed.push(at);
        rank.just = if let Element::Operation(which) = element { Some(which) } else { None };
        match element {
            Element::Message(from, tag) => {
                rank.free_ps = time;
                let takes = |&which: &usize| matches!(nodes[which].kind, Kind::Receive(one, other, _) if (one, other) == (from, tag));
                match rank.posted.iter().position(takes) {
                    Some(posted) => {
                        let which = rank.posted.remove(posted);
                        rank.done[which] = true;
                        rank.end_ps = rank.end_ps.max(time);
                    }
                    None => rank.unexpected.push((from, tag)),
                }
            }
            Element::Operation(which) => {
                rank.begun[which] = true;
                match nodes[which].kind {
                    Kind::Calculate(ns) => {
                        rank.free_ps = time + ns * 1000;
                        rank.done[which] = true;
                        rank.end_ps = rank.free_ps;
                    }
                    Kind::Send(to, tag, bytes) => {
                        rank.free_ps = time;
                        rank.done[which] = true;
                        rank.end_ps = time;
                        let free = links.entry((at, to)).or_default();
                        *free = time.max(*free) + bytes * BYTE_PS;
                        queue.insert((*free + LATENCY_PS, count), (to, Element::Message(at, tag)));
                        count += 1;
                    }
                    Kind::Receive(from, tag, _) => {
                        match rank.unexpected.iter().position(|message| *message == (from, tag)) {
                            Some(message) => {
                                rank.unexpected.remove(message);
                                rank.done[which] = true;
                                rank.end_ps = rank.end_ps.max(time);
                            }
                            None => rank.posted.push(which),
                        }
                    }
                }
            }
        }
    }
    all.iter()
        .all(|rank| rank.done.iter().all(|done| *done))
        .then(|| all.iter().map(|rank| rank.end_ps).collect())
}

/// Random graphs of which messages have an order that ends: a program of sends and receives, one after the other, that knows each rank's
/// operations, and random dependencies on what stands before.
fn random_graphs(random: &mut Pcg64Mcg, density: u32) -> Vec<Vec<Node>> {
    let parties = 2 + random.next_u32() as usize % 2;
    let mut ranks: Vec<Vec<Node>> = vec![Vec::new(); parties];
    let node = |ranks: &mut Vec<Vec<Node>>, at: usize, kind, random: &mut Pcg64Mcg| {
        let here = ranks[at].len();
        let mut needs = Vec::new();
        for before in (0..here).rev().take(4) {
            if random.next_u32() % 100 < density {
                needs.push((before, random.next_u32().is_multiple_of(5)));
            }
        }
        ranks[at].push(Node { kind, needs });
    };
    for _ in 0..2 + random.next_u32() % 5 {
        for at in 0..parties {
            if random.next_u32().is_multiple_of(2) {
                let ns = [10, 1000, 400_000, 3_000_000][random.next_u32() as usize % 4];
                node(&mut ranks, at, Kind::Calculate(ns), random);
            }
        }
        let from = random.next_u32() as usize % parties;
        let to = (from + 1 + random.next_u32() as usize % (parties - 1)) % parties;
        let (tag, bytes) =
            (u64::from(random.next_u32() % 2), [1, 1000, 500_000][random.next_u32() as usize % 3]);
        node(&mut ranks, from, Kind::Send(to, tag, bytes), random);
        node(&mut ranks, to, Kind::Receive(from, tag, 500_000), random);
    }
    ranks
}

/// Whatever is accepted without a remark ends, in each rank, when the graph does.
#[test]
fn accepted_graphs_take_the_time_that_a_simulator_of_graphs_says() {
    let mut random = Pcg64Mcg::new(23);
    let (mut exact, mut late, mut refused) = (0, 0, 0);
    for round in 0..3000 {
        let ranks = random_graphs(&mut random, [30, 60, 90][round % 3]);
        let text = written(&ranks);
        match read(&text) {
            Err(_) => refused += 1,
            Ok(Goal { late: 1.., .. }) => late += 1,
            Ok(Goal { trace, .. }) => {
                // A graph whose sends and receives wait for each other has no time in either.
                let Some(expected) = simulated(&ranks) else {
                    continue;
                };
                assert_eq!(ends(&trace), expected, "round {round}:\n{text}");
                exact += 1;
            }
        }
    }
    assert!(
        exact > 1500 && late > 200 && refused > 100,
        "{exact} exact, {late} with a remark, {refused} refused"
    );
}

/// Chains written as GOAL and as our own lines are the same trace.
#[test]
fn random_chains_replay_as_our_own_lines() {
    let mut random = Pcg64Mcg::new(5);
    let place = Place::new();
    for round in 0..20 {
        let mut ranks = random_graphs(&mut random, 0);
        let mut own = String::new();
        for (rank, nodes) in ranks.iter_mut().enumerate() {
            for (before, node) in nodes.iter_mut().skip(1).enumerate() {
                node.needs = vec![(before, false)];
            }
            // A message that is received is the next one of its tag.
            let mut taken: BTreeMap<(usize, u64), usize> = BTreeMap::new();
            for node in nodes.iter() {
                let _ = match node.kind {
                    Kind::Calculate(ns) => {
                        writeln!(own, r#"{{"party":{rank},"kind":"work","ps":{}}}"#, ns * 1000)
                    }
                    Kind::Send(to, _, bytes) => {
                        writeln!(own, r#"{{"party":{rank},"kind":"send","peer":{to},"bytes":{bytes}}}"#)
                    }
                    Kind::Receive(from, tag, _) => {
                        let nth = taken.entry((from, tag)).or_default();
                        *nth += 1;
                        writeln!(own, "{rank} {from} {tag} {nth}")
                    }
                };
            }
        }
        // The number and the bytes of the message that each receive takes.
        let resolve = |line: &str| {
            if line.starts_with('{') {
                return line.to_string();
            }
            let numbers: Vec<usize> = line.split(' ').map(|word| word.parse().expect("a number")).collect();
            let &[rank, from, tag, nth] = &numbers[..] else { unreachable!() };
            let sends = ranks[from].iter().filter_map(|node| match node.kind {
                Kind::Send(to, tag, bytes) if to == rank => Some((tag, bytes)),
                _ => None,
            });
            let fits = sends.enumerate().filter(|(_, (found, _))| *found == tag as u64);
            let (message, (_, bytes)) = fits.into_iter().nth(nth - 1).expect("it was sent");
            format!(r#"{{"party":{rank},"kind":"recv","peer":{from},"bytes":{bytes},"message":{message}}}"#)
        };
        let own: Vec<String> = own.lines().map(resolve).collect();
        let own = place.write("own.jsonl", &own.join("\n"));
        let (file, out) = (place.write("it.goal", &written(&ranks)), place.file("it.jsonl"));
        if ranks.iter().any(Vec::is_empty) {
            continue;
        }
        good(&["import", &file, "-o", &out]);
        for network in ["lan", "wan"] {
            let replayed = |file: &str| good(&["replay", file, "--network", network, "--json"]);
            assert_eq!(replayed(&out), replayed(&own), "round {round}");
        }
    }
}

/// Whatever stands in a file, it is read or refused.
#[test]
fn damaged_schedules_end_nothing() {
    let mut random = Pcg64Mcg::new(3);
    for length in 0..EXAMPLE.len() {
        // All but the last bracket's line end is needed.
        let cut = read(&EXAMPLE[..length]);
        assert_eq!(cut.is_ok(), length == EXAMPLE.len() - 1, "{length}");
    }
    for _ in 0..2000 {
        let ranks = random_graphs(&mut random, 50);
        let mut bytes = written(&ranks).into_bytes();
        for _ in 0..1 + random.next_u32() % 4 {
            let at = random.next_u32() as usize % bytes.len();
            match random.next_u32() % 3 {
                0 => bytes[at] = b"0123456789lbcr:{} \n-/*"[random.next_u32() as usize % 22],
                1 => bytes.truncate(at.max(1)),
                _ => bytes[at] ^= 1 << (random.next_u32() % 7),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let _ = read(&text);
    }
    let place = Place::new();
    let path = place.path().join("bytes.goal");
    std::fs::write(&path, b"num_ranks 2\nrank 0 { \xff").expect("written");
    let error = goal(&path, MemoryLimit::of_machine()).expect_err("no text");
    assert_eq!(
        (error.line, error.column, error.problem.as_str()),
        (Some(2), Some(10), "this is no text in UTF-8")
    );
}
