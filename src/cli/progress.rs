//! Progress bars on a terminal, silence elsewhere. The host's time is known here only: it decides no result.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::print;
use crate::run::Progress;

#[allow(clippy::disallowed_types, reason = "what is foreseen is about the host's time")]
type Clock = std::time::Instant;

/// One bar at a time, on standard error.
pub(crate) struct Bars {
    bar: Mutex<ProgressBar>,
    start: Clock,
}

impl Bars {
    /// No bar yet. Nothing is ever drawn unless standard error is a terminal.
    pub(crate) fn new() -> Bars {
        Bars { bar: Mutex::new(ProgressBar::hidden()), start: Clock::now() }
    }

    fn bar(&self) -> MutexGuard<'_, ProgressBar> {
        self.bar.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the last bar away.
    pub(crate) fn finish(&self) {
        self.bar().finish_and_clear();
    }
}

impl Progress for Bars {
    fn now_seconds(&self) -> Option<f64> {
        Some(self.start.elapsed().as_secs_f64())
    }

    fn estimate(&self, seconds: f64) {
        // If nobody can read it, the end says so.
        let _ = print(&format!("about {}\n", duration_text(seconds)));
    }

    fn begin(&self, stage: &'static str, steps: u64) {
        self.finish();
        let style =
            ProgressStyle::with_template("{msg} {wide_bar} {percent} % {eta}").expect("a valid template");
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
        *self.bar() = bar.with_style(style).with_message(stage);
    }

    fn advance(&self, steps: u64) {
        self.bar().inc(steps);
    }
}

fn duration_text(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".to_string(),
        s if s < 100.0 => format!("{} seconds", s.ceil()),
        s if s < 6000.0 => format!("{} minutes", (s / 60.0).ceil()),
        s if s < 360_000.0 => format!("{} hours", (s / 3600.0).ceil()),
        s => format!("{} days", (s / 86_400.0).ceil()),
    }
}
