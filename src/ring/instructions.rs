//! Which instructions arithmetic may use. All give the same bits; a user who wants to see that for himself can ask for less
//! than the machine has.

use std::sync::OnceLock;

/// Instruction sets that there is arithmetic for, from the one that every machine has to the fastest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Instructions {
    /// Those that every machine has.
    Portable,
    /// AVX2.
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
    /// The same with IFMA and VNNI.
    Avx512Ifma,
}

static LIMIT: OnceLock<Instructions> = OnceLock::new();

impl Instructions {
    /// All of them, the fastest last.
    pub const ALL: [Instructions; 4] = [Self::Portable, Self::Avx2, Self::Avx512, Self::Avx512Ifma];

    /// What a user calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Ifma => "avx512ifma",
        }
    }

    /// Whether this machine has them.
    pub fn are_available(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
            Self::Avx512Ifma => {
                Self::Avx512.are_available()
                    && is_x86_feature_detected!("avx512ifma")
                    && is_x86_feature_detected!("avx512vnni")
            }
        };
        #[cfg(not(target_arch = "x86_64"))]
        return self == Self::Portable;
    }

    /// Those that arithmetic chooses from: all, unless a limit was set.
    pub fn limit() -> Instructions {
        LIMIT.get().copied().unwrap_or(Self::Avx512Ifma)
    }

    /// The fastest that arithmetic uses.
    pub fn in_use() -> Instructions {
        let usable =
            |instructions: &Instructions| *instructions <= Self::limit() && instructions.are_available();
        Self::ALL.into_iter().rev().find(usable).unwrap_or(Self::Portable)
    }

    /// Forbids all that are faster than these, for the whole program.
    ///
    /// # Panics
    /// If a limit was set before.
    pub fn set_limit(self) {
        assert!(LIMIT.set(self).is_ok(), "the limit is set once, before anything is computed");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_limit_the_fastest_are_used() {
        let fastest = Instructions::ALL.into_iter().filter(|each| each.are_available()).max();
        assert_eq!(Some(Instructions::in_use()), fastest);
    }
}
