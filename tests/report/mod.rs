//! Files that people look at: the same bytes every time, with the figures of the files beside them, and no requests.

mod commands;
mod compare;
mod html;
mod paper;
mod support;
mod sweep;
