//! Arguments in, exit code out.

use std::process::ExitCode;

use clap::Parser;
use usciere::cli::exit::Exit;
use usciere::cli::{self, Cli};
use usciere::dev::guard;

/// A third of a node's time went into glibc's allocator (docs/performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().is_some_and(|word| word == guard::WORD) {
        return guard::run(arguments);
    }
    usciere::failpoint::live_with_parent();
    // Before anything opens a TLS connection: with two providers compiled in, rustls refuses to choose.
    let _already_installed = rustls::crypto::ring::default_provider().install_default();
    let arguments = Cli::parse();
    match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime.block_on(cli::run(arguments)).into(),
        Err(_) => Exit::Failed.into(),
    }
}
