//! The protocols that a scenario can name: one line each.

use super::erased::Erased;
use super::secureml::{SecureMlClients, SecureMlDealer, SecureMlEncryption, SecureMlSoftSpoken, TriplesBy};
use super::semi2k::{Semi2kSingleTriples, Triples};
use super::{
    Beaver2, Declared, Falcon, Falcon32, FalconMalicious, FalconMalicious32, Ideal, Message, Protocol, Rep3,
    Rep4, SecureMl, SecureNn, Semi2k, Start, SyRep3,
};
use crate::ring::Content;
use crate::sim::Party;

/// Makes a party's protocol from its handle and the seed of all random streams.
pub type Starter<P> = fn(Party<Message>, u64, Content) -> P;

/// The protocol itself: programs are compiled for it alone, and run as fast as they can.
fn direct<P: Start>() -> Starter<P> {
    P::start
}

/// Behind a table of functions: programs are compiled once for all such protocols.
fn by_table<P: Start>() -> Starter<Erased> {
    |party, seed, content| Erased::new(P::start(party, seed, content))
}

/// Something to do with a protocol whose type follows from its name.
pub trait Visitor {
    /// What comes of it.
    type Output;
    /// Runs it with a protocol.
    fn visit<P: Protocol>(self, start: Starter<P>) -> Self::Output;
}

/// Against which party a protocol is secure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Adversary {
    /// It follows the protocol and wants to know more.
    SemiHonest,
    /// It does anything.
    Malicious,
}

macro_rules! protocols {
    (
        $($name:literal, $variant:ident, $compiled:ident, $security:ident, $parties:expr, $description:literal, $paper:literal;)*
        in other ways: $($title:literal, $way:ident, $of:ident, $by:ident, $what:literal;)*
    ) => {
        /// A protocol of the registry, with who makes its triples and how large its ring is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum ProtocolName {
            $(#[doc = $description] $variant,)*
            $(#[doc = $what] $way,)*
        }

        impl ProtocolName {
            /// All of them, in the way that is the default.
            pub const ALL: [ProtocolName; [$($name),*].len()] = [$(ProtocolName::$variant),*];
            /// Those with other triples, or in another ring.
            pub const IN_OTHER_WAYS: [ProtocolName; [$($title),*].len()] = [$(ProtocolName::$way),*];

            /// The name in scenario files.
            pub fn name(self) -> &'static str {
                match self {
                    $(ProtocolName::$variant => $name,)*
                    $(ProtocolName::$way => ProtocolName::$of.name(),)*
                }
            }

            /// The name with who makes the triples or the bits of the ring, where those are not as by default.
            pub fn full_name(self) -> &'static str {
                match self { $(ProtocolName::$variant => $name,)* $(ProtocolName::$way => $title,)* }
            }

            /// Who makes its triples, where a scenario can choose that.
            pub fn triples_by(self) -> TriplesBy {
                match self {
                    $(ProtocolName::$variant => TriplesBy::Transfers,)*
                    $(ProtocolName::$way => TriplesBy::$by,)*
                }
            }

            /// The same protocol in the way that is the default.
            pub fn by_default(self) -> ProtocolName {
                match self {
                    $(ProtocolName::$variant => ProtocolName::$variant,)*
                    $(ProtocolName::$way => ProtocolName::$of,)*
                }
            }

            /// Number of parties.
            pub fn parties(self) -> usize {
                match self { $(ProtocolName::$variant => $parties,)* $(ProtocolName::$way => $way::PARTIES,)* }
            }

            /// Number of parties that hold shares, and so may own data: all but the dealers, who come last.
            pub fn sharing_parties(self) -> usize {
                self.parties() - match self {
                    $(ProtocolName::$variant => <$variant as Start>::DEALERS,)*
                    $(ProtocolName::$way => <$way as Start>::DEALERS,)*
                }
            }

            /// Whether it holds against a party that does anything at all: then altered messages end in an abort.
            pub fn is_malicious(self) -> bool {
                match self {
                    $(ProtocolName::$variant => Adversary::$security == Adversary::Malicious,)*
                    $(ProtocolName::$way => ProtocolName::$of.is_malicious(),)*
                }
            }

            /// What its operations cost.
            pub fn costs(self) -> &'static [Declared] {
                match self {
                    $(ProtocolName::$variant => <$variant as Start>::COSTS,)*
                    $(ProtocolName::$way => <$way as Start>::COSTS,)*
                }
            }

            /// What the ideal functionality does in its own way.
            pub fn ideal(self) -> Ideal {
                match self {
                    $(ProtocolName::$variant => <$variant as Start>::IDEAL,)*
                    $(ProtocolName::$way => <$way as Start>::IDEAL,)*
                }
            }

            /// One line on what it is.
            pub fn description(self) -> &'static str {
                match self { $(ProtocolName::$variant => $description,)* $(ProtocolName::$way => $what,)* }
            }

            /// Where it is from.
            pub fn paper(self) -> &'static str {
                match self {
                    $(ProtocolName::$variant => $paper,)*
                    $(ProtocolName::$way => ProtocolName::$of.paper(),)*
                }
            }

            /// Makes a party's protocol, its type hidden.
            pub fn start(self, party: Party<Message>, seed: u64, content: Content) -> Erased {
                match self {
                    $(ProtocolName::$variant => Erased::new($variant::start(party, seed, content)),)*
                    $(ProtocolName::$way => Erased::new($way::start(party, seed, content)),)*
                }
            }

            /// Runs `visitor` with the protocol's type.
            pub fn visit<V: Visitor>(self, visitor: V) -> V::Output {
                match self {
                    $(ProtocolName::$variant => visitor.visit($compiled::<$variant>()),)*
                    $(ProtocolName::$way => visitor.visit(by_table::<$way>()),)*
                }
            }
        }
    };
}

impl ProtocolName {
    /// Whether matrix products can take single triples.
    pub fn has_single_triples(self) -> bool {
        self == ProtocolName::Semi2k
    }

    /// Bits of a ring element.
    pub fn ring_bits(self) -> u32 {
        self.ideal().ring_bits
    }

    /// The same protocol in another way.
    fn otherwise(self, is: impl Fn(ProtocolName) -> bool) -> Option<ProtocolName> {
        let ways = ProtocolName::ALL.into_iter().chain(ProtocolName::IN_OTHER_WAYS);
        ways.into_iter().find(|&way| way.by_default() == self.by_default() && is(way))
    }

    /// The same protocol with triples made by somebody else, if it has that.
    pub fn with_triples_by(self, by: TriplesBy) -> Option<ProtocolName> {
        self.otherwise(|way| way.triples_by() == by && way.ring_bits() == self.ring_bits())
    }

    /// The same protocol in a ring of so many bits, if it has that.
    pub fn with_ring_bits(self, bits: u32) -> Option<ProtocolName> {
        self.otherwise(|way| way.triples_by() == self.triples_by() && way.ring_bits() == bits)
    }

    /// The same as [`visit`](Self::visit) with these triples.
    ///
    /// # Panics
    /// If the protocol has none such: see [`has_single_triples`](Self::has_single_triples).
    pub fn visit_with<V: Visitor>(self, triples: Triples, visitor: V) -> V::Output {
        match triples {
            Triples::Matrix => self.visit(visitor),
            Triples::Single => {
                assert!(self.has_single_triples(), "{} takes no triples", self.name());
                visitor.visit(by_table::<Semi2kSingleTriples>())
            }
        }
    }
}

protocols! {
    "rep3", Rep3, direct, SemiHonest, Rep3::PARTIES, "semi-honest replicated secret sharing, three parties, Z_2^64",
        "Araki et al., CCS 2016 (ePrint 2016/768)";
    "rep4", Rep4, by_table, Malicious, Rep4::PARTIES,
        "replicated secret sharing, four parties, one of them malicious (abort), Z_2^64",
        "Dalskov, Escudero, Keller, Fantastic Four, USENIX Security 2021 (ePrint 2020/1330)";
    "sy_rep3", SyRep3, by_table, Malicious, SyRep3::PARTIES,
        "authenticated replicated secret sharing, three parties, one of them malicious (abort), Z_2^104",
        "Chida et al., CRYPTO 2018 (ePrint 2018/570); Abspoel et al., ePrint 2019/1298";
    "beaver2", Beaver2, by_table, SemiHonest, Beaver2::PARTIES, "two parties and a dealer, semi-honest, additive shares in Z_2^64",
        "Beaver, STOC 1997; Mohassel and Zhang, S&P 2017; Escudero et al., CRYPTO 2020 (ePrint 2020/338)";
    "semi2k", Semi2k, by_table, SemiHonest, Semi2k::PARTIES, "two parties, semi-honest, additive shares in Z_2^64, triples from oblivious transfer",
        "Gilboa, CRYPTO 1999; Roy, SoftSpokenOT, CRYPTO 2022 (ePrint 2022/192); Escudero et al., CRYPTO 2020 (ePrint 2020/338)";
    "securenn", SecureNn, by_table, SemiHonest, SecureNn::PARTIES, "two parties and a helper, semi-honest, additive shares in Z_2^64, comparisons modulo 67",
        "Wagh, Gupta, Chandran, SecureNN, PETS 2019 (ePrint 2018/442)";
    "secureml", SecureMl, by_table, SemiHonest, SecureMl::PARTIES,
        "two parties, semi-honest, additive shares in Z_2^64, garbled circuits for comparison and division",
        "Mohassel and Zhang, SecureML, S&P 2017 (ePrint 2017/396); Zahur et al., EUROCRYPT 2015 (ePrint 2014/756)";
    "falcon", Falcon, by_table, SemiHonest, Falcon::PARTIES, "semi-honest replicated secret sharing, three parties, Z_2^64, comparisons modulo 67",
        "Wagh et al., Falcon, PETS 2021";
    "falcon_malicious", FalconMalicious, by_table, Malicious, FalconMalicious::PARTIES,
        "replicated secret sharing, three parties, one of them malicious (abort), Z_2^64, comparisons modulo 67",
        "Wagh et al., Falcon, PETS 2021; Furukawa et al., EUROCRYPT 2017 (ePrint 2016/944)";
    in other ways:
    "secureml:softspoken", SecureMlSoftSpoken, SecureMl, SoftSpoken,
        "two parties, semi-honest, additive shares in Z_2^64, garbled circuits, triples by transfers of SoftSpokenOT";
    "secureml:encryption", SecureMlEncryption, SecureMl, Encryption,
        "two parties, semi-honest, additive shares in Z_2^64, garbled circuits, triples by homomorphic encryption (its messages only)";
    "secureml:clients", SecureMlClients, SecureMl, Clients,
        "two parties and the clients, semi-honest, additive shares in Z_2^64, garbled circuits, triples by the clients";
    "secureml:dealer", SecureMlDealer, SecureMl, Dealer,
        "two parties and a dealer, semi-honest, additive shares in Z_2^64, garbled circuits";
    "falcon:32", Falcon32, Falcon, Transfers,
        "semi-honest replicated secret sharing, three parties, Z_2^32, comparisons modulo 67";
    "falcon_malicious:32", FalconMalicious32, FalconMalicious, Transfers,
        "replicated secret sharing, three parties, one of them malicious (abort), Z_2^32, comparisons modulo 67";
}
