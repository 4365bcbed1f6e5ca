//! The program: see [`atropos::cli`].

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// One thread is enough here: requests are answered by the server's own workers.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Before the first connection over TLS: of several providers that are linked, rustls must be told which.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    atropos::cli::run().await
}
