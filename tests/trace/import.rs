//! `mpcsim import`: captures that are written here, byte by byte, and what is made of them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use mpcsim::import::{Address, Import, Lengths, Problem};
use mpcsim::memory::MemoryLimit;
use mpcsim::sim::{EventKind, Trace};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

use super::{Place, good, mistake};

/// A packet to be written.
#[derive(Clone)]
struct Packet {
    time_ns: u64,
    from: (u8, u16),
    to: (u8, u16),
    sequence: u32,
    flags: u8,
    content: Vec<u8>,
}

const SYN: u8 = 0x02;
const PUSH: u8 = 0x18;
const ACK: u8 = 0x10;

impl Packet {
    /// IPv4 and TCP; parties are the hosts 10.0.0.1 and so on.
    fn ip(&self) -> Vec<u8> {
        let total = 40 + self.content.len() as u16;
        let mut bytes = vec![0x45, 0];
        bytes.extend(total.to_be_bytes());
        bytes.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, self.from.0, 10, 0, 0, self.to.0]);
        bytes.extend(self.tcp());
        bytes
    }

    /// The same in IPv6: fd00::1 and so on, with an empty hop-by-hop extension.
    fn ipv6(&self) -> Vec<u8> {
        let mut bytes = vec![0x60, 0, 0, 0];
        bytes.extend((28 + self.content.len() as u16).to_be_bytes());
        bytes.extend([0, 64]);
        for host in [self.from.0, self.to.0] {
            bytes.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
        }
        bytes.extend([6, 0, 1, 4, 0, 0, 0, 0]);
        bytes.extend(self.tcp());
        bytes
    }

    fn tcp(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(self.from.1.to_be_bytes());
        bytes.extend(self.to.1.to_be_bytes());
        bytes.extend(self.sequence.to_be_bytes());
        bytes.extend([0, 0, 0, 0, 0x50, self.flags, 1, 0, 0, 0, 0, 0]);
        bytes.extend(&self.content);
        bytes
    }
}

/// A pcap file of Ethernet frames: little-endian with microseconds, or big-endian with nanoseconds.
fn pcap(packets: &[Packet], big_endian: bool) -> Vec<u8> {
    let word = |value: u32| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let half = |value: u16| if big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let (magic, unit) = if big_endian { (0xA1B2_3C4D, 1) } else { (0xA1B2_C3D4, 1000) };
    let mut file = [word(magic).to_vec(), half(2).to_vec(), half(4).to_vec()].concat();
    [0, 0, 65535, 1].iter().for_each(|&value| file.extend(word(value)));
    for packet in packets {
        let frame = [vec![0; 12], vec![0x08, 0x00], packet.ip()].concat();
        let (seconds, rest) = (packet.time_ns / 1_000_000_000, packet.time_ns % 1_000_000_000);
        for value in [seconds as u32, (rest / unit) as u32, frame.len() as u32, frame.len() as u32] {
            file.extend(word(value));
        }
        file.extend(frame);
    }
    file
}

/// What a frame makes of a packet.
type Frame = fn(&Packet) -> Vec<u8>;

/// A pcapng file with an interface of each link type, which the packets use in turn, and times in units of 2^-20 seconds or of nanoseconds.
fn pcapng(packets: &[Packet]) -> Vec<u8> {
    let block = |kind: u32, content: &[u8]| {
        let padded = content.len().next_multiple_of(4);
        let length = (padded as u32 + 12).to_le_bytes();
        let padding = vec![0; padded - content.len()];
        [&kind.to_le_bytes()[..], &length, content, &padding, &length].concat()
    };
    let mut file =
        block(0x0A0D_0D0A, &[&0x1A2B_3C4Du32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xFF; 8]].concat());
    let frames: [(u16, Frame); 7] = [
        (1, |packet| [&[0; 12][..], &[0x81, 0, 0, 7, 0x08, 0], &packet.ip()].concat()),
        (1, |packet| [&[0; 12][..], &[0x86, 0xDD], &packet.ipv6()].concat()),
        (0, |packet| [&[2, 0, 0, 0][..], &packet.ip()].concat()),
        (101, Packet::ipv6),
        (113, |packet| [&[0; 14][..], &[0x08, 0], &packet.ip()].concat()),
        (276, |packet| [&[0x86, 0xDD][..], &[0; 18], &packet.ipv6()].concat()),
        (108, |packet| [&[0, 0, 0, 2][..], &packet.ip()].concat()),
    ];
    for (at, (link_type, _)) in frames.iter().enumerate() {
        let resolution = if at.is_multiple_of(2) { 9 } else { 0x80 | 20 };
        let options = [9, 0, 1, 0, resolution, 0, 0, 0, 0, 0, 0, 0];
        file.extend(block(1, &[&link_type.to_le_bytes()[..], &[0; 2], &[0; 4], &options].concat()));
    }
    // A block that nobody knows.
    file.extend(block(0x0BAD, &[1, 2, 3]));
    for (at, packet) in packets.iter().enumerate() {
        let interface = at % frames.len();
        let frame = frames[interface].1(packet);
        let units = if interface.is_multiple_of(2) { 1_000_000_000 } else { 1u128 << 20 };
        let ticks = u128::from(packet.time_ns) * units / 1_000_000_000;
        let mut content = (interface as u32).to_le_bytes().to_vec();
        for value in [(ticks >> 32) as u32, ticks as u32, frame.len() as u32, frame.len() as u32] {
            content.extend(value.to_le_bytes());
        }
        content.extend(frame);
        file.extend(block(6, &content));
    }
    file
}

/// An import of these files, with parties at 10.0.0.1 and fd00::1 and so on.
fn import(captures: Vec<PathBuf>, parties: u8, lengths: Option<Lengths>, skip_bytes: u64) -> Import {
    let hosts = |host: u8| {
        let v6 = [0xfd00, 0, 0, 0, 0, 0, 0, host.into()];
        vec![
            Address { host: Ipv4Addr::new(10, 0, 0, host).into(), port: None },
            Address { host: std::net::Ipv6Addr::from(v6).into(), port: None },
        ]
    };
    let parties = (1..=parties).map(hosts).collect();
    Import { captures, parties, lengths, skip_bytes, limit: MemoryLimit::of_machine() }
}

const LE32: Lengths = Lengths { bytes: 4, big_endian: false };

/// Payload bytes of the messages of each link, in order.
fn sizes(trace: &Trace) -> BTreeMap<(usize, usize), Vec<u64>> {
    let mut sizes: BTreeMap<(usize, usize), Vec<u64>> = BTreeMap::new();
    for party in 0..trace.parties() {
        for event in trace.events(party) {
            if let EventKind::Send { to, payload_bytes } = event.kind {
                sizes.entry((party, to)).or_default().push(payload_bytes);
            }
        }
    }
    sizes
}

/// A party's line as text: w work in ns, s to bytes, r from ordinal.
fn line(trace: &Trace, party: usize) -> Vec<String> {
    let text = |event: mpcsim::sim::Event| match event.kind {
        EventKind::Work { ps } => format!("w{}", ps / 1000),
        EventKind::Send { to, payload_bytes } => format!("s{to} {payload_bytes}"),
        EventKind::Recv { from, ordinal, group_start } => {
            format!("r{from} {ordinal}{}", if group_start { "" } else { " same" })
        }
    };
    trace.events(party).map(text).collect()
}

/// Two parties of which 1 answers 0, in one capture: by hand.
fn exchange() -> Vec<Packet> {
    let (a, b) = ((1, 4000), (2, 5000));
    let packet = |time_us: u64, from, to, sequence, flags, content: &[u8]| Packet {
        time_ns: 1_700_000_000_000_000_000 + time_us * 1000,
        from,
        to,
        sequence,
        flags,
        content: content.to_vec(),
    };
    vec![
        packet(0, a, b, 99, SYN, &[]),
        packet(10, b, a, 499, SYN | ACK, &[]),
        packet(20, a, b, 100, ACK, &[]),
        // Two writes of one message; the number wraps nowhere yet.
        packet(100, a, b, 100, PUSH, &[6, 0, 0, 0]),
        packet(110, a, b, 104, PUSH, &[7; 6]),
        packet(150, b, a, 500, ACK, &[]),
        // After 890 us the answer; a part of it is sent again.
        packet(1000, b, a, 500, PUSH, &[3, 0, 0, 0, 1, 2, 3]),
        packet(1200, b, a, 504, PUSH, &[1, 2, 3]),
        packet(3000, a, b, 110, PUSH, &[0, 0, 0, 0]),
    ]
}

#[test]
fn a_small_exchange_is_what_it_is_by_hand() {
    let place = Place::new();
    for big_endian in [false, true] {
        let path = place.path().join("exchange.pcap");
        std::fs::write(&path, pcap(&exchange(), big_endian)).expect("written");
        let trace = import(vec![path.clone()], 2, Some(LE32), 0).trace().expect("a trace");
        assert_eq!(line(&trace, 0), ["s1 6", "r1 0", "w2000000", "s1 0"]);
        assert_eq!(line(&trace, 1), ["r0 0", "w890000", "s0 3", "r0 1"]);
        // By bursts a message has its length, too.
        let trace = import(vec![path], 2, None, 0).trace().expect("a trace");
        assert_eq!(line(&trace, 0), ["s1 10", "r1 0", "w2000000", "s1 4"]);
        assert_eq!(line(&trace, 1), ["r0 0", "w890000", "s0 7", "r0 1"]);
    }
}

#[test]
fn clocks_of_two_captures_are_compared() {
    let place = Place::new();
    // Party 1's clock is 7 s ahead, and each way takes 20 ms.
    let shifted = |packet: &Packet, own: u8, ahead_ns: u64| {
        let late = if packet.from.0 == own { 0 } else { 20_000_000 };
        Packet { time_ns: packet.time_ns + late + ahead_ns, ..packet.clone() }
    };
    // The exchange again, with each packet late enough to follow what it answers.
    let sent: Vec<Packet> = exchange()
        .into_iter()
        .enumerate()
        .map(|(at, packet)| Packet { time_ns: packet.time_ns + 40_000_000 * at as u64, ..packet })
        .collect();
    let captured = |sent: &[Packet]| -> Vec<PathBuf> {
        let of = |(own, ahead_ns)| {
            let seen: Vec<Packet> = sent.iter().map(|packet| shifted(packet, own, ahead_ns)).collect();
            let path = place.path().join(format!("{own}.pcap"));
            std::fs::write(&path, pcap(&seen, true)).expect("written");
            path
        };
        [(1, 0), (2, 7_000_000_000)].into_iter().map(of).collect()
    };
    let paths = captured(&sent);
    let trace = import(paths.clone(), 2, Some(LE32), 0).trace().expect("a trace");
    // Party 1 has the message when its second packet has come, and answers two packets later, less the way.
    assert_eq!(line(&trace, 1), ["r0 0", "w60890000", "s0 3", "r0 1"]);
    assert_eq!(line(&trace, 0), ["s1 6", "r1 0", "w62000000", "s1 0"]);
    let alone = import(vec![paths[0].clone()], 2, Some(LE32), 0).trace().expect("a trace");
    assert_ne!(line(&alone, 1), line(&trace, 1), "one capture is not two");
    // Both send an empty message before they hear of each other, party 1 5 ms later: it works until then, on a common clock.
    let [first, second] = [(0, 3, [1, 2]), (5_000_000, 6, [2, 1])].map(|(late_ns, at, hosts)| {
        let packet = exchange().swap_remove(at);
        assert_eq!([packet.from.0, packet.to.0], hosts);
        Packet { time_ns: exchange()[3].time_ns + late_ns, content: vec![0; 4], ..packet }
    });
    let trace = import(captured(&[first, second]), 2, Some(LE32), 0).trace().expect("a trace");
    assert_eq!(line(&trace, 0), ["s1 0", "r1 0"]);
    assert_eq!(line(&trace, 1), ["w5000000", "s0 0", "r0 0"]);
}

/// Messages of three parties, cut into packets, some lost and sent again, some late, numbers that wrap.
#[test]
fn random_messages_come_back() {
    let place = Place::new();
    let mut random = Pcg64Mcg::new(11);
    for round in 0..40 {
        let skip = u64::from(random.next_u32() % 3) * 5;
        let mut expected: BTreeMap<(usize, usize), Vec<u64>> = BTreeMap::new();
        let (mut packets, mut time_ns) = (Vec::new(), 1_000_000_000_000);
        let mut sequences: BTreeMap<(u8, u8), u32> = BTreeMap::new();
        for message in 0..30 {
            let from = 1 + (random.next_u32() % 3) as u8;
            let to = 1 + (from + (random.next_u32() % 2) as u8) % 3;
            let size = [0, 1, 3, 1448, 5000, 20_000][random.next_u32() as usize % 6]
                + u64::from(random.next_u32() % 4);
            expected.entry((from as usize - 1, to as usize - 1)).or_default().push(size);
            let first = !sequences.contains_key(&(from, to));
            let sequence = sequences.entry((from, to)).or_insert(u32::MAX - (random.next_u32() % 9000));
            let mut content = if first { vec![9; skip as usize] } else { Vec::new() };
            content.extend((size as u32).to_le_bytes());
            content.resize(content.len() + size as usize, message);
            for piece in content.chunks(1448) {
                time_ns += 1 + u64::from(random.next_u32() % 200_000);
                let place = |host: u8, other: u8| (host, 5000 + u16::from(other));
                let (from, to) = (place(from, to), place(to, from));
                packets.push(Packet {
                    time_ns,
                    from,
                    to,
                    sequence: *sequence,
                    flags: ACK,
                    content: piece.to_vec(),
                });
                *sequence = sequence.wrapping_add(piece.len() as u32);
            }
            packets.last_mut().expect("a length").flags = PUSH;
        }
        // Not the first of any connection, by whose number the others are counted.
        for at in 8..packets.len() - 1 {
            let same =
                |at: usize| (packets[at].from, packets[at].to) == (packets[at + 1].from, packets[at + 1].to);
            match random.next_u32() % 6 {
                0 if same(at) && packets[..at].iter().any(|packet| packet.from == packets[at].from) => {
                    let (early, late) = (packets[at].time_ns, packets[at + 1].time_ns);
                    packets.swap(at, at + 1);
                    (packets[at].time_ns, packets[at + 1].time_ns) = (early, late);
                }
                1 => {
                    let again = Packet { time_ns: packets[at].time_ns, ..packets[at - 1].clone() };
                    packets.insert(at, again);
                }
                _ => {}
            }
        }
        for big_endian in [false, true] {
            let path = place.path().join("random.pcap");
            std::fs::write(&path, pcap(&packets, big_endian)).expect("written");
            let found = import(vec![path], 3, Some(LE32), skip).trace();
            let trace = found.unwrap_or_else(|error| panic!("round {round}: {error}"));
            assert_eq!(sizes(&trace), expected, "round {round}");
            for party in 0..3 {
                let came = line(&trace, party).iter().filter(|text| text.starts_with('r')).count();
                let sent = expected.iter().filter(|((_, to), _)| *to == party).map(|(_, sizes)| sizes.len());
                assert_eq!(came, sent.sum::<usize>(), "round {round}: all messages are received");
            }
        }
    }
}

/// Every link type of pcapng: each packet is a message of a connection of its own.
#[test]
fn every_kind_of_frame_is_read() {
    let place = Place::new();
    let packet = |at: u16| Packet {
        time_ns: 1_000_000_000 * u64::from(at),
        from: (1 + at as u8 % 2, 4000 + at),
        to: (2 - at as u8 % 2, 5000),
        sequence: 77,
        flags: PUSH,
        content: vec![1; usize::from(at) + 1],
    };
    let packets: Vec<Packet> = (0..14).map(packet).collect();
    let path = place.path().join("all.pcapng");
    std::fs::write(&path, pcapng(&packets)).expect("written");
    let trace = import(vec![path], 2, None, 0).trace().expect("a trace");
    let odd = |odd: u64| (0..14).filter(|at| at % 2 == odd).map(|at| at + 1).collect::<Vec<u64>>();
    assert_eq!(sizes(&trace), BTreeMap::from([((0, 1), odd(0)), ((1, 0), odd(1))]));
    // Times in units of 2^-20 seconds are as near as those are.
    let worked = |text: &String| text.strip_prefix('w').and_then(|ns| ns.parse::<u64>().ok());
    let waits: Vec<u64> = line(&trace, 0).iter().filter_map(worked).collect();
    assert!(waits.len() == 6 && waits.iter().all(|ns| ns.abs_diff(1_000_000_000) < 2000), "{waits:?}");
}

#[test]
fn captures_that_are_cut_or_wrong_are_refused_and_never_a_panic() {
    let place = Place::new();
    let path = place.path().join("cut.cap");
    let told = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("written");
        import(vec![path.clone()], 2, Some(LE32), 0).trace()
    };
    for whole in [pcap(&exchange(), false), pcap(&exchange(), true), pcapng(&exchange())] {
        for length in 0..whole.len() {
            // At the end of a packet nothing shows that the file was cut, but what it shows may be unfinished.
            let _ = told(&whole[..length]);
        }
        let mut random = Pcg64Mcg::new(5);
        for _ in 0..300 {
            let mut changed = whole.clone();
            for _ in 0..=random.next_u32() % 3 {
                let at = random.next_u32() as usize % changed.len();
                changed[at] = random.next_u32() as u8;
            }
            let _ = told(&changed);
        }
    }
    let whole = pcap(&exchange(), false);
    let problem = |bytes: &[u8]| {
        let error = told(bytes).expect_err("a problem");
        (error.packet, error.problem.to_string(), matches!(*error.problem, Problem::Cut))
    };
    assert!(matches!(problem(&whole[..whole.len() - 1]), (Some(9), _, true)));
    assert!(matches!(problem(&whole[..30]), (Some(1), _, true)));
    let (packet, text, _) = problem(b"not a capture at all, only some text");
    assert_eq!(
        (packet, text.as_str()),
        (None, "this is no packet capture: it begins like neither pcap nor pcapng")
    );
    let mut long = whole.clone();
    long[24 + 8..24 + 12].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(problem(&long).0, Some(1));
    // Bytes that no packet brought.
    let lost: Vec<Packet> =
        exchange().into_iter().enumerate().filter(|(at, _)| *at != 3).map(|(_, it)| it).collect();
    let (_, text, _) = problem(&pcap(&lost, false));
    let expected = "4 bytes of the connection from 10.0.0.1:4000 to 10.0.0.2:5000, after the first 0, are not in the capture: it lost packets";
    assert_eq!(text, expected);
    // A message that does not end.
    let unfinished: Vec<Packet> = exchange().into_iter().take(4).collect();
    let (_, text, _) = problem(&pcap(&unfinished, false));
    assert!(
        text.starts_with(
            "the last message from 10.0.0.1:4000 to 10.0.0.2:5000 should have 6 bytes, of which 0"
        ),
        "{text}"
    );
}

#[test]
fn the_command_writes_what_replay_reads() {
    let place = Place::new();
    let capture = place.file("exchange.pcap");
    std::fs::write(&capture, pcap(&exchange(), false)).expect("written");
    let out = place.file("exchange.jsonl.gz");
    let parties = ["--party", "0=10.0.0.1", "--party", "1=10.0.0.2:5000"];
    let said = good(&[&["import", &capture], &parties[..], &["--lengths", "le32", "-o", &out]].concat());
    assert_eq!(said, format!("2 parties, 3 messages of 9 bytes in all, in {out}\n"));
    let replayed = good(&["replay", &out, "--network", "lan", "--json"]);
    assert!(replayed.contains("\"payload_bytes\":9"), "{replayed}");
    // 890 us, 2 ms and three ways of 0.05 ms.
    assert!(replayed.starts_with("{\"modelled_seconds\":0.0030"), "{replayed}");
}

#[test]
fn mistakes_are_explained() {
    let place = Place::new();
    let capture = place.file("exchange.pcap");
    std::fs::write(&capture, pcap(&exchange(), false)).expect("written");
    let out = place.file("out.jsonl");
    let told =
        |more: &[&str], out: &str| mistake(&[&["import", capture.as_str()], more, &["-o", out]].concat());
    let both = ["--party", "0=10.0.0.1", "--party", "1=10.0.0.2"];
    for (more, expected) in [
        (&["--party", "0=10.0.0.1"][..], "one party sends nothing over a network"),
        (&["--party", "1=10.0.0.1"], "where is party 0? say so with --party 0=ADDRESS"),
        (&["--party", "zero=10.0.0.1"], "--party zero=10.0.0.1: expected N=ADDRESS or N=ADDRESS:PORT"),
        (&["--party", "99=10.0.0.1"], "--party 99=10.0.0.1: parties count from 0 to 63"),
        (&["--party", "0=10.0.0.1", "--party", "1=10.0.0.1"], "--party 1=10.0.0.1: that is where party 0 is"),
        (&[&both[..], &["--lengths", "le33"]].concat(), "--lengths le33: expected le32, be32, le64 or be64"),
        (&[&both[..], &["--party", "2=10.0.0.3", &capture]].concat(), "2 captures of 3 parties"),
        (&["--party", "0=10.0.0.8", "--party", "1=10.0.0.9"], &format!("{capture}: no party sends anything")),
        (
            &["--party", "0=10.0.0.1", "--party", "1=10.0.0.9"],
            &format!(
                "{capture}: packet 4: 10.0.0.2:5000 exchanges data with party 0 and is no address of a party"
            ),
        ),
    ] {
        let told = told(more, &out);
        assert!(told.starts_with(&format!("error: {expected}")), "{told}");
        assert_eq!(place.names(), ["exchange.pcap"]);
    }
    let told = told(&both, "out.txt");
    assert!(told.contains("`out.txt` must end in .jsonl or .jsonl.gz"), "{told}");
}
