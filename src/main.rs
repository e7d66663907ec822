//! The `mpcsim` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    mpcsim::cli::main()
}
