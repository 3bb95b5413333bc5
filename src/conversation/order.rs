//! What is to be done: the closed list of orders that leave the conversation.
//!
//! The shell carries them out and has no opinion. An order about a turn that is over is dropped by whoever gets it.

#![expect(missing_docs, reason = "a variant's line tells its fields")]

use serde::{Deserialize, Serialize};

use super::director::{Directing, Step};
use super::input::Outcome;
use super::prompt::Prompt;
use super::speaker::{AiSpeaker, OrbState, Speaker, TurnId};
use super::who_answers::Scores;
use crate::time::SessionTime;

/// One order, in the imperative.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "order", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Order {
    // ── To the ears ──────────────────────────────────────────────────────────────────────────────────────
    /// Ask the end-of-turn model about the sound up to now; answer with [`super::Input::EndOfTurnJudged`].
    AskEndOfTurn { ask: u32 },
    /// The host's turn is over: give the final words without waiting for more sound.
    FinishRecognition,

    // ── To mind and voice ────────────────────────────────────────────────────────────────────────────────
    /// Have `speaker`'s language model write a reply.
    StartReply { turn: TurnId, speaker: AiSpeaker, prompt: Box<Prompt> },
    /// Have `speaker`'s voice say the turn's next piece. Pieces are numbered from 0 without holes.
    Speak { turn: TurnId, speaker: AiSpeaker, piece: u16, text: String },
    /// No more pieces will come for this turn.
    FinishVoice { turn: TurnId, speaker: AiSpeaker },
    /// Have `speaker`'s language model sum up the oldest of what it remembers, beside its replies; answer with
    /// [`super::Input::Summarised`].
    StartSummary { summary: u32, speaker: AiSpeaker, prompt: Box<Prompt> },
    /// Drop all work on this turn's text and voice.
    StopReply { turn: TurnId, speaker: AiSpeaker },

    // ── To the listener ──────────────────────────────────────────────────────────────────────────────────
    /// The turn may be heard: send its audio as it becomes due.
    StartPlayout { turn: TurnId, speaker: AiSpeaker },
    /// Change the loudness of what is heard (0 dB restores it).
    Duck { turn: TurnId, speaker: AiSpeaker, gain_db: i8, fade_ms: u16 },
    /// Hold the voice at the sample it has reached; what the listener holds stays there.
    Pause { turn: TurnId, speaker: AiSpeaker, fade_ms: u16 },
    /// Go on at the sample where it was held.
    Resume { turn: TurnId, speaker: AiSpeaker },
    /// The turn ends with this sample of it: nothing behind it is sent.
    Land { turn: TurnId, speaker: AiSpeaker, samples: u64 },
    /// Stop for good, fading within what the listener holds; confirm with [`super::Input::Flushed`].
    Flush { turn: TurnId, speaker: AiSpeaker, fade_ms: u16 },

    // ── To people ────────────────────────────────────────────────────────────────────────────────────────
    /// Show this state.
    SetOrb { speaker: Speaker, state: OrbState },
    /// Show or replace the caption of this id.
    ShowCaption(Caption),
    /// Show whether autopilot is on.
    ShowAutopilot { enabled: bool },
    /// Show which part of the plan is on, counted from 0, and why.
    ShowSegment { index: u16, reason: &'static str },
    /// Tell the host in one sentence what happened and what to do.
    Tell { code: &'static str, message: String },

    // ── To the record ────────────────────────────────────────────────────────────────────────────────────
    /// A turn began.
    NoteTurnStarted { turn: TurnId, speaker: Speaker },
    /// A turn is over; `heard_text` is what was truly heard of it.
    NoteTurnEnded {
        turn: TurnId,
        speaker: Speaker,
        reason: TurnEnd,
        heard_text: String,
        unheard_text: String,
    },
    /// The host's turn was judged to be over, and on which votes.
    NoteTurnJudged { turn: TurnId, votes: TurnVotes },
    /// The floor was given, and why.
    NoteGranted {
        turn: TurnId,
        speaker: AiSpeaker,
        reason: GrantReason,
        #[serde(skip_serializing_if = "Option::is_none")]
        scores: Option<Box<Scores>>,
    },
    /// The floor was not given, and why.
    NoteDenied {
        speaker: AiSpeaker,
        reason: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        scores: Option<Box<Scores>>,
    },
    /// `speaker` writes ahead what it would say after turn `after`; `turn` is the name it will have if it comes to it.
    NotePreparing { turn: TurnId, speaker: AiSpeaker, after: TurnId },
    /// What became of a prepared reply: why, and how many words it had by then.
    NotePrepared {
        turn: TurnId,
        speaker: AiSpeaker,
        end: PreparedEnd,
        reason: &'static str,
        words: u32,
    },
    /// Voice over an AI was judged.
    NoteBargeIn {
        speaker: AiSpeaker,
        turn: TurnId,
        verdict: Verdict,
        heard_text: String,
        unheard_text: String,
    },
    /// This was said into the ear of `speaker`.
    NoteWhispered { speaker: AiSpeaker, text: String },
    /// This stretch of the session is cut, and what is left of its turns in everybody's memory.
    NoteStruck { from: SessionTime, to: SessionTime, scope: StrikeScope, turns: Vec<StruckTurn> },
    /// What the director has the speaker of `turn` do, and why.
    NoteDirected {
        turn: TurnId,
        speaker: AiSpeaker,
        step: Step,
        reason: &'static str,
        scores: Directing,
    },
    /// The oldest lines of `speaker`'s memory, up to turn `upto`, are told as a summary from now on, or left out where
    /// `outcome` is not complete; so many words of its memory before and after.
    NoteSummarised {
        summary: u32,
        speaker: AiSpeaker,
        upto: TurnId,
        outcome: Outcome,
        before: u32,
        after: u32,
    },
    /// A marker for the edit.
    NoteMarker { label: String, at: SessionTime },
    /// An input that cannot be: kept as an event, otherwise without effect.
    NoteIgnored { what: &'static str },

    /// All is said and closed; the shell may end the session.
    CloseSession,
}

/// What was meant when something was struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StrikeScope {
    /// The last turn, by the button.
    LastTurn,
    /// So many seconds, by the button.
    Seconds,
    /// The host said so.
    Spoken,
}

/// A turn of which something was struck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StruckTurn {
    /// Which.
    pub turn: TurnId,
    /// What of it everybody still remembers; mostly nothing.
    pub kept: String,
}

/// What was weighed when a host's turn was judged to be over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TurnVotes {
    /// The vote that decided how long to wait.
    pub decided: Vote,
    /// Silence since the end of speech.
    pub silence_ms: u64,
    /// Silence that was asked for.
    pub wait_ms: u64,
    /// The longest pause that this host made of late.
    pub habit_ms: u64,
    /// The end-of-turn model's answers in this silence, per mille.
    pub scores: Vec<u16>,
    /// Whether the last word can end a sentence.
    pub can_end: bool,
    /// Whether the last sentence is built as a question.
    pub is_question: bool,
    /// Whether the host was thinking aloud.
    pub is_thinking: bool,
}

/// A vote about the end of the host's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Vote {
    /// The end-of-turn model heard an end.
    ModelSaysDone,
    /// It heard neither an end nor a pause.
    ModelLeans,
    /// It was sure of a pause.
    ModelSaysNotDone,
    /// The words are a question, and the model did not object.
    Question,
    /// No model could say: silence alone.
    Silence,
    /// The host was thinking aloud.
    Thinking,
    /// The host makes pauses of this length.
    Habit,
    /// Nobody saw an end: the longest wait there is.
    Ceiling,
    /// The host let go of the talk key, or ended the session.
    Key,
}

/// Why a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TurnEnd {
    /// Said and heard to the end.
    Completed,
    /// Cut off by the host's voice.
    BargedIn,
    /// Cut off by the host's button.
    Interrupted,
    /// The host went on before anything of it was heard.
    Withdrawn,
    /// It made room for the host at the end of a clause.
    Yielded,
    /// Its service failed.
    Failed,
    /// Nothing came within its time.
    TimedOut,
    /// The reply was empty.
    Empty,
    /// The host's sounds held no words.
    NoWords,
    /// The session ended.
    SessionEnded,
}

/// Why a speaker was given the floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantReason {
    /// Called by name.
    Addressed,
    /// Both were called; this one is first.
    AddressedFirst,
    /// Both were called; this one's turn came second.
    AddressedSecond,
    /// Asked by the other AI.
    AddressedByOther,
    /// The host pressed this speaker's button.
    Nominated,
    /// Nobody was called; it spoke longer ago than the other.
    Alternation,
    /// Nobody was called; the host asked more of what it had just said.
    FollowUp,
    /// Nobody was called; it had asked, and the host answered.
    AskedHost,
    /// Nobody was called; it had talked less of late.
    Balance,
    /// Nobody was called; its role, persona or notes speak of it.
    Role,
    /// Autopilot: the conversation goes on without the host.
    Autopilot,
    /// The other's service failed before anything was heard, and nobody had been called by name.
    Substitution,
}

/// What became of a reply that was prepared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PreparedEnd {
    /// It got the floor.
    Used,
    /// It was dropped; what it cost is lost.
    Discarded,
}

/// What voice over an AI turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// An interruption: the AI stopped.
    Stopped,
    /// A back-channel or noise: the AI went on.
    Resumed,
}

/// What is shown of one cue's words. Captions of one id replace each other until one is final.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caption {
    /// Unique in the session, rising.
    pub id: u32,
    /// Who says it.
    pub speaker: Speaker,
    /// The turn it belongs to.
    pub turn: TurnId,
    /// The words heard so far; of a final caption, all that was heard.
    pub text: String,
    /// Words that are being said but not yet heard (AI only; empty once final).
    pub pending: String,
    /// Whether it will ever change.
    pub is_final: bool,
    /// When its first word sounded.
    pub start: SessionTime,
    /// When its last heard word ended.
    pub end: SessionTime,
    /// Its words with their times.
    pub words: Vec<CaptionWord>,
    /// Whether the word times are spread evenly rather than known.
    pub estimated: bool,
    /// Whether the speaker was cut off within or right after it.
    pub cut: bool,
}

/// One word of a caption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptionWord {
    /// As written.
    pub text: String,
    /// When it began to sound.
    pub start: SessionTime,
    /// When it ended.
    pub end: SessionTime,
}
