//! `mpcsim import` of what strace writes: logs that are written here, and, where strace is there and may trace, of processes that it traced.

use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use mpcsim::import::{Recorded, StraceError, straced};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::Trace;
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::{Place, good, line, mistake};

const MADE: &str = "strace -f --seccomp-bpf -yy -ttt -T -e trace=%net,%desc,%process,futex,nanosleep,clock_nanosleep -o party0.strace COMMAND";

fn read(texts: &[String]) -> Result<Recorded, StraceError> {
    let place = Place::new();
    let file = |(at, text): (usize, &String)| PathBuf::from(place.write(&format!("{at}.strace"), text));
    let files: Vec<PathBuf> = texts.iter().enumerate().map(file).collect();
    straced(&files, MemoryLimit::of_machine())
}

fn trace(texts: &[String]) -> Trace {
    read(texts).unwrap_or_else(|error| panic!("{error}")).trace
}

/// Lines with times in microseconds after a moment, and the end of each thread.
fn log(lines: &[(u32, u64, &str)]) -> String {
    let mut text = String::new();
    let mut threads: Vec<u32> = lines.iter().map(|&(thread, ..)| thread).collect();
    for (thread, us, said) in lines {
        let _ = writeln!(text, "{thread} 1700000000.{us:06} {said}");
    }
    threads.sort_unstable();
    threads.dedup();
    for thread in threads {
        let _ = writeln!(text, "{thread} 1700000000.999999 +++ exited with 0 +++");
    }
    text
}

/// Party 1 takes 1000 bytes in two calls, works for 300 us, and answers; its first thread waits in a call that a second thread interrupts.
fn two() -> [String; 2] {
    let own = "4<TCP:[127.0.0.1:40000->127.0.0.1:5000]>";
    let first = log(&[
        (10, 0, r#"execve("/bin/party", ["party"], 0x7ffc /* 3 vars */) = 0 <0.000100>"#),
        (10, 900, r#"openat(AT_FDCWD, "/etc/hosts", O_RDONLY|O_CLOEXEC) = 3</etc/hosts> <0.000010>"#),
        (
            10,
            1000,
            r#"connect(4<TCP:[77]>, {sa_family=AF_INET, sin_port=htons(5000), sin_addr=inet_addr("127.0.0.1")}, 16) = 0 <0.000050>"#,
        ),
        (
            10,
            2000,
            &format!("sendto({own}, \"a) = 5 <0.1>\\\"\"..., 1000, MSG_NOSIGNAL, NULL, 0) = 1000 <0.000020>"),
        ),
        (
            10,
            2120,
            &format!("write({own}, \"x\", 1)   = -1 EAGAIN (Resource temporarily unavailable) <0.000010>"),
        ),
        (
            10,
            2150,
            &format!(
                "poll([{{fd={own}, events=POLLIN}}], 1, -1) = 1 ([{{fd={own}, revents=POLLIN}}]) <0.000500>"
            ),
        ),
        (10, 2700, &format!("recvfrom({own}, \"yes\", 3, MSG_PEEK, NULL, NULL) = 3 <0.000002>")),
        (10, 2710, &format!("read({own}, \"yes\", 8)      = 3 <0.000005>")),
        (10, 2800, "exit_group(0)                     = ?"),
    ]);
    let own = "5<TCP:[127.0.0.1:5000->127.0.0.1:40000]>";
    let second = log(&[
        (20, 100, &format!("accept4(3<TCP:[127.0.0.1:5000]>, NULL, NULL, 0) = {own} <0.000900>")),
        (20, 1500, &format!("read({own}, \"\"..., 600) = 600 <0.000600>")),
        (20, 2110, &format!("recvmsg({own},  <unfinished ...>")),
        (21, 2111, "futex(0x7f, FUTEX_WAIT_PRIVATE, 2, NULL <unfinished ...>"),
        (
            20,
            2130,
            "<... recvmsg resumed>{msg_name=NULL, msg_iov=[{iov_base=\"\", iov_len=400}]}, 0) = 400 <0.000020>",
        ),
        (20, 2430, &format!("writev({own}, [{{iov_base=\"yes\", iov_len=3}}], 1) = 3 <0.000010>")),
        (21, 2431, "<... futex resumed>) = -1 EAGAIN (Resource temporarily unavailable) <0.000320>"),
        (20, 2500, &format!("read({own}, \"\", 8) = 0 <0.000100>")),
        (20, 2600, "--- SIGCHLD {si_signo=SIGCHLD, si_code=CLD_EXITED} ---"),
    ]);
    [first, second]
}

#[test]
fn calls_are_put_together_by_hand() {
    let logs = two();
    let made = read(&logs).expect("good logs");
    // Nothing before the first byte counts; 100 and 20 us before calls that find nothing, 50 after the wait, 8 between looking and taking, 85 to the end.
    let first = ["send 1000 to 1", "work 178000", "take 0 of 1", "work 85000"];
    assert_eq!(line(&made.trace, 0), first);
    assert_eq!(
        line(&made.trace, 1),
        ["work 10000", "take 0 of 0", "work 300000", "send 3 to 0", "work 60000"]
    );
    // Of the party that began last: from the first byte at 2.1 ms, when the first 600 were there, to its answer.
    assert_eq!((made.took_ns, made.untaken_bytes), (330_000, 0));
    // Times may have nanoseconds, and one process without `-f` has no number of its thread.
    let finer =
        logs.each_ref().map(|log| log.replace("> <", ">  <").replace(" +++ exited", "000 +++ exited"));
    assert_eq!(trace(&finer), made.trace);
    let alone: String = logs[0].lines().map(|line| format!("{}\n", &line[3..])).collect();
    assert_eq!(trace(&[alone, logs[1].clone()]), made.trace);
    // An address of IPv4 as one of IPv6 is the same.
    let mapped = logs[1].replace(
        "TCP:[127.0.0.1:5000->127.0.0.1:40000]",
        "TCPv6:[[::ffff:127.0.0.1]:5000->[::ffff:127.0.0.1]:40000]",
    );
    assert_eq!(trace(&[logs[0].clone(), mapped]), made.trace);
}

fn wrong(text: String) -> String {
    let error = read(&[text, two()[1].clone()]).expect_err("a problem").to_string();
    error.split_once("0.strace: ").expect("the first file is to blame").1.to_string()
}

#[test]
fn damage_and_what_is_not_in_a_log_are_told() {
    let [first, _] = two();
    let lines: Vec<&str> = first.lines().collect();
    let with = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        wrong(lines.join("\n"))
    };
    for (at, line, problem) in [
        (
            3,
            "10 12:00:01 read(3, \"\", 8) = 3 <0.000001>",
            "line 4, column 4: there is no time of `-ttt`: make the log with",
        ),
        (
            3,
            "10 1700000000.002000 read(3, \"\", 8) = 3",
            "line 4, column 27: there is no duration of `-T`: make the log with",
        ),
        (
            3,
            "10 1700000000.002000 read(3, \"\", 8) = 3 <0.000001>",
            "line 4, column 27: there is no description of descriptors of `-yy`: make the log with",
        ),
        (
            3,
            "10 1700000000.002000 read(3<socket:[77]>, \"\", 8) = 3 <0.000001>",
            "line 4, column 27: `read` moves 3 bytes over `socket:[77]`, and the log does not say between whom: make it with `-yy`",
        ),
        (3, "10 1700000000.002000 read(3<TCP", "line 4, column 27: `read` has no result: was the log cut?"),
        (
            3,
            "10 1700000000.002000 read(3 = 4 <0.000001>",
            "line 4, column 27: the arguments of `read` have no end: was the log cut?",
        ),
        (
            3,
            "10 1700000000.002000 <... read resumed>) = 4 <0.000001>",
            "line 4, column 22: `read` goes on, and has not begun in this thread",
        ),
        (
            3,
            "10 1700000000.000001 close(3) = 0 <0.000001>",
            "line 4, column 22: it is earlier than the line before of its thread",
        ),
        (3, "10 1700000000.002000 what is this", "line 4, column 22: expected a call, such as"),
        (3, "10", "line 4, column 1: expected a time and a call: was the log cut?"),
        (
            3,
            "10 1700000000.002000 +++ killed by SIGKILL +++",
            "line 4, column 22: the process was killed by SIGKILL",
        ),
        (3, "10 1700000000.002000 +++ exited with 0 +++", "line 5, column 22: thread 10 has ended before"),
        (
            3,
            "10 1700000000.002000 io_uring_enter(4, 1, 0, 0) = 1 <0.000001>",
            "line 4: `io_uring_enter` may move bytes",
        ),
        (
            3,
            "10 1700000000.002000 sendmmsg(4<TCP:[127.0.0.1:1->127.0.0.1:2]>, [], 1, 0) = 1 <0.000001>",
            "line 4: `sendmmsg` moves several messages over TCP",
        ),
        (9, "", "the log does not say that thread 10 ended: it was cut, or made with `-qqq`"),
    ] {
        let told = with(at, line);
        assert!(told.starts_with(problem), "{told}");
    }
    assert!(
        with(3, "10 1700000000.002000 read(3, \"\", 8) = 3")
            .ends_with(&format!("make the log with `{MADE}`"))
    );
    let open = format!("{}\n{}", "10 1700000000.000000 read(3<pipe:[1]>,  <unfinished ...>", first);
    assert!(wrong(open).starts_with("line 2, column 22: thread 10 makes a call within `read` of line 1"));
    // Bytes that were received and not sent, as in logs of `mpcsim record`.
    let fewer = first.replace("= 1000 <", "= 900 <");
    let told = read(&[fewer, two()[1].clone()]).expect_err("bytes").to_string();
    assert!(
        told.contains("party 1 received 1000 bytes from 127.0.0.1:40000, and party 0 sent 900"),
        "{told}"
    );
}

#[test]
fn the_command_says_what_is_wrong_and_writes_nothing() {
    let place = Place::new();
    let [first, second] = two();
    let (one, other) = (place.write("one.strace", &first), place.write("other.strace", &second));
    let out = place.file("out.jsonl");
    let told = mistake(&["import", &one, "-o", &out]);
    assert!(told.contains("give the logs of all parties"), "{told}");
    let told = mistake(&["import", &one, &other, "--party", "0=10.0.0.1", "-o", &out]);
    assert!(told.contains("one.strace is a log of strace: --party"), "{told}");
    let plain = place.write(
        "plain.strace",
        "socket(AF_INET, SOCK_STREAM, 0) = 3\nread(3, \"\", 8) = 8\n+++ exited with 0 +++\n",
    );
    let told = mistake(&["import", &plain, &other, "-o", &out]);
    assert!(
        told.contains(
            "plain.strace: line 1, column 1: there is no time of `-ttt`: make the log with `strace -f"
        ),
        "{told}"
    );
    let shown = place.write("shown.strace", "[pid    11] socket(AF_INET, SOCK_STREAM, 0) = 3\n");
    let told = mistake(&["import", &shown, &other, "-o", &out]);
    assert!(told.contains("shown.strace: line 1, column 1: there is no time"), "{told}");
    assert!(!PathBuf::from(&out).exists());
    let told = good(&["import", &one, &other, "-o", &out]);
    assert_eq!(
        told,
        format!(
            "2 parties, 2 messages of 1,003 bytes in all, in {out}\nwhile it was recorded, the run took 0.000330 s\n"
        )
    );
    good(&["replay", &out, "--network", "lan"]);
}

/// Whatever stands in a log, it is read or refused.
#[test]
fn damaged_logs_end_nothing() {
    let logs = two();
    for length in 0..logs[0].len() - 1 {
        assert!(read(&[logs[0][..length].to_string(), logs[1].clone()]).is_err(), "{length}");
    }
    let mut random = Pcg64Mcg::new(29);
    for _ in 0..3000 {
        let mut damaged = logs.clone();
        let which = random.next_u32() as usize % 2;
        let mut bytes = damaged[which].clone().into_bytes();
        for _ in 0..1 + random.next_u32() % 4 {
            let at = random.next_u32() as usize % bytes.len();
            match random.next_u32() % 3 {
                0 => bytes[at] = b"0123456789 \n<>()=.[]:"[random.next_u32() as usize % 21],
                1 if at > 200 => bytes.truncate(at),
                _ => bytes[at] ^= 1 << (random.next_u32() % 7),
            }
        }
        damaged[which] = String::from_utf8_lossy(&bytes).into_owned();
        let _ = read(&damaged);
    }
}

/// How strace is started; none where it is not there or may not trace.
fn tracer() -> Option<Vec<String>> {
    let words = MADE.split(" -o ").next().expect("its options").split(' ').map(str::to_string);
    let words: Vec<String> = words.collect();
    let tried = Command::new("strace").args(&words[1..]).args(["-o", "/dev/null", "true"]).output();
    let works = tried.is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: strace is not there, or may not trace");
    }
    works.then_some(words)
}

fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// Runs both parties' commands under strace, and makes a trace of their logs.
fn traced(place: &Place, tracer: &[String], commands: [Vec<String>; 2]) -> Trace {
    let logs = ["party0.strace", "party1.strace"].map(|name| place.file(name));
    let begun = commands.iter().zip(&logs).map(|(command, log)| {
        let mut traced = Command::new(&tracer[0]);
        traced.args(&tracer[1..]).args(["-o", log]).args(command).stdout(Stdio::null());
        traced.spawn().expect("strace starts")
    });
    for mut party in begun.collect::<Vec<_>>() {
        assert!(party.wait().expect("it ends").success(), "{commands:?}");
    }
    straced(&logs.map(PathBuf::from), MemoryLimit::of_machine())
        .unwrap_or_else(|error| panic!("{error}"))
        .trace
}

/// What is sent with these sizes, in order.
fn sends(trace: &Trace, party: usize, sizes: &[u64]) -> Vec<u64> {
    let sent = line(trace, party)
        .into_iter()
        .filter_map(|step| step.strip_prefix("send ")?.split(' ').next()?.parse().ok());
    sent.filter(|bytes| sizes.contains(bytes)).collect()
}

/// `mpcsim play` has a thread for each link that it writes to.
#[test]
fn threads_of_a_traced_process_are_one_line() {
    let Some(tracer) = tracer() else { return };
    let place = Place::new();
    let sizes = [10_007, 20_011, 30_011];
    let mut text = String::new();
    for bytes in sizes {
        for (party, peer) in [(0, 1), (1, 0)] {
            let _ = writeln!(text, r#"{{"party":{party},"kind":"send","peer":{peer},"bytes":{bytes}}}"#);
            let _ = writeln!(text, r#"{{"party":{party},"kind":"recv","peer":{peer},"bytes":{bytes}}}"#);
        }
    }
    let file = place.write("it.jsonl", &text);
    let ports = [port(), port()].map(|port| format!("127.0.0.1:{port}"));
    let command = |party: usize| {
        let connect = format!("{}={}", 1 - party, ports[1 - party]);
        [
            env!("CARGO_BIN_EXE_mpcsim"),
            "play",
            &file,
            "--party",
            &party.to_string(),
            "--listen",
            &ports[party],
            "--connect",
            &connect,
        ]
        .map(str::to_string)
        .to_vec()
    };
    let trace = traced(&place, &tracer, [command(0), command(1)]);
    for party in 0..2 {
        assert_eq!(sends(&trace, party, &sizes), sizes, "{:?}", line(&trace, party));
    }
}

/// What a traced process computes between its calls is in its line.
#[test]
fn work_of_a_traced_process_is_seen() {
    let Some(tracer) = tracer() else { return };
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: python3 is not there");
        return;
    }
    const PROGRAM: &str = "
import socket, sys, time
rank, port = int(sys.argv[1]), int(sys.argv[2])
if rank == 0:
    with socket.create_server(('127.0.0.1', port)) as server:
        peer, _ = server.accept()
else:
    while True:
        try:
            peer = socket.create_connection(('127.0.0.1', port))
            break
        except OSError:
            time.sleep(0.02)
def take(count):
    while count:
        count -= len(peer.recv(count))
for _ in range(4):
    if rank == 0:
        peer.sendall(b'x' * 1009)
        take(503)
    else:
        take(1009)
        end = time.thread_time() + 0.03
        while time.thread_time() < end:
            pass
        peer.sendall(b'y' * 503)
";
    let place = Place::new();
    let (program, port) = (place.write("party.py", PROGRAM), port().to_string());
    let command = |rank: &str| ["python3", &program, rank, &port].map(str::to_string).to_vec();
    let trace = traced(&place, &tracer, [command("0"), command("1")]);
    assert_eq!(sends(&trace, 0, &[1009]), [1009; 4]);
    assert_eq!(sends(&trace, 1, &[503]), [503; 4]);
    let mut works = Vec::new();
    let steps = line(&trace, 1);
    for (at, step) in steps.iter().enumerate().filter(|(_, step)| step.starts_with("send")) {
        works.push(
            steps[at - 1]
                .strip_prefix("work ")
                .and_then(|ns| ns.parse::<u64>().ok())
                .unwrap_or_else(|| panic!("{step}: {steps:?}")),
        );
    }
    assert!(works.len() == 4 && works.iter().all(|&ns| ns >= 29_900_000), "{works:?}");
}
