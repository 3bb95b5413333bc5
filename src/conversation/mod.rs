//! The rules of the conversation, as a pure value.
//!
//! Facts go in with their time, orders come out: [`Conversation::handle`] is the only door. Nothing here reads a
//! clock, a file, a socket or the environment; nothing waits, fails or panics; the same inputs give the same
//! orders. So a whole show can be replayed from its log, and a quarrel about an interruption is a text in a test.
//!
//! # Words of the house
//!
//! *Speaker*: one of you, claude, guest. *Floor*: the right to speak. *Turn*: one speaker's time on the floor.
//! *Utterance*: what was said in it. *Interim* and *final*: words that may change, and that never will.
//! *Barge-in*: speech while another has the floor; until it is judged it is an *intrusion*, and one that was let
//! pass is a *murmur*. *Back-channel*: "mm-hmm", a listener's sound that asks for nothing. *Playout*: what has truly
//! reached the listener's ears. *Said* and *heard*: what was written for the voice, and what of it was played out.
//! *Piece*: what the voice gets at once, and one caption. *Briefing*: what the show is about. *Caption*: words as
//! shown, with their times. *Prepared*: a reply made before it has the floor. *Segment*: a part of the show's plan.
//! *Whisper*: the producer's word in one AI's ear. *Strike*: what was said is cut and forgotten. *Director*: who decides
//! on autopilot what the next AI is to do. *Summary*: what stands for the oldest lines of an AI's memory.
//! *Own*: what the AIs said, come back through the host's microphone.
//!
//! # Invariants
//!
//! 1. In heard time at most one AI speaks; the host always wins; the next AI starts after the flush of the last is
//!    confirmed, or 150 ms.
//! 2. After the order to pause or stop a turn, nothing orders its sound but a resume.
//! 3. Every granted turn ends, with a reason.
//! 4. An AI caption is interim until its last word was heard; a final caption never changes; the final captions
//!    together equal what was heard.
//! 5. Each AI's history holds what was heard, in its own point of view, cut at the same sample for both.
//! 6. Nothing waits for ever: every wait has a named [`Deadline`], but for the wait for a lost host to come back,
//!    which the session bounds.
//! 7. With autopilot off, the conversation comes to rest after the last input.
//! 8. The same inputs give the same orders, byte for byte.
//! 9. A prepared reply never sounds without a grant, and gets one only if every word it rests on stands.
//! 10. What was whispered to one AI is in no other's prompt and in no caption; what was struck is in no later prompt.
//! 11. No prompt holds more of the conversation than the rules say, and nobody waits for a summary.
//!
//! # Reading order
//!
//! [`input`] and [`order`] (what may happen, what is to be done), `floor` (the door), `host`, `presence` and `replies` (facts of
//! both sides), `prepared` (replies made ahead), `grants` (the only place that gives and takes the floor), `fading`
//! (a stopped turn on its way to silence), `own_words` (what the AIs said and comes back), then the judges, which decide
//! nothing: `endpointing`, `barge_in`, `addressing`, `autopilot`, [`director`], `topics`. Around the floor: `program` (the
//! plan and the rules in force), `whispers`, `strikes`, `landing`, `summaries`. [`rules`] has every number.
#![warn(missing_docs, clippy::wildcard_enum_match_arm)]

pub mod briefing;
pub mod director;
pub mod event;
pub mod input;
pub mod memory;
pub mod order;
pub mod profile;
pub mod prompt;
pub mod rules;
pub mod sentences;
pub mod show_rules;
pub mod snapshot;
pub mod speaker;

mod fading;
mod floor;
mod grants;
mod host;
mod prepared;
mod presence;
mod replies;
mod succession;

mod addressing;
mod autopilot;
mod barge_in;
mod endpointing;
mod topics;
mod who_answers;

mod landing;
mod program;
mod strikes;
mod summaries;
mod whispers;

mod ai_piece;
mod ai_turn;
mod captions;
mod habit;
mod host_words;
mod own_words;
mod phonetics;
mod transcript;
mod voiced_words;
mod words;

pub use floor::{Conversation, Setup};
pub use input::{Deadline, Input, Outcome, Stability, VoicedWord};
pub use memory::Memory;
pub use order::{
    Caption, CaptionWord, GrantReason, Order, PreparedEnd, StrikeScope, StruckTurn, TurnEnd,
    TurnVotes, Verdict, Vote,
};
pub use profile::HostProfile;
pub use prompt::Prompt;
pub use snapshot::{FloorView, Phase, Snapshot};
pub use speaker::{AiSpeaker, OrbState, Speaker, TurnId};
pub use strikes::STRIKE_MAX;
pub use transcript::PROMPT_LINES_MAX;
pub use who_answers::{Scores, Standing};
