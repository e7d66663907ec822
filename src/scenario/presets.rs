//! Networks and machines with a name. A preset is one entry of a table below: name, line, source, figures.

use super::errors::{Mistakes, likely};
use super::plan::{Background, ComputePlan, Interface, Link, NetworkPlan, PartyCompute, Tcp, WireOverhead};
use super::tree::Node;

/// Picoseconds in a microsecond.
const PS_PER_US: u64 = 1_000_000;
/// A message's length, which goes out before it.
const TCP_HEADER_BYTES: u64 = 4;
/// Bits per second in a Mbit/s.
const BPS_PER_MBPS: u64 = 1_000_000;

/// Overheads with a name.
pub const OVERHEADS: [(&str, WireOverhead); 3] =
    [("none", WireOverhead::NONE), ("tcp", WireOverhead::TCP), ("tls", WireOverhead::TLS)];

/// A network that a scenario can name.
#[derive(Clone, Copy, Debug)]
pub struct NetworkPreset {
    /// The name in `preset("…")`.
    pub name: &'static str,
    /// One line for a list.
    pub description: &'static str,
    /// Where the figures are published.
    pub source: &'static str,
    figures: Figures,
    /// Whether its links have TCP's congestion window, as Linux has it.
    tcp: bool,
}

#[derive(Clone, Copy, Debug)]
enum Figures {
    /// Every link alike.
    Uniform { latency_us: u64, bandwidth_mbps: u64 },
    /// Row = from, columns = the other sites in order. The latency is half of the ping.
    Measured { ping_us: [[u64; 3]; 4], bandwidth_mbps: [[u64; 3]; 4] },
}

const SECUREML: &str = "Mohassel, Zhang: SecureML, S&P 2017, sec. VI";
const SECURENN: &str = "Wagh, Gupta, Chandran: SecureNN, PoPETs 2019, sec. 8.1";
const CHEETAH: &str =
    "Huang, Lu, Hong, Ding: Cheetah, USENIX Security 2022; OpenCheetah, scripts/throttle.sh";
const HPMPC: &str =
    "hpmpc (github.com/chart21/hpmpc), measurements/network_shaping; latency = half of the measured ping";

/// Every network preset, in the order in which they are listed.
pub const NETWORKS: [NetworkPreset; 15] = [
    uniform(
        "lan",
        "one cloud zone: 10 Gbit/s, 0.05 ms one way (0.1 ms ping)",
        "Keller, Sun: Secure Quantized Training for Deep Learning, ICML 2022: c5.9xlarge in one AWS zone",
        (50, 10_000),
    ),
    wan(
        "wan",
        "two regions: 40 MB/s = 320 Mbit/s, 29 ms one way (58 ms ping); the same as securenn-wan",
        SECURENN,
        (29_000, 320),
    ),
    uniform("secureml-lan", "1 GB/s = 8 Gbit/s, 0.17 ms one way", SECUREML, (170, 8_000)),
    wan(
        "secureml-wan",
        "US east to US west: 9 MB/s = 72 Mbit/s, 72 ms one way, as the paper can be read; secureml-wan-ping is the other reading",
        SECUREML,
        (72_000, 72),
    ),
    wan(
        "secureml-wan-ping",
        "the same with 36 ms one way (72 ms ping): the paper's 72 ms are probably a round trip, which is what an interaction costs",
        SECUREML,
        (36_000, 72),
    ),
    uniform("securenn-lan", "625 MB/s = 5 Gbit/s, 0.11 ms one way (0.22 ms ping)", SECURENN, (110, 5_000)),
    wan("securenn-wan", "40 MB/s = 320 Mbit/s, 29 ms one way (58 ms ping)", SECURENN, (29_000, 320)),
    wan(
        "falcon-wan",
        "40 MB/s = 320 Mbit/s, 35 ms one way (70 ms ping)",
        "Wagh et al.: Falcon, PoPETs 2021, as quoted in snwagh/falcon-public issue 33",
        (35_000, 320),
    ),
    uniform("cheetah-lan", "3 Gbit/s, 0.15 ms one way (0.3 ms round trip)", CHEETAH, (150, 3_000)),
    wan("cheetah-wan", "400 Mbit/s, 20 ms one way (40 ms round trip)", CHEETAH, (20_000, 400)),
    wan(
        "emp-wan",
        "200 Mbit/s, 10 ms one way",
        "emp-toolkit (github.com/emp-toolkit/emp-readme), scripts/throttle.sh",
        (10_000, 200),
    ),
    wan(
        "spu-wan",
        "300 Mbit/s, 20 ms one way",
        "SPU as shipped with OpenBumbleBee, libspu/mpc/tools/README.md",
        (20_000, 300),
    ),
    NetworkPreset {
        name: "hpmpc-wan1",
        description: "four real sites, measured: 16 to 96 ms one way, 143 to 868 Mbit/s; up to 4 parties",
        source: HPMPC,
        figures: Figures::Measured {
            ping_us: [
                [192_586, 49_311, 111_300],
                [186_628, 32_764, 164_242],
                [44_119, 34_772, 124_315],
                [103_893, 174_102, 120_835],
            ],
            bandwidth_mbps: [[143, 774, 541], [149, 868, 285], [790, 866, 201], [544, 260, 198]],
        },
        tcp: true,
    },
    NetworkPreset {
        name: "hpmpc-wan2",
        description: "four real sites, measured: 46 to 138 ms one way, 109 to 341 Mbit/s; up to 4 parties",
        source: HPMPC,
        figures: Figures::Measured {
            ping_us: [
                [91_451, 258_290, 276_367],
                [91_434, 165_687, 196_220],
                [253_818, 165_691, 101_163],
                [276_253, 196_132, 112_510],
            ],
            bandwidth_mbps: [[320, 121, 110], [341, 180, 154], [115, 186, 270], [109, 155, 271]],
        },
        tcp: true,
    },
    NetworkPreset {
        name: "hpmpc-cman",
        description: "four sites of one metropolitan area, measured: 0.5 to 1.2 ms one way, 137 to 1550 Mbit/s; up to 4 parties",
        source: HPMPC,
        figures: Figures::Measured {
            ping_us: [
                [2_318, 1_244, 1_432],
                [2_394, 1_088, 2_020],
                [1_232, 1_091, 1_883],
                [1_418, 2_054, 1_892],
            ],
            bandwidth_mbps: [[137, 1532, 417], [139, 1144, 312], [1550, 1023, 602], [444, 389, 609]],
        },
        tcp: false,
    },
];

/// `figures`: microseconds one way, Mbit/s.
const fn uniform(
    name: &'static str,
    description: &'static str,
    source: &'static str,
    figures: (u64, u64),
) -> NetworkPreset {
    let figures = Figures::Uniform { latency_us: figures.0, bandwidth_mbps: figures.1 };
    NetworkPreset { name, description, source, figures, tcp: false }
}

/// The same with TCP.
const fn wan(
    name: &'static str,
    description: &'static str,
    source: &'static str,
    figures: (u64, u64),
) -> NetworkPreset {
    NetworkPreset { tcp: true, ..uniform(name, description, source, figures) }
}

impl NetworkPreset {
    /// The preset of that name.
    pub fn find(name: &str) -> Option<&'static NetworkPreset> {
        NETWORKS.iter().find(|preset| preset.name == name)
    }

    /// The most parties it has figures for; none: any number.
    pub fn most_parties(&self) -> Option<usize> {
        match self.figures {
            Figures::Uniform { .. } => None,
            Figures::Measured { .. } => Some(4),
        }
    }

    /// The network among so many parties: of measured sites the first ones. None if there are too few sites.
    pub fn plan(&self, parties: usize) -> Option<NetworkPlan> {
        if self.most_parties().is_some_and(|most| parties > most) {
            return None;
        }
        let link = |from: usize, to: usize| {
            let (latency_ps, bandwidth_mbps) = match self.figures {
                Figures::Uniform { latency_us, bandwidth_mbps } => (latency_us * PS_PER_US, bandwidth_mbps),
                Figures::Measured { ping_us, bandwidth_mbps } => {
                    let column = if to < from { to } else { to - 1 };
                    (ping_us[from][column] * (PS_PER_US / 2), bandwidth_mbps[from][column])
                }
            };
            let bandwidth_bps = Some(bandwidth_mbps * BPS_PER_MBPS);
            Link { latency_ps, bandwidth_bps, ..Link::INSTANT }
        };
        Some(NetworkPlan {
            label: self.name.to_string(),
            parties,
            links: all_links(parties, link),
            interfaces: vec![Interface { egress_bps: None, ingress_bps: None }; parties],
            sites: Vec::new(),
            one_wire: false,
            changes: Vec::new(),
            tcp: self.tcp.then_some(Tcp::LINUX),
            overhead: WireOverhead {
                header_bytes: if self.tcp { TCP_HEADER_BYTES } else { 0 },
                ..WireOverhead::NONE
            },
            background: Background::none(parties),
        })
    }
}

/// The link between two parties of one site: that of `lan`.
pub fn inside_site() -> Link {
    let lan =
        NetworkPreset::find("lan").and_then(|lan| lan.plan(2)).expect("a preset for any number of parties");
    *lan.link(0, 1)
}

/// Every directed link, row = from; the diagonal is idle.
pub fn all_links(parties: usize, link: impl Fn(usize, usize) -> Link) -> Vec<Link> {
    let idle = Link::INSTANT;
    let pairs = (0..parties).flat_map(|from| (0..parties).map(move |to| (from, to)));
    pairs.map(|(from, to)| if from == to { idle } else { link(from, to) }).collect()
}

/// A machine that a scenario can name.
#[derive(Clone, Copy, Debug)]
pub struct ComputePreset {
    /// The name in `preset("…")`.
    pub name: &'static str,
    /// One line for a list.
    pub description: &'static str,
    /// Where the figures are from.
    pub source: &'static str,
    /// One core at speed 1.
    pub costs: PartyCompute,
}

/// Every compute preset, in the order in which they are listed. (`compute: none` costs nothing at all.)
pub const COMPUTES: [ComputePreset; 2] = [
    ComputePreset {
        name: "server-core",
        description: "one core of a server with AVX-512: 15 G multiply-accumulates a second, 25 us to wake a waiting thread",
        source: "arithmetic measured on one core of an Emerald-Rapids-class Xeon with AVX-512 IFMA, VNNI and VAES at 3 GHz \
                 (own kernels, best of many); wake measured on the machines of the reference figures; docs/time-model.md",
        costs: PartyCompute {
            send_ps: 0,
            receive_ps: 0,
            wake_ps: 25 * PS_PER_US,
            add_fs: 270_000,
            multiply_fs: 213_000,
            mac_fs: 66_000,
            bit_word_fs: 270_000,
            random_byte_fs: 53_000,
        },
    },
    ComputePreset {
        name: "laptop-core",
        description: "one core with AVX2 and AES-NI: 5.4 G multiply-accumulates a second, 25 us to wake a waiting thread",
        source: "arithmetic measured with AVX2 code (AES by the crates aes and ctr) on one core of an Emerald-Rapids-class \
                 Xeon at 3 GHz (own kernels); wake as in server-core; docs/time-model.md",
        costs: PartyCompute {
            send_ps: 0,
            receive_ps: 0,
            wake_ps: 25 * PS_PER_US,
            add_fs: 276_000,
            multiply_fs: 272_000,
            mac_fs: 185_000,
            bit_word_fs: 276_000,
            random_byte_fs: 154_000,
        },
    },
];

impl ComputePreset {
    /// The preset of that name.
    pub fn find(name: &str) -> Option<&'static ComputePreset> {
        COMPUTES.iter().find(|preset| preset.name == name)
    }

    /// The same machine for every party.
    pub fn plan(&self, parties: usize) -> ComputePlan {
        ComputePlan { label: self.name.to_string(), parties: vec![self.costs; parties] }
    }
}

/// Notes that there is no preset of that name.
pub fn unknown_preset<T>(
    node: &Node,
    kind: &str,
    name: &str,
    names: impl Iterator<Item = &'static str> + Clone,
    mistakes: &mut Mistakes,
) -> Option<T> {
    let help = match likely(name, names.clone()) {
        Some(close) => format!("did you mean \"{close}\"?"),
        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    };
    mistakes.add(&node.place, format!("there is no {kind} preset \"{name}\""), "unknown preset", Some(help));
    None
}
