//! The session's log, fact by fact: `events.jsonl` holds every input and every order of the conversation, and what
//! its shell met.
//!
//! A line with `input` is an input as it entered, with the `now` it entered at; a line with `order` is an order as
//! it left. Feeding the inputs again gives the orders again, byte for byte. Names are dotted and never renamed.

use serde::Serialize;
use serde_json::{Map, Value};

use super::{Caption, Input, Order, Stability};
use crate::time::SessionTime;

/// The version of the log's lines, field `v`.
pub const LOG_VERSION: u32 = 1;

/// Fields that the shell adds to the line of an order, because the conversation does not know them. Who compares orders
/// leaves them out.
pub const SHELL_FIELDS: [&str; 1] = ["model"];

/// One line of the log, without the numbers and times every line has.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Dotted name, field `type`.
    pub name: &'static str,
    /// For inputs: when the conversation learned of it.
    pub now: Option<SessionTime>,
    /// Everything else.
    pub fields: Map<String, Value>,
}

impl Event {
    /// A fact that is neither input nor order.
    #[must_use]
    pub fn fact(name: &'static str) -> Self {
        Self { name, now: None, fields: Map::new() }
    }

    /// An input as it enters at `now`.
    #[must_use]
    pub fn input(now: SessionTime, input: &Input) -> Self {
        Self { name: input_name(input), now: Some(now), fields: object(input) }
    }

    /// An order as it leaves. A prompt is told by its length and hash; an interim caption without word times.
    #[must_use]
    pub fn order(order: &Order) -> Self {
        let mut fields = if let Order::ShowCaption(caption) = order
            && !caption.is_final
        {
            object(&Order::ShowCaption(Caption { words: Vec::new(), ..caption.clone() }))
        } else {
            object(order)
        };
        if let Order::StartReply { prompt, .. } | Order::StartSummary { prompt, .. } = order {
            fields.remove("prompt");
            fields.insert("messages".to_owned(), prompt.messages.len().into());
            fields.insert("promptHash".to_owned(), prompt.fingerprint().into());
        }
        Self { name: order_name(order), now: None, fields }
    }

    /// The same with one more field. A value that cannot be JSON is left out.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Serialize) -> Self {
        if let Ok(value) = serde_json::to_value(value) {
            self.fields.insert(field.to_owned(), value);
        }
        self
    }
}

fn object(value: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(value) {
        Ok(Value::Object(fields)) => fields,
        // Inputs and orders are tagged enums of plain fields: always objects.
        _ => Map::new(),
    }
}

const fn input_name(input: &Input) -> &'static str {
    match input {
        Input::SoundRose { .. } => "sound.rise",
        Input::SpeechStarted { .. } => "speech.start",
        Input::VoiceWavered { .. } => "speech.waver",
        Input::SpeechStopped { .. } => "speech.stop",
        Input::Recognised { stability: Stability::Final, .. } => "stt.final",
        Input::Recognised { .. } => "stt.interim",
        Input::EndOfTurnJudged { .. } => "end-of-turn",
        Input::ReplyText { .. } => "llm.text",
        Input::ReplyEnded { .. } => "llm.complete",
        Input::PieceVoiced { .. } => "tts.words",
        Input::VoiceStarted { .. } => "tts.first-audio",
        Input::VoiceEnded { .. } => "tts.complete",
        Input::Played { .. } | Input::Flushed { .. } => "playout",
        Input::AutopilotSet { .. } => "autopilot.toggle",
        Input::InterruptPressed
        | Input::MuteSet { .. }
        | Input::PushToTalkSet { .. }
        | Input::Nominated { .. }
        | Input::Typed { .. }
        | Input::Marked { .. }
        | Input::Whispered { .. }
        | Input::StrikePressed { .. }
        | Input::SegmentChosen { .. } => "client.control",
        Input::Summarised { .. } => "summary.written",
        Input::HostConnected => "client.connected",
        Input::HostLost => "client.disconnected",
        Input::EarsChanged { .. } => "adapter.state",
        Input::EndRequested => "session.ending",
        Input::DeadlinePassed { .. } => "deadline",
    }
}

const fn order_name(order: &Order) -> &'static str {
    match order {
        Order::AskEndOfTurn { .. } => "end-of-turn.ask",
        Order::FinishRecognition => "stt.finish",
        Order::StartReply { .. } => "llm.start",
        Order::Speak { .. } => "tts.start",
        Order::FinishVoice { .. } => "tts.finish",
        Order::StopReply { .. } => "reply.stop",
        Order::StartPlayout { .. }
        | Order::Duck { .. }
        | Order::Pause { .. }
        | Order::Resume { .. }
        | Order::Land { .. }
        | Order::Flush { .. } => "playout.order",
        Order::SetOrb { .. } => "orb.state",
        Order::ShowCaption(_) => "caption",
        Order::ShowAutopilot { .. } => "autopilot.show",
        Order::Tell { .. } => "tell",
        Order::NoteTurnStarted { .. } => "turn.start",
        Order::NoteTurnEnded { .. } => "turn.end",
        Order::NoteTurnJudged { .. } => "turn.judged",
        Order::NoteGranted { .. } => "floor.grant",
        Order::NoteDenied { .. } => "floor.deny",
        Order::NotePreparing { .. } => "reply.prepare",
        Order::NotePrepared { .. } => "reply.prepared",
        Order::NoteBargeIn { .. } => "barge-in",
        Order::NoteMarker { .. } => "marker",
        Order::NoteWhispered { .. } => "whisper",
        Order::NoteStruck { .. } => "strike",
        Order::ShowSegment { .. } => "segment",
        Order::NoteDirected { .. } => "director.move",
        Order::StartSummary { .. } => "summary.start",
        Order::NoteSummarised { .. } => "summary",
        Order::NoteIgnored { .. } => "input.ignored",
        Order::CloseSession => "session.closing",
    }
}
