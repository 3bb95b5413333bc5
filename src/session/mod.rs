//! One running conversation, as actors.
//!
//! A [`Session`] supervises ears ([`stt::SttActor`]), two minds ([`llm::LlmActor`]), two voices ([`tts::TtsActor`]),
//! [`recorder::RecorderActor`] and [`event_logger::EventLoggerActor`]. What they say to each other is the closed list in
//! [`messages`]; what they decide is in [`crate::conversation`]. [`directory::Directory`] knows sessions by id.
//!
//! Start reading at [`actor`]. A handler here is a translation of a few lines; a rule in this folder is in the wrong
//! place. Knows no product's name, no HTTP and no wire JSON.

pub mod actor;
pub mod allowance;
pub mod cast;
mod children;
pub mod directory;
mod ear_echo;
mod ear_line;
mod ear_words;
pub mod ears;
pub mod event_logger;
mod handlers;
mod host_ear;
mod host_frames;
pub mod house;
mod letter_rate;
mod listener;
mod listener_time;
pub mod llm;
mod loudness;
pub mod mailbox;
mod media;
pub mod media_line;
pub mod messages;
pub mod notice;
mod opening;
mod orders;
pub mod outbox;
mod own_sound;
pub mod pacer;
mod playing;
pub mod profile_keeper;
pub mod recorder;
pub mod revival;
mod seating;
mod service_notes;
mod stage;
pub mod stt;
pub mod supervision;
pub mod tally;
mod telling;
mod told;
pub mod tts;
mod turn_sound;
pub mod watchers;

pub use actor::{Session, SessionHandle};
pub use service_notes::TurnUse;
