//! The recording: files that a producer can use, whatever happens to the server.
//!
//! [`EpisodeRecorder`] writes a take's folder while the session runs; [`recover`] repairs one that was left unfinished;
//! [`verify`] compares one that is finished with its manifest; [`WriterHandle`] runs a recorder on a thread of its own,
//! behind a bounded queue.
//!
//! | file | written by | when |
//! | --- | --- | --- |
//! | `you.webm` `claude.webm` `guest.webm` | [`webm`] | a cluster every 400 ms, head and cues at the end |
//! | `events.jsonl` | [`event_log`] | a line an event |
//! | `you.vtt` … `episode.vtt` | [`vtt`] | at the end, from the log |
//! | `session.yml` | [`manifest`] | last, in one step |
//!
//! Beside the takes lies what is known of hosts ([`hosts`]).
//!
//! Invariants: every prefix of every file can be recovered; a folder with a manifest is finished and is never touched
//! again; all three tracks decode to the same number of samples.
//! Nothing here knows actors, sockets or clocks: the caller passes in every time.

pub mod capture;
pub mod closing;
mod ebml;
pub mod episode;
pub mod error;
pub mod event_log;
mod event_version;
pub mod folder;
mod head;
pub mod hosts;
pub mod language;
pub mod library;
mod loudness;
pub mod manifest;
mod noted;
pub mod peaks;
mod recovery;
mod scan;
mod services_used;
mod sound_check;
mod space;
mod survivor;
mod track;
mod track_sound;
mod verification;
pub mod vtt;
pub mod vtt_read;
pub mod wav;
pub mod webm;
pub mod writer;

pub use closing::{ClockFit, Closing, FileEntry, FileKind, RecordingReady, TrackSetup};
pub use episode::{EpisodeRecorder, EpisodeSetup, SYNC_INTERVAL};
pub use error::RecordingError;
pub use event_log::{Event, EventLine, EventLog, EventReadError, Events, Stamp, read_events};
pub use folder::{EpisodeId, EpisodeIdError};
pub use hosts::{keep_profile, read_profile, reset_profile};
pub use manifest::{GapCause, Loudness, Manifest, SpeakerKind};
pub use noted::{CONTINUES_FIELD, Gap};
pub use recovery::{Recovered, recover};
pub use services_used::ServiceEntry;
pub use sound_check::{SOUND_CHECK_FIELD, SoundCheckEntry};
pub use space::{END_SECONDS, Space, WARN_SECONDS};
pub use survivor::{MEMORY_FIELD, REVIVAL_MAX, Survivor, TOKEN_HASH_FIELD, find_survivor};
pub use track::{AHEAD_MAX, JOIN_TOLERANCE};
pub use verification::{Damage, Fault, Verified, verify};
pub use writer::{
    FinishingWriter, QueueRefusal, Queued, RecordMessage, RecorderReport, WriterHandle,
};
