//! The program `marketplace`.

use std::process::ExitCode;

fn main() -> ExitCode {
    node::cli::main()
}
