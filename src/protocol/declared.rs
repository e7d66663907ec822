//! What the operations of a protocol cost, message by message.
//!
//! Each protocol declares it once, in its own file ([`super::Start::COSTS`]). `mpcsim cost --details` prints it, and a test
//! runs every operation of every protocol and compares it link by link.

use std::fmt::Write;

macro_rules! primitives {
    (
        all { $($variant:ident, $name:literal, $description:literal;)* }
        own { $($own:ident, $own_name:literal, $own_description:literal;)* }
    ) => {
        /// An operation of [`super::Protocol`] on n elements.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Primitive {
            $(#[doc = $description] $variant,)*
            $(#[doc = $own_description] $own,)*
        }

        impl Primitive {
            /// Those of every protocol.
            pub const ALL: [Primitive; [$($name),*].len()] = [$(Primitive::$variant),*];
            /// Those that some protocols have in a way of their own.
            pub const OWN: [Primitive; [$($own_name),*].len()] = [$(Primitive::$own),*];

            /// The name in tables.
            pub fn name(self) -> &'static str {
                match self { $(Primitive::$variant => $name,)* $(Primitive::$own => $own_name,)* }
            }

            /// What it is done to.
            pub fn description(self) -> &'static str {
                match self { $(Primitive::$variant => $description,)* $(Primitive::$own => $own_description,)* }
            }
        }
    };
}

primitives! {
    all {
        Input, "input", "party 0 shares n numbers";
        Open, "open", "n ring elements, with the check of what was opened";
        OpenBits, "open_bits", "n bits, with the check of what was opened";
        Mul, "mul", "n products of ring elements";
        Dot, "dot", "n dot products of length 2";
        MatMul, "matmul", "n x 2 matrix by 2 x 1 matrix";
        And, "and", "n products of bits";
        Truncate, "truncate", "n numbers of 47 bits by 16, in a ring of 32 bits of 31 by 13";
        TruncateGap, "truncate_gap", "n numbers of 24 bits by 16, which leave a gap of 40 bits";
        Summands, "summands", "n numbers of 31 bits as sums of known or shared bits";
        Cut, "cut", "the same for numbers of 48 bits, in a ring of 32 bits of 31, cut at bit 16";
        Random, "random", "n random numbers of 31 bits and their summands";
        BitsToRing, "bits_to_ring", "n bits as ring elements";
        AndToRing, "and_to_ring", "n products of bits as ring elements";
    }
    own {
        LessThanZero, "less_than_zero", "whether n numbers of 31 bits are below zero";
        WhereNegative, "where_negative", "n numbers where others of 31 bits are below zero, and whether those are";
        Places, "places", "n numbers from 0 to 3 as four vectors of ones and zeros";
        Divide, "divide", "n quotients of at most one with 2 bits after the point";
        OpenLessThanZero, "open_less_than_zero", "whether n numbers of 31 bits are below zero, told to all parties";
        Fix, "fix", "n numbers, of which rows are then factors of products";
        FixedMatMul, "fixed_matmul", "the same for an n x 2 matrix, then its product with a 2 x 1 matrix";
        TruncatedMul, "truncated_mul", "n products of ring elements of 47 bits, truncated by 16, in a ring of 32 bits of 31 by 13";
    }
}

/// What a party sends another for n elements: 8 n `elements` + 13 n `wide` + ceil(n `bits` / 8) + `bytes` payload bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Who sends.
    pub from: usize,
    /// Who receives.
    pub to: usize,
    /// Ring elements, 8 bytes each, for each of n.
    pub elements: u64,
    /// Elements of Z_2^104, 13 bytes each, for each of n.
    pub wide: u64,
    /// Packed bits for each of n.
    pub bits: u64,
    /// Bytes whatever n is, such as those of a hash.
    pub bytes: u64,
}

impl Sent {
    /// So many ring elements for each of n.
    pub const fn elements(from: usize, to: usize, elements: u64) -> Sent {
        Sent { from, to, elements, wide: 0, bits: 0, bytes: 0 }
    }

    /// So many elements of Z_2^104 for each of n.
    pub const fn wide(from: usize, to: usize, wide: u64) -> Sent {
        Sent { from, to, elements: 0, wide, bits: 0, bytes: 0 }
    }

    /// So many bits for each of n.
    pub const fn bits(from: usize, to: usize, bits: u64) -> Sent {
        Sent { from, to, elements: 0, wide: 0, bits, bytes: 0 }
    }

    /// So many bytes whatever n is.
    pub const fn bytes(from: usize, to: usize, bytes: u64) -> Sent {
        Sent { from, to, elements: 0, wide: 0, bits: 0, bytes }
    }

    /// For n elements.
    pub fn payload_bytes(&self, n: u64) -> u64 {
        n * (8 * self.elements + 13 * self.wide) + (n * self.bits).div_ceil(8) + self.bytes
    }
}

/// Messages step by step: what is sent in a step may depend on what was received in earlier ones. Two entries on one link
/// in a step are two parts of a message, each of whole bytes.
pub type Steps = &'static [&'static [Sent]];

/// What an operation does and costs. Without messages it is local.
#[derive(Clone, Copy, Debug)]
pub struct Declared {
    /// Which one.
    pub primitive: Primitive,
    /// How the result comes about.
    pub formula: &'static str,
    /// While the program runs.
    pub online: Steps,
    /// Before it, if the operation takes correlated randomness.
    pub offline: Steps,
    /// What an offline phase in batches makes for it, if that is no matter of single messages; else empty.
    pub in_batches: &'static str,
}

impl Declared {
    /// An operation that takes nothing from an offline phase.
    pub const fn online(primitive: Primitive, formula: &'static str, online: Steps) -> Declared {
        Declared { primitive, formula, online, offline: &[], in_batches: "" }
    }

    /// With the messages of the offline phase.
    pub const fn with_offline(self, offline: Steps) -> Declared {
        Declared { offline, ..self }
    }

    /// With what an offline phase makes in batches.
    pub const fn with_batches(self, in_batches: &'static str) -> Declared {
        Declared { in_batches, ..self }
    }

    /// The cost as a person reads it: rounds, and bytes of each of `parties`.
    pub fn text(&self, parties: usize) -> String {
        let mut text = cost_text(self.online, parties);
        if !self.offline.is_empty() {
            write!(text, "; offline {}", cost_text(self.offline, parties)).expect("a text takes more");
        }
        if !self.in_batches.is_empty() {
            write!(text, "; offline in batches: {}", self.in_batches).expect("a text takes more");
        }
        text
    }
}

/// Messages of the longest chain in which each depends on the one before.
pub fn rounds(steps: Steps) -> u64 {
    let mut reached: Vec<u64> = Vec::new();
    for step in steps {
        let before = reached.clone();
        for sent in *step {
            reached.resize(reached.len().max(sent.to + 1), 0);
            let chain = before.get(sent.from).copied().unwrap_or(0) + 1;
            reached[sent.to] = reached[sent.to].max(chain);
        }
    }
    reached.into_iter().max().unwrap_or(0)
}

fn cost_text(steps: Steps, parties: usize) -> String {
    if steps.is_empty() {
        return "local".to_string();
    }
    let rounds = rounds(steps);
    let by_party: Vec<String> = (0..parties).map(|party| bytes_text(steps, party)).collect();
    format!("{rounds} round{}: {} bytes", if rounds == 1 { "" } else { "s" }, by_party.join(", "))
}

/// A party's bytes as a formula in n.
fn bytes_text(steps: Steps, party: usize) -> String {
    let sent: Vec<&Sent> = steps.iter().copied().flatten().filter(|sent| sent.from == party).collect();
    // Bits that fill whole bytes are not rounded up.
    let whole = |sent: &&Sent| if sent.bits.is_multiple_of(8) { sent.bits / 8 } else { 0 };
    let elements: u64 = sent.iter().map(|sent| 8 * sent.elements + 13 * sent.wide + whole(sent)).sum();
    let bytes: u64 = sent.iter().map(|sent| sent.bytes).sum();
    let mut terms = Vec::new();
    if elements > 0 {
        terms.push(format!("{elements} n"));
    }
    let mut bits: Vec<u64> =
        sent.iter().map(|sent| sent.bits).filter(|bits| !bits.is_multiple_of(8)).collect();
    bits.sort_unstable();
    for equal in bits.chunk_by(|a, b| a == b) {
        let times = if equal.len() == 1 { String::new() } else { format!("{} ", equal.len()) };
        let count = if equal[0] == 1 { String::new() } else { format!("{} ", equal[0]) };
        terms.push(format!("{times}ceil({count}n / 8)"));
    }
    if bytes > 0 || terms.is_empty() {
        terms.push(bytes.to_string());
    }
    terms.join(" + ")
}
