//! # The Three-Way Voice Studio
//!
//! A host talks live, in the browser, with two AI speakers: Claude and a guest model. The studio listens, decides who
//! speaks, speaks, can be interrupted at any instant, and leaves a recording that a producer can drop into an editor
//! and a log that a developer can replay.
//!
//! ## One idea carries the rest
//!
//! **The rules of the conversation are a pure value; everything else is a shell.** [`conversation`] reads no clock, no
//! socket, no file: facts go in with their time, orders come out. So a whole show is reproducible from its log, ten
//! thousand shows are simulated in half a minute, and a quarrel about an interruption is settled by a text timeline.
//!
//! ```text
//! browser ──audio, control──▶ transport ─▶ Session actor ─▶ Conversation (pure)
//!    ▲                                        │  ▲               │ orders
//!    │◀──── audio, captions, orb states ──────┘  │               ▼
//!                                      SttActor LlmActor TtsActor   RecorderActor EventLoggerActor
//!                                         │        │        │            │             │
//!                                      adapters (one file per product)   recordings/<episode>/…
//! ```
//!
//! ## The arrows
//!
//! Each folder uses only what stands below it; `tests/it/arrows.rs` reads the sources and names an arrow that runs the
//! other way.
//!
//! ```text
//! main → cli → app, client → house, factory, http → transport → session → adapters (traits), recording
//!                                  factory → adapters/<product> → adapters (traits)
//!                              all of these → conversation, audio → time
//! ```
//!
//! | part | holds | never contains |
//! | --- | --- | --- |
//! | [`time`] | session time: samples at 48 kHz since the session began | a clock |
//! | [`conversation`] | who may speak, end of turn, barge-in, addressing, autopilot, said and heard, captions, briefing | async, files, clocks, hash maps, floats from outside |
//! | [`replay`] | a session again from its log: compared, asked what if, drawn | actors |
//! | [`simulation`] | meetings in a made-up world, their story and the invariants, on virtual time | a clock |
//! | [`audio`] | frames, resampling, the clock fit, voice gate, playout ledger, Opus, levels | the same |
//! | [`adapters`] | the traits of ears, minds and voices, and one file per product | actors, HTTP, configuration |
//! | [`recording`] | WebM tracks, captions, event log, manifest, repair | actors |
//! | [`session`] | the actors of one running conversation | product names, HTTP, wire JSON |
//! | [`transport`] | the wire protocol and the WebSocket | adapters |
//! | [`turnbench`] | recordings through ears and rules on virtual time: cut-offs, barge-ins, figures | clocks, sockets |
//! | [`client`] | a client of that protocol for rehearsals, benches and tests | anything but the protocol |
//! | [`http`] | routes, access, errors, the embedded page | rules |
//! | [`factory`], [`house`], [`app`] | composition: who serves, what a session is given, start and stop in order | rules |
//! | [`services`] | what is known of the services' models: defaults, ends, prices | a request |
//! | [`faults`] | places where a test makes things go wrong; nothing at all without its feature | – |
//! | [`blocked`] | how many threads stand still in code that is not ours | – |
//! | [`open_files`] | how many files and sockets may be open, and who gets them | – |
//! | [`config`], [`secret`], [`clock`], [`models`], [`briefings`] | every setting; the type that cannot be printed; the only reader of time; local models; briefings as files | – |
//!
//! ## Invariants
//!
//! 1. In heard time at most one AI speaks; the host always wins.
//! 2. After the order to pause or stop, no frame of that turn is written: not by the ledger
//!    ([`audio::playout`]), and not from the queue before the wire ([`session::outbox`]).
//! 3. Every granted turn ends, with a reason; what arrives for a turn that is over is dropped at the door.
//! 4. Only what was heard enters captions, tracks and the memory of both AIs.
//! 5. Nothing waits for ever: every wait has a named deadline ([`conversation::Deadline`]).
//! 6. Every queue is bounded, says what happens when it is full, and counts it. There is no unbounded channel.
//! 7. An adapter that fails, hangs or panics is an event of the conversation, never the session's end.
//! 8. Spoken words are in the recording and in the event log, never in the process log.
//! 9. The same inputs give the same orders, byte for byte.
//!
//! Start reading at [`conversation`], then [`session::actor`], then [`recording`].
//! One feature from socket to disk: a 20 ms frame enters by [`transport::websocket`], is put onto session time by
//! [`audio::host_line`], is heard by [`session::stt`] and written by [`recording::EpisodeRecorder`].

pub mod adapters;
pub mod app;
pub mod audio;
pub mod blocked;
pub mod briefings;
pub mod cli;
pub mod client;
pub mod clock;
pub mod config;
pub mod conversation;
pub mod factory;
pub mod faults;
pub mod hex;
pub mod house;
pub mod http;
pub mod models;
pub mod open_files;
pub mod recording;
pub mod replay;
pub mod secret;
pub mod services;
pub mod session;
pub mod simulation;
pub mod time;
pub mod transport;
pub mod turnbench;
