//! The closed list of what the actors of a session say to each other.
//!
//! | class | messages | rule |
//! | --- | --- | --- |
//! | *system* | [`Attach`], [`Detach`], [`SendAway`], [`MediaUp`], [`EndSession`], [`BreakOff`], [`ChildStopped`], [`StopReply`], [`StopVoice`] | acted on at once, never behind audio |
//! | *turn data* | [`ReplyArrived`], [`VoiceArrived`], [`SummaryArrived`], [`StartReply`], [`ReplyAwaited`], [`StartSummary`], [`SpeakPiece`], [`FinishVoice`] | carries its [`TurnId`]; dropped and counted when the turn is over |
//! | *sound* | [`HostSound`], [`HostPacket`], [`Hear`], [`HearOwn`], [`ReportPlayout`], [`MediaSegment`], [`Tick`] | may be dropped when late, counted |
//! | *record* | [`Record`], [`LogEvent`] | never dropped; survives the stop |
//!
//! Every mailbox is bounded and everything is sent by [`super::mailbox`], which counts what did not arrive.

use std::sync::Arc;

use actix::Message;
use bytes::Bytes;

pub use super::listener_time::ListenerClock;
use super::media_line::MediaLine;
use super::notice::{CloseReason, Notice};
use super::outbox::Outbox;
use crate::adapters::llm::LlmUse;
use crate::adapters::{AdapterError, AdapterNote};
use crate::audio::playout::Reports;
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, Input, Outcome, Prompt, Speaker, TurnId, VoicedWord};
use crate::recording::{ClockFit, EventLine, RecordingError, RecordingReady, Space};
use crate::time::SessionTime;

// ── From a listener's connection to the Session ──────────────────────────────────────────────────────────────

/// A connection takes the listener's chair; one that sat there is told to go.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Attach {
    /// Where its notices and sound go.
    pub outbox: Arc<Outbox>,
    /// The last notice it saw, if it comes back.
    pub last_seq: Option<u64>,
    /// Whether it says what it has heard.
    pub reports: Reports,
}

/// The connection is gone. Without effect if another sits in the chair already.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Detach {
    /// The outbox it had.
    pub outbox: Arc<Outbox>,
}

/// The connection broke the protocol: it is told so, numbered like everything else, and closed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SendAway {
    /// The outbox it has.
    pub outbox: Arc<Outbox>,
    /// What it did.
    pub last_word: Notice,
    /// Why it has to go.
    pub reason: CloseReason,
}

/// A frame from the host's microphone.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct HostSound {
    /// The sender's counter at the first sample, in samples of its own rate.
    pub capture_sample: u64,
    /// Whether the microphone was off.
    pub muted: bool,
    /// PCM s16le at the rate agreed when the session was started.
    pub pcm: Bytes,
}

/// A packet of Opus from the host's microphone, by the socket.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct HostPacket {
    /// Frames sent before this one.
    pub sequence: u32,
    /// The sender's counter at the first decoded sample, at 48 kHz.
    pub capture_sample: u64,
    /// Whether the microphone was off.
    pub muted: bool,
    /// One packet, whose head was read.
    pub packet: Bytes,
}

/// The listener's WebRTC is up: the host's packets come by this line, and AI sound of new turns leaves by it. Its end is told
/// by the line itself.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct MediaUp {
    /// The line, shared with the transport.
    pub line: Arc<MediaLine>,
}

/// Which sample of a turn has which RTP time: for the listener.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct MediaSegment {
    /// Who speaks.
    pub speaker: AiSpeaker,
    /// In which turn.
    pub turn: TurnId,
    /// Place in the turn of the first sample.
    pub first_sample: u64,
    /// RTP time of the packet that begins with it.
    pub rtp_timestamp: u32,
}

/// Something the host pressed or typed: one of the control inputs.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Pressed(pub Input);

/// The listener tells what was heard.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReportPlayout {
    /// Whose audio.
    pub speaker: AiSpeaker,
    /// Which turn.
    pub turn: TurnId,
    /// Samples of the turn heard so far, at 48 kHz.
    pub played_samples: u64,
    /// The host's capture counter at the same instant.
    pub capture_sample: Option<u64>,
    /// The listener's own clock, where no counter of the host can be had.
    pub clock: Option<ListenerClock>,
    /// Whether what was sent after this sample never sounded.
    pub stalled: bool,
    /// Whether a stopped turn has fallen silent for good.
    pub flushed: bool,
}

/// The listener wants to know everything again.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct RequestState;

/// The session is to end in order; answers when its recording is whole.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct EndSession;

/// The session is to end without waiting for anybody's last words; answers when its recording is whole.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct BreakOff;

/// Answers when the session is over, however it ends.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct AwaitEnd;

/// A second screen wants to look on; answers whether there is room.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub struct LookOn {
    /// Where its notices go.
    pub outbox: Arc<Outbox>,
}

/// Broadcasting software wants to hear one speaker; answers whether there is room.
#[derive(Debug, Message)]
#[rtype(result = "bool")]
pub struct Listen {
    /// Whom.
    pub speaker: Speaker,
    /// Where the sound goes: PCM s16le at 48 kHz, without holes.
    pub reader: tokio::sync::mpsc::Sender<Bytes>,
}

// ── From the adapters' actors to the Session ─────────────────────────────────────────────────────────────────

/// The ears heard something: voice, words or a verdict.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EarsHeard(pub Input);

/// The ears failed; they go on by themselves if they can.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EarsFailed {
    /// Which adapter and why.
    pub error: AdapterError,
    /// Whether they hear again or will try to.
    pub recovering: bool,
}

/// Something about the products behind the ears.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct EarsNoted(pub AdapterNote);

/// How the studio's own sound comes back to the host's microphone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct EchoLearned {
    /// How much later than the listener's reports say.
    pub lag_ms: i64,
    /// How loud against what was sent, in the loudest band, dB.
    pub gain_db: i16,
    /// How much of it was taken for a voice and held back so far.
    pub held_back_ms: u64,
}

/// A language model wrote.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct ReplyArrived {
    /// For this turn.
    pub turn: TurnId,
    /// What came.
    pub event: ReplyEvent,
}

/// What comes from a language model's stream.
#[derive(Debug)]
pub enum ReplyEvent {
    /// More text.
    Text(String),
    /// Something about the products behind it.
    Noted(AdapterNote),
    /// No more text.
    Ended {
        /// How it ended.
        outcome: Outcome,
        /// What it cost, if it came to an end.
        usage: LlmUse,
        /// Why it failed, if it did.
        error: Option<AdapterError>,
    },
}

/// A language model summed up, or told something of its products meanwhile.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SummaryArrived {
    /// Its number.
    pub summary: u32,
    /// Whose model.
    pub speaker: AiSpeaker,
    /// What came.
    pub event: SummaryEvent,
}

/// What comes of a summary.
#[derive(Debug)]
pub enum SummaryEvent {
    /// Something about the products behind it.
    Noted(AdapterNote),
    /// It is over.
    Ended {
        /// The summary; empty unless it is complete.
        text: String,
        /// How it ended.
        outcome: Outcome,
    },
}

/// A voice spoke.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct VoiceArrived {
    /// For this turn.
    pub turn: TurnId,
    /// What came.
    pub event: VoiceEvent,
}

/// What comes from a voice's stream, already at 48 kHz and in turn samples.
#[derive(Debug)]
pub enum VoiceEvent {
    /// Where a piece's words lie.
    Words {
        /// The piece.
        piece: u16,
        /// Its words.
        words: Vec<VoicedWord>,
        /// End of the piece as far as it is known.
        samples: u64,
    },
    /// The next sound.
    Sound(Vec<i16>),
    /// The sound of a piece is complete: its last samples need not wait for the next piece.
    PieceEnded,
    /// Something about the products behind it.
    Noted(AdapterNote),
    /// No more sound.
    Ended {
        /// How it ended.
        outcome: Outcome,
        /// Why it failed, if it did.
        error: Option<AdapterError>,
    },
}

/// A child is no more: it panicked or was stopped.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ChildStopped {
    /// Which place at the table.
    pub child: Child,
    /// Which one that sat there; older ones are of no interest.
    pub generation: u32,
}

/// The children of a Session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// Speech to text, voice activity, end of turn.
    Ears,
    /// A language model.
    Mind(AiSpeaker),
    /// A voice.
    Voice(AiSpeaker),
    /// Tracks and captions.
    Recorder,
    /// The event log.
    Logger,
}

/// 20 ms may have passed; the clock knows.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Tick;

/// The recorder has something to say.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum RecorderSaid {
    /// The disk is slow: half of the queue is full.
    HalfFull,
    /// The disk fills up.
    Space(Space),
    /// Recording is over, in disorder; what was written is kept, and `Ready` may follow once it is repaired.
    Failed(RecordingError),
    /// The recording is whole.
    Ready(RecordingReady),
}

// ── From the Session to its children ─────────────────────────────────────────────────────────────────────────

/// Sound for the ears: 48 kHz, on session time, in order.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Hear {
    /// When the first sample sounded.
    pub at: SessionTime,
    /// The samples.
    pub samples: Arc<[i16]>,
    /// Whether a microphone heard them: not while the host is muted, nor in a hole.
    pub is_captured: bool,
}

/// What the listener hears from the AIs, for ears that must not take it for the host.
#[derive(Clone, Debug, Message)]
#[rtype(result = "()")]
pub enum HearOwn {
    /// Sound at 48 kHz that is heard from `at` on.
    Sound { at: SessionTime, samples: Arc<[i16]> },
    /// From `at` on nothing of it is heard any more.
    Silence { at: SessionTime },
}

/// Ask the end-of-turn model about the sound up to now.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct JudgeEndOfTurn {
    /// The question's number.
    pub ask: u32,
}

/// Give the final words now.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct FinishRecognition;

/// The session needs its ears no more. Their timers would keep them alive without anybody to hear for.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct Dismiss;

/// Write a reply.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct StartReply {
    /// For this turn.
    pub turn: TurnId,
    /// What to answer.
    pub prompt: Prompt,
    /// Whether nobody waits for it yet: then it may wait for a rate limit that is nearly spent.
    pub is_ahead: bool,
}

/// The floor is given to this reply, which was made ahead: somebody waits for it from here on.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct ReplyAwaited {
    /// For this turn.
    pub turn: TurnId,
}

/// Sum up, beside the replies.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct StartSummary {
    /// Its number.
    pub summary: u32,
    /// What to sum up, and how.
    pub prompt: Prompt,
}

/// Drop the work on this reply.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct StopReply {
    /// For this turn.
    pub turn: TurnId,
}

/// Say the turn's next piece.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SpeakPiece {
    /// For this turn.
    pub turn: TurnId,
    /// Its number.
    pub piece: u16,
    /// What to say.
    pub text: String,
    /// How much sound the session wants ahead of the listener.
    pub allowance: super::allowance::Allowance,
}

/// No more pieces for this turn.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct FinishVoice {
    /// For this turn.
    pub turn: TurnId,
}

/// Drop the work on this voice.
#[derive(Clone, Copy, Debug, Message)]
#[rtype(result = "()")]
pub struct StopVoice {
    /// For this turn.
    pub turn: TurnId,
}

// ── To the record ────────────────────────────────────────────────────────────────────────────────────────────

/// Something for the recording.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum Record {
    /// Sound of one speaker, placed on session time.
    Sound {
        /// Whose.
        speaker: Speaker,
        /// When its first sample sounded.
        at: SessionTime,
        /// Samples at 48 kHz.
        samples: Arc<[i16]>,
    },
    /// Packets of the host as they were received ([`crate::recording::capture`]).
    Capture(Box<[u8]>),
    /// Everything before this instant is known.
    Advance(SessionTime),
    /// A line of the event log, from the logger.
    Line(Box<EventLine>),
    /// The log is closed: make the recording whole. From the logger, after its last line.
    Finish(Finish),
    /// The session does not wait any longer for the recording to be whole.
    GiveUp,
}

/// The end of a session's record.
#[derive(Clone, Copy, Debug)]
pub struct Finish {
    /// The session's length, a whole number of milliseconds.
    pub end: SessionTime,
    /// The host's clock against the server's, if it was mapped.
    pub fit: Option<ClockFit>,
}

/// Something for the event log.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub enum LogEvent {
    /// What happened at `t`.
    Line {
        /// When it is logged.
        t: SessionTime,
        /// What happened.
        event: Event,
    },
    /// The session is over: no line follows.
    Close(Finish),
}

/// A notice for the listener, made elsewhere than in the Session.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Announce(pub Notice);
