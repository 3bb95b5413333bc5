//! Nothing that was said vanishes: lost sockets, killed processes, full disks, panics, clients that misbehave.

mod clients;
mod disk;
mod faults;
mod kills;
mod long;
mod revival;
mod sockets;
