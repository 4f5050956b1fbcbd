//! The program `marketplace`.

use std::process::ExitCode;

use tikv_jemallocator::Jemalloc;

/// Of the libraries in C, too.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

fn main() -> ExitCode {
    node::cli::main()
}
