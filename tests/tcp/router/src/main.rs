//! A delay line among network interfaces, for tests/tcp/run.sh.
//!
//!     router LATENCY_MS MBIT NAME...
//!
//! makes a TUN device for each name and carries IP packets among them: what comes from any device goes to the one whose number is
//! the last byte of the destination address, less one. Each directed link takes the packets one after the other, each as
//! long as its bytes take at MBIT megabits a second, and hands each on LATENCY_MS later. A queue holds 8,192 packets; what
//! is beyond is dropped and counted. Prints "ready" when the devices are there; ends when standard input does, and then says how late
//! packets were handed on.

use std::io::Read;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use tun::{Configuration, Device, Layer};

/// Packets that a link holds.
const QUEUE: usize = 8192;
/// Bytes of the largest packet.
const LARGEST: usize = 2048;
/// Where an IPv4 header has the last byte of its destination.
const DESTINATION: usize = 19;

struct Packet {
    due: Instant,
    bytes: Vec<u8>,
}

#[derive(Default)]
struct Counts {
    packets: AtomicU64,
    dropped: AtomicU64,
    late_ns: AtomicU64,
    latest_ns: AtomicU64,
}

/// A directed link: hands packets on when they are due.
fn link(to: Arc<Device>, counts: Arc<Counts>) -> SyncSender<Packet> {
    let (sender, packets) = sync_channel::<Packet>(QUEUE);
    thread::spawn(move || {
        for packet in packets {
            thread::sleep(packet.due.saturating_duration_since(Instant::now()));
            let late = packet.due.elapsed().as_nanos() as u64;
            counts.packets.fetch_add(1, Ordering::Relaxed);
            counts.late_ns.fetch_add(late, Ordering::Relaxed);
            counts.latest_ns.fetch_max(late, Ordering::Relaxed);
            if to.send(&packet.bytes).is_err() {
                counts.dropped.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    sender
}

/// Takes what comes from a device.
fn carry(
    from: &Device,
    links: &[Option<SyncSender<Packet>>],
    latency: Duration,
    bits_per_second: f64,
    counts: &Counts,
) {
    let mut free = vec![Instant::now(); links.len()];
    let mut buffer = [0; LARGEST];
    loop {
        // A device that is down, as on its way into a namespace, gives nothing.
        let Ok(length) = from.recv(&mut buffer) else {
            thread::sleep(Duration::from_millis(1));
            continue;
        };
        if length <= DESTINATION || buffer[0] >> 4 != 4 {
            continue;
        }
        let to = usize::from(buffer[DESTINATION]).wrapping_sub(1);
        let Some(Some(link)) = links.get(to) else { continue };
        let serialisation = Duration::from_secs_f64(length as f64 * 8.0 / bits_per_second);
        free[to] = free[to].max(Instant::now()) + serialisation;
        let packet = Packet { due: free[to] + latency, bytes: buffer[..length].to_vec() };
        if let Err(TrySendError::Full(_)) = link.try_send(packet) {
            counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<f64>().ok());
    let (Some(latency_ms), Some(mbit)) = (number(0), number(1)) else {
        eprintln!("usage: router LATENCY_MS MBIT NAME...");
        exit(2);
    };
    let device = |name: &String| {
        let mut configuration = Configuration::default();
        configuration.tun_name(name).layer(Layer::L3);
        tun::create(&configuration).unwrap_or_else(|error| {
            eprintln!("no TUN device {name}: {error}");
            exit(1)
        })
    };
    let devices: Vec<Arc<Device>> = arguments[2..].iter().map(device).map(Arc::new).collect();
    let counts = Arc::new(Counts::default());
    for (i, from) in devices.iter().enumerate() {
        let links: Vec<_> = devices
            .iter()
            .enumerate()
            .map(|(j, to)| (i != j).then(|| link(Arc::clone(to), Arc::clone(&counts))))
            .collect();
        let (from, counts) = (Arc::clone(from), Arc::clone(&counts));
        thread::spawn(move || {
            carry(&from, &links, Duration::from_secs_f64(latency_ms / 1e3), mbit * 1e6, &counts);
        });
    }
    println!("ready");
    let _ = std::io::stdin().read(&mut [0]);
    let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{} packets, {} dropped, {:.1} us late in the mean and {:.1} at most",
        of(&counts.packets),
        of(&counts.dropped),
        of(&counts.late_ns) as f64 / of(&counts.packets).max(1) as f64 / 1e3,
        of(&counts.latest_ns) as f64 / 1e3
    );
}
