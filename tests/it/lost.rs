//! Nothing that was said vanishes: lost sockets, killed processes, full disks, panics, clients that misbehave.

mod blocked;
mod clients;
mod crowd;
mod disk;
mod faults;
mod kills;
mod long;
mod native;
mod revival;
mod sockets;

use std::process::Command;

/// A number that a test of this binary is told by the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch of the tests, not a setting of the product"
)]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs one test of this binary in a process of its own, whose memory, threads and counters are its own; prints what it
/// says. `module` is the test's `module_path!()`.
fn in_a_process_of_its_own(module: &str, test: &str, settings: &[(&str, u64)]) {
    let this = std::env::current_exe().expect("this binary");
    let module = module.split_once("::").expect("a crate").1;
    let settings = settings.iter().map(|(name, value)| (*name, value.to_string()));
    let output = Command::new(this)
        .args(["--exact", &format!("{module}::{test}"), "--nocapture"])
        .envs(settings)
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 passed"), "{said}");
}
