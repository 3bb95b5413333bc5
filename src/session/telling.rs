//! What a session tells of itself: to a listener who comes, and to the log at its start.

use super::actor::Session;
use super::notice::{Notice, Ready, Segment, State};
use super::revival::{Earlier, token_hash};
use crate::conversation::event::{Event, LOG_VERSION, PROFILE_FIELD};
use crate::conversation::{AiSpeaker, Speaker};
use crate::recording::{CONTINUES_FIELD, MEMORY_FIELD, SOUND_CHECK_FIELD, TOKEN_HASH_FIELD};
use crate::time::SessionTime;

impl Session {
    /// The greeting.
    pub(super) fn ready(&self, resumed: bool) -> Ready {
        Ready {
            session_id: self.identity.session_id.clone(),
            resume_token: self.identity.resume_token.clone(),
            episode_id: self.identity.episode_id.clone(),
            resumed,
            names: self.names(),
            takes_opus: self.host.takes_opus(),
        }
    }

    /// Everything a page needs to draw itself.
    pub(super) fn state(&self) -> State {
        let shown = self.conversation.snapshot();
        State {
            session_id: self.identity.session_id.clone(),
            episode_id: self.identity.episode_id.clone(),
            title: self.setup.briefing.title.clone(),
            language: self.setup.briefing.language.clone(),
            names: self.names(),
            adapters: [
                self.cast.ears.speech_to_text.name().to_owned(),
                self.cast.mind(AiSpeaker::Guest).name().to_owned(),
                self.cast.voice(AiSpeaker::Claude).voice.name().to_owned(),
            ],
            orbs: self.accounts.orbs(shown.orb_states),
            captions: shown.captions,
            autopilot: shown.autopilot,
            muted: self.muted,
            now_ms: self.clock.now().millis(),
            recording: true,
            segment: shown.segment.and_then(|on| self.segment(on.index, on.since)),
            strikes: shown.strikes,
        }
    }

    /// The show goes on to part `index` of its plan.
    pub(super) fn show_segment(&mut self, index: u16, reason: &'static str, now: SessionTime) {
        if let Some(segment) = self.segment(index, now) {
            self.notify(Notice::Segment { segment, reason });
        }
    }

    fn segment(&self, index: u16, since: SessionTime) -> Option<Segment> {
        let part = self.setup.briefing.segments.get(usize::from(index))?;
        Some(Segment {
            index,
            title: part.title.clone(),
            goal: part.goal.clone(),
            minutes: part.minutes,
            since,
        })
    }

    fn names(&self) -> [String; 3] {
        Speaker::ALL.map(|speaker| self.setup.briefing.speaker(speaker).name.clone())
    }

    /// The first line of the log: all that a replay needs.
    pub(super) fn log_start(&mut self) {
        let briefing = &self.setup.briefing;
        let mind = |speaker| self.cast.mind(speaker).model().to_owned();
        let config = serde_json::json!({
            "stt": self.cast.ears.speech_to_text.name(),
            "voiceActivity": self.cast.ears.voice_activity.name(),
            "endOfTurn": self.cast.ears.end_of_turn.as_ref().map(|model| model.name()),
            "claudeModel": mind(AiSpeaker::Claude),
            "guestModel": mind(AiSpeaker::Guest),
            "tts": self.cast.voice(AiSpeaker::Claude).voice.name(),
            "hostRate": self.host.rate().hz(),
        });
        let event = Event::fact("session.start")
            .with("logVersion", LOG_VERSION)
            .with("episodeId", &self.identity.episode_id)
            .with("studioVersion", env!("CARGO_PKG_VERSION"))
            .with("title", &briefing.title)
            .with("briefing", briefing.as_ref())
            .with("seed", self.setup.seed)
            .with(PROFILE_FIELD, self.setup.profile)
            .with("config", config)
            .with(TOKEN_HASH_FIELD, token_hash(&self.identity.resume_token));
        let event = match self.sound_check {
            Some(measured) => event.with(SOUND_CHECK_FIELD, measured.for_log()),
            None => event,
        };
        let Some(Earlier { memory, continues }) = self.earlier.take() else {
            self.log(SessionTime::ZERO, event);
            return;
        };
        let event = event.with(CONTINUES_FIELD, &continues).with(MEMORY_FIELD, memory);
        self.log(SessionTime::ZERO, event);
        let gap_s = continues.gap_ms.div_ceil(1000);
        self.notify(Notice::Tell(format!(
            "The studio stopped and came back after {gap_s} seconds; everybody remembers, and the recording goes on \
             in {}.",
            self.identity.episode_id
        )));
    }
}
