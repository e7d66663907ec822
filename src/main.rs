//! The `mpcsim` command.
fn main() {}
