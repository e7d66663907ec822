//! Plain loops compiled for several instruction sets.

/// An instruction set for which [`dispatched`] functions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ring) enum Level {
    Portable,
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
}

impl Level {
    #[cfg(test)]
    pub(in crate::ring) const ALL: [Self; 3] = [Self::Portable, Self::Avx2, Self::Avx512];

    /// The best one this machine has.
    pub(in crate::ring) fn best() -> Self {
        if Self::Avx512.is_available() {
            Self::Avx512
        } else if Self::Avx2.is_available() {
            Self::Avx2
        } else {
            Self::Portable
        }
    }

    #[cfg(target_arch = "x86_64")]
    pub(in crate::ring) fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Avx2 => is_x86_feature_detected!("avx2"),
            Self::Avx512 => {
                is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
                    && is_x86_feature_detected!("avx512vl")
            }
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(in crate::ring) fn is_available(self) -> bool {
        self == Self::Portable
    }
}

/// Defines a function of which the compiler makes one vectorised version for every [`Level`]; the first argument
/// says which to run (the portable one, if this machine lacks the instructions). The body must be integer or
/// exact arithmetic, so that all give the same bits.
macro_rules! dispatched {
    ($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        fn $name(level: $crate::ring::dispatch::Level, $($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                use $crate::ring::dispatch::Level;

                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512($($arg: $type),*) $(-> $result)? {
                    body($($arg),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2($($arg: $type),*) $(-> $result)? {
                    body($($arg),*)
                }
                if level == Level::Avx512 && level.is_available() {
                    // SAFETY: the CPU has the features.
                    return unsafe { avx512($($arg),*) };
                }
                if level == Level::Avx2 && level.is_available() {
                    // SAFETY: the CPU has the feature.
                    return unsafe { avx2($($arg),*) };
                }
            }
            let _ = level;
            body($($arg),*)
        }
    };
}

pub(in crate::ring) use dispatched;
