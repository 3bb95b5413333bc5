//! The conversation as others see it: the page on connecting, the API, tests.

use serde::Serialize;

use super::floor::{Conversation, Floor};
use super::order::{Caption, TurnEnd};
use super::speaker::{OrbState, Speaker, TurnId};
use crate::time::SessionTime;

/// What is shown to somebody who comes in. Bounded: it holds the last captions only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// State of each speaker.
    pub orb_states: OrbStates,
    /// Who has the floor.
    pub floor: FloorView,
    /// The last captions in their latest form, oldest first.
    pub captions: Vec<Caption>,
    /// Whether the AIs go on by themselves.
    pub autopilot: bool,
    /// Whether the host's microphone is off.
    pub muted: bool,
    /// Whether a listener is connected.
    pub connected: bool,
    /// The turn that ended last.
    pub last_turn: Option<LastTurn>,
    /// The part of the plan that is on; none where the briefing has no plan.
    pub segment: Option<SegmentView>,
    /// Stretches that were struck, oldest first, the last fifty.
    pub strikes: Vec<(SessionTime, SessionTime)>,
}

/// The part of the plan that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentView {
    /// Its number in the briefing, from 0.
    pub index: u16,
    /// Since when it is on.
    pub since: SessionTime,
}

/// State of each speaker, by its wire name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct OrbStates {
    /// The host.
    pub you: OrbState,
    /// Claude.
    pub claude: OrbState,
    /// The guest.
    pub guest: OrbState,
}

/// Who has the floor and how far the turn is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FloorView {
    /// Who has it; none in silence.
    pub holder: Option<Speaker>,
    /// The turn.
    pub turn: Option<TurnId>,
    /// How far it is.
    pub phase: Phase,
}

/// How far the turn on the floor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Nobody has the floor.
    Open,
    /// The host speaks.
    Speaking,
    /// The host is silent; whether the turn is over is being judged.
    Judging,
    /// An AI has the floor and no sound yet.
    Thinking,
    /// An AI is heard.
    Heard,
    /// An AI is held in its turn.
    Paused,
    /// A stopped AI is falling silent.
    Fading,
}

/// A turn that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastTurn {
    /// Its name.
    pub turn: TurnId,
    /// Whose it was.
    pub speaker: Speaker,
    /// Why it ended.
    pub reason: TurnEnd,
    /// What was heard of it.
    pub heard_text: String,
}

impl Conversation {
    /// The conversation as it stands.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let [you, claude, guest] = self.orbs;
        Snapshot {
            orb_states: OrbStates { you, claude, guest },
            floor: self.floor_view(),
            captions: self.captions.shown(),
            autopilot: self.agenda.is_on_autopilot(),
            muted: self.muted_since.is_some(),
            connected: self.is_connected(),
            last_turn: self.last_turn.clone(),
            segment: (!self.briefing.segments.is_empty())
                .then(|| SegmentView { index: self.program.index, since: self.program.since() }),
            strikes: self.strikes.done(),
        }
    }

    /// Whether a listener is connected.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        self.is_connected
    }

    /// Who has the floor: what of the snapshot costs nothing.
    #[must_use]
    pub fn floor_view(&self) -> FloorView {
        match &self.floor {
            Floor::Open => {
                let phase = if self.fading.is_some() { Phase::Fading } else { Phase::Open };
                FloorView { holder: None, turn: None, phase }
            }
            Floor::Host(turn) => {
                let phase =
                    if self.voice_since.is_some() { Phase::Speaking } else { Phase::Judging };
                FloorView { holder: Some(Speaker::You), turn: Some(turn.id), phase }
            }
            Floor::Ai(turn) => {
                let phase = match &turn.playout {
                    None => Phase::Thinking,
                    Some(playout) if playout.is_paused => Phase::Paused,
                    Some(_) => Phase::Heard,
                };
                FloorView { holder: Some(turn.speaker.into()), turn: Some(turn.id), phase }
            }
        }
    }
}
