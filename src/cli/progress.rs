//! Progress bars on a terminal, silence elsewhere.

use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::Progress;

/// One bar at a time, on standard error.
pub(crate) struct Bars {
    bar: Mutex<ProgressBar>,
}

impl Bars {
    /// No bar yet. Nothing is ever drawn unless standard error is a terminal.
    pub(crate) fn new() -> Bars {
        Bars { bar: Mutex::new(ProgressBar::hidden()) }
    }

    /// Takes the last bar away.
    pub(crate) fn finish(&self) {
        self.bar.lock().expect("no bar panics").finish_and_clear();
    }
}

impl Progress for Bars {
    fn begin(&self, stage: &'static str, steps: u64) {
        self.finish();
        let style =
            ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}").expect("a valid template");
        let bar = ProgressBar::with_draw_target(Some(steps), ProgressDrawTarget::stderr());
        *self.bar.lock().expect("no bar panics") = bar.with_style(style).with_message(stage);
    }

    fn step(&self) {
        self.bar.lock().expect("no bar panics").inc(1);
    }
}
