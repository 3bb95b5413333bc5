//! What may happen: the closed list of facts that enter the conversation.
//!
//! Facts about sound carry `at`, the session time at which it sounded; it is earlier than the `now` at which the
//! conversation learns of it. Every input is logged as it came, so a session can be replayed from its log.

#![expect(missing_docs, reason = "a variant's line tells its fields")]

use serde::{Deserialize, Serialize};

use super::speaker::{AiSpeaker, TurnId};
use crate::time::{SessionTime, Span};

/// One fact, in past tense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Input {
    // ── The host's voice ─────────────────────────────────────────────────────────────────────────────────
    /// A sound began at `at` at the host's microphone: its level rose out of the quiet. Whether it is a voice is told
    /// by [`Input::SpeechStarted`] within a quarter of a second, or never.
    SoundRose { at: SessionTime },
    /// The host's voice began at `at` (first frame over the detector's threshold).
    SpeechStarted { at: SessionTime },
    /// Whether the detector is sure of a voice: told right before the voice that it is said of, and once more at most, when
    /// it has become sure.
    VoiceWavered { firm: bool },
    /// The host's voice ended at `at` (end of the last speech frame; known about 160 ms later).
    SpeechStopped { at: SessionTime },
    /// The recogniser's words of one stretch of speech. A later one of the same segment replaces an earlier one;
    /// after one with [`Stability::Final`] the segment never changes.
    Recognised {
        segment: u32,
        text: String,
        from: SessionTime,
        until: SessionTime,
        stability: Stability,
    },
    /// The end-of-turn model's answer to question `ask`: how finished the turn sounds, 0 to 1000 per mille;
    /// `None` where no model can say.
    EndOfTurnJudged { ask: u32, score: Option<u16> },

    // ── An AI's reply ────────────────────────────────────────────────────────────────────────────────────
    /// The language model wrote more of the reply.
    ReplyText { turn: TurnId, text: String },
    /// The language model will write no more of it.
    ReplyEnded { turn: TurnId, outcome: Outcome },
    /// A piece of text has a voice: where its words lie in the turn's audio. Comes before or with its audio,
    /// pieces in order. `samples` is the end of the piece in turn samples at 48 kHz.
    PieceVoiced { turn: TurnId, piece: u16, words: Vec<VoicedWord>, samples: u64 },
    /// The first audio of the turn is ready to be sent.
    VoiceStarted { turn: TurnId },
    /// The turn's audio is complete: `samples` in all, at 48 kHz.
    VoiceEnded { turn: TurnId, samples: u64, outcome: Outcome },

    // ── What the listener heard ──────────────────────────────────────────────────────────────────────────
    /// The listener has heard the turn's first `samples` samples; the last of them sounded at `at`.
    Played { turn: TurnId, samples: u64, at: SessionTime },
    /// Playout of a stopped turn has ended for good after `samples` samples, the last of them at `at`.
    Flushed { turn: TurnId, samples: u64, at: SessionTime },

    // ── What the host pressed ────────────────────────────────────────────────────────────────────────────
    /// Autopilot was switched.
    AutopilotSet { enabled: bool },
    /// The interrupt button: whoever speaks stops now.
    InterruptPressed,
    /// The host's microphone was switched.
    MuteSet { muted: bool },
    /// The talk key went down or up; up ends the host's turn.
    PushToTalkSet { held: bool },
    /// The host gave this speaker the next word.
    Nominated { speaker: AiSpeaker },
    /// The host typed instead of speaking.
    Typed { text: String },
    /// The host marked this moment for the edit.
    Marked { label: String },

    // ── What the producer did ────────────────────────────────────────────────────────────────────────────
    /// A word in one AI's ear.
    Whispered { speaker: AiSpeaker, text: String },
    /// What was said is struck: so much of the last time, or the last turn.
    StrikePressed { last: Option<Span> },
    /// The show goes to this part of its plan, counted from 0.
    SegmentChosen { index: u16 },

    // ── Memory ───────────────────────────────────────────────────────────────────────────────────────────
    /// A language model has summed up what was asked; without text unless it is complete.
    Summarised { summary: u32, text: String, outcome: Outcome },

    // ── The world around ─────────────────────────────────────────────────────────────────────────────────
    /// A listener is connected and can hear.
    HostConnected,
    /// Nobody can hear: the socket is gone.
    HostLost,
    /// Speech to text cannot serve, or can again.
    EarsChanged { available: bool },
    /// The session is to end: speakers stop, open captions close.
    EndRequested,
    /// The named deadline passed. Only the session's timer says this.
    DeadlinePassed { deadline: Deadline },
}

/// How much recognised words may still change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stability {
    /// May change; more of the same stretch is to come.
    Interim,
    /// Covers all that was said up to `until`; changes only if the host goes on.
    Complete,
    /// Never changes.
    Final,
}

/// How a piece of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All of it is there.
    Complete,
    /// The service failed; what came before stands.
    Failed,
    /// The service refused to do it; asking again does not help.
    Refused,
    /// It made no progress within its time.
    TimedOut,
}

/// One word of a voiced piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VoicedWord {
    /// Byte range of the word in the piece's text.
    pub text_start: u32,
    /// End of the byte range.
    pub text_end: u32,
    /// First sample in the turn's audio at 48 kHz.
    pub start_sample: u64,
    /// End sample in the turn's audio at 48 kHz.
    pub end_sample: u64,
}

/// Every wait of the conversation has a name. In order of urgency: of two that fall together the earlier in this
/// list is taken first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deadline {
    /// The listener should have confirmed that a stopped turn is silent.
    FlushConfirm,
    /// The word ends at which a stopped turn falls silent.
    WordEnd,
    /// A sound over an AI should have turned out to be a voice.
    SoundConfirm,
    /// Voice over an AI has lasted long enough to pause it.
    BargeInPause,
    /// Voice over an AI has lasted too long to be a back-channel.
    BargeInStop,
    /// It has been quiet long enough after a short voice to resume.
    BargeInResume,
    /// Time to ask the end-of-turn model the first time.
    EndOfTurnFirstAsk,
    /// Time to ask it again.
    EndOfTurnSecondAsk,
    /// No model can say, and it has been silent long enough.
    EndOfTurnSilence,
    /// The host's turn ends whatever anybody thinks.
    EndOfTurnCeiling,
    /// The recogniser should have said its last words of the turn.
    TranscriptLate,
    /// The language model should have written something by now.
    ReplyFirstText,
    /// The voice should have sounded by now.
    VoiceFirstAudio,
    /// The listener should have reported progress by now.
    PlayoutProgress,
    /// The silence between two AI speakers is long enough: the next one may be heard.
    NextSpeaker,
    /// The host, for whom an AI made room, should have spoken by now.
    HostMaySpeak,
    /// A summary should have been written by now.
    SummaryLate,
}
