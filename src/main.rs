//! The `studio` binary: everything is in the library, so that tests and benches can have it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    voice_studio::cli::main()
}
