//! Plain loops compiled for several instruction sets.

use std::sync::OnceLock;

use crate::ring::instructions::Instructions;

/// An instruction set for which [`dispatched`] functions are compiled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ring) enum InstructionSet {
    Portable,
    Avx2,
    /// AVX-512 F, BW, DQ and VL.
    Avx512,
}

/// An instruction set that this machine has: there is no other way to get one than to ask for it here.
#[derive(Clone, Copy, Debug)]
pub(in crate::ring) struct Level(InstructionSet);

impl Level {
    /// The best one this machine has and may use.
    pub(in crate::ring) fn best() -> Self {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(|| {
            let allowed = |level: &Level| match level.0 {
                InstructionSet::Portable => true,
                InstructionSet::Avx2 => Instructions::limit() >= Instructions::Avx2,
                InstructionSet::Avx512 => Instructions::limit() >= Instructions::Avx512,
            };
            let levels = Self::available();
            levels.into_iter().rfind(allowed).expect("every machine has the portable ones")
        })
    }

    /// All that this machine has, the best one last.
    pub(in crate::ring) fn available() -> Vec<Self> {
        let mut levels = vec![Self(InstructionSet::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if Instructions::Avx2.are_available() {
                levels.push(Self(InstructionSet::Avx2));
            }
            if Instructions::Avx512.are_available() {
                levels.push(Self(InstructionSet::Avx512));
            }
        }
        levels
    }

    /// Which one it is.
    #[inline]
    pub(in crate::ring) fn instructions(self) -> InstructionSet {
        self.0
    }
}

/// Defines a function, maybe for any constant, of which the compiler makes one vectorised version for every [`Level`]; the first
/// argument says which to run. The body must be integer or
/// exact arithmetic, or floating-point operations in a fixed order, so that all give the same bits.
macro_rules! dispatched {
    ($(#[$doc:meta])* $visible:vis fn $name:ident$(<const $number:ident: $of:ty>)?($($arg:ident: $type:ty),* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$doc])*
        $visible fn $name$(<const $number: $of>)?(level: $crate::ring::fast::dispatch::Level, $($arg: $type),*) $(-> $result)? {
            #[inline(always)]
            fn body$(<const $number: $of>)?($($arg: $type),*) $(-> $result)? $body

            #[cfg(target_arch = "x86_64")]
            {
                use $crate::ring::fast::dispatch::InstructionSet;

                #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
                fn avx512$(<const $number: $of>)?($($arg: $type),*) $(-> $result)? {
                    body$(::<$number>)?($($arg),*)
                }
                #[target_feature(enable = "avx2")]
                fn avx2$(<const $number: $of>)?($($arg: $type),*) $(-> $result)? {
                    body$(::<$number>)?($($arg),*)
                }
                match level.instructions() {
                    // SAFETY: there is only a level of what the CPU has.
                    InstructionSet::Avx512 => return unsafe { avx512$(::<$number>)?($($arg),*) },
                    // SAFETY: as above.
                    InstructionSet::Avx2 => return unsafe { avx2$(::<$number>)?($($arg),*) },
                    InstructionSet::Portable => {}
                }
            }
            let _ = level;
            body$(::<$number>)?($($arg),*)
        }
    };
}

pub(in crate::ring) use dispatched;
