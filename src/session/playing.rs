//! What is played and what was heard: between the voices, the ledgers and the listener.

use actix::prelude::*;

use super::actor::{Session, WATERMARK_LAG};
use super::messages::{HearOwn, Record, ReportPlayout, VoiceArrived, VoiceEvent};
use super::notice::{Notice, SoundFrame};
use super::service_notes::Kind;
use super::stage::{LOUD_JOIN, LOUD_JOIN_BY_RTP, began};
use super::tally::tally;
use crate::audio::playout::{HeardSpan, Phase};
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, Input, TurnId};
use crate::time::{SessionTime, Span};

/// How long a listener without reports is taken to hear after its last sign of life: twice what passes between two
/// questions whether it is there ([`SIGN_EVERY`](super::outbox::SIGN_EVERY)), and half a second for the way.
const LIFE_PATIENCE: Span = Span::from_millis(2_500);

impl Session {
    /// A voice spoke.
    pub(super) fn on_voice(&mut self, message: VoiceArrived, ctx: &mut Context<Self>) {
        let turn = message.turn;
        let now = self.clock.now();
        let since_end = now.since(self.host_stopped).millis();
        let Some(stage) = self.stages.iter_mut().find(|stage| stage.is_turn(turn)) else { return };
        let speaker = stage.speaker();
        match message.event {
            VoiceEvent::Words { piece, words, samples } => {
                stage.expect_words(&words);
                self.advance(Input::PieceVoiced { turn, piece, words, samples }, ctx);
            }
            VoiceEvent::Sound(samples) => {
                if stage.push(turn, &samples, since_end) {
                    self.advance(Input::VoiceStarted { turn }, ctx);
                }
                self.send_due(speaker, now);
            }
            VoiceEvent::Noted(note) => self.on_note(Kind::Tts, Some(speaker), &note, ctx),
            VoiceEvent::PieceEnded => {
                stage.playout.end_piece(turn);
                self.send_due(speaker, now);
            }
            VoiceEvent::Ended { outcome, error } => {
                stage.playout.close(turn);
                let samples = stage.playout.snapshot().map_or(0, |shown| shown.pushed);
                if let Some(error) = error {
                    self.adapter_failed("tts", Some(speaker), &error, true);
                }
                self.advance(Input::VoiceEnded { turn, samples, outcome }, ctx);
                self.send_due(speaker, now);
            }
        }
    }

    /// The listener told what it heard.
    pub(super) fn on_report(&mut self, report: ReportPlayout, ctx: &mut Context<Self>) {
        let now = self.clock.now();
        let stage = &mut self.stages[report.speaker.index()];
        if !stage.is_turn(report.turn) {
            return;
        }
        // The listener's own clock says when it sounded; without it the report's arrival is the best guess.
        let on_own_clock = report.clock.and_then(|clock| self.listener_time.time_of(clock, now));
        let at = report
            .capture_sample
            .and_then(|sample| self.host.session_time_of(sample))
            .or(on_own_clock)
            .map_or(now, |at| at.min(now));
        // On a track that never stops the listener plays on, in silence, after the last sample: that sounded earlier.
        let beyond = stage
            .playout
            .snapshot()
            .map_or(0, |shown| report.played_samples.saturating_sub(shown.sent));
        let at = match report.clock {
            Some(_) => {
                let heard = report.played_samples - beyond;
                self.steady_place.place(report.turn, heard, at - Span::from_samples(beyond))
            }
            None => at,
        };
        let span = stage.playout.heard(report.turn, report.played_samples, at, now);
        let loud_join = if report.clock.is_some() { LOUD_JOIN_BY_RTP } else { LOUD_JOIN };
        self.on_heard(report.speaker, span, loud_join, ctx);
        if report.stalled {
            self.resend_unheard(report.speaker, report.turn);
        }
        if report.flushed {
            self.settle(report.speaker, report.turn, now, ctx);
        }
        self.send_due(report.speaker, now);
    }

    /// What is due at this tick, and what a listener without reports has heard meanwhile.
    pub(super) fn play(&mut self, now: SessionTime, ctx: &mut Context<Self>) {
        // What is sent into a connection that died unnoticed is heard by nobody.
        let sign = self.chair.last_sign().map(|at| self.clock.at(at));
        let is_there =
            self.chair.is_taken() && sign.is_none_or(|at| now.since(at) <= LIFE_PATIENCE);
        for speaker in AiSpeaker::BOTH {
            if is_there {
                let span = self.stages[speaker.index()].playout.assume_heard(now);
                self.on_heard(speaker, span, LOUD_JOIN, ctx);
            }
            self.send_due(speaker, now);
        }
    }

    /// Hands over the frames that are due: the ledger has asked the floor's last order.
    pub(super) fn send_due(&mut self, speaker: AiSpeaker, now: SessionTime) {
        if !self.chair.is_taken() {
            return;
        }
        let mut due = std::mem::take(&mut self.due);
        let stage = &mut self.stages[speaker.index()];
        stage.playout.due(now, &mut due);
        if !due.is_empty() {
            let since_end = now.since(self.host_stopped).millis();
            stage.metrics.first_sent_ms.get_or_insert(since_end);
        }
        let mut dropped = 0;
        for frame in due.drain(..) {
            let at = self.own_places[speaker.index()].time_of(frame.first_sample, now);
            let samples = std::sync::Arc::clone(&frame.samples);
            self.children.ears.send(HearOwn::Sound { at, samples });
            self.levels.add(speaker.into(), &frame.samples);
            dropped += self.chair.play(SoundFrame {
                speaker,
                turn: frame.turn,
                first_sample: frame.first_sample,
                samples: frame.samples,
            });
        }
        self.due = due;
        if dropped > 0 {
            tally().dropped_sound_frames.add(dropped);
            self.log(now, Event::fact("queue.drop").with("queue", "sound").with("frames", dropped));
        }
    }

    fn on_heard(
        &mut self,
        speaker: AiSpeaker,
        span: Option<HeardSpan<TurnId>>,
        loud_join: Span,
        ctx: &mut Context<Self>,
    ) {
        let Some(span) = span else { return };
        let since_end = span.at.since(self.host_stopped).millis();
        self.own_places[speaker.index()].heard(span.until_sample, span.at);
        let stage = &mut self.stages[speaker.index()];
        stage.metrics.first_heard_ms.get_or_insert(since_end);
        let matters = stage.on_heard(&span);
        let (turn, samples, at) = (span.turn, span.until_sample, span.at);
        let began = began(&span);
        let length = Span::from_samples(span.samples.len() as u64);
        let written_until = self.advanced - WATERMARK_LAG;
        let stage = &mut self.stages[speaker.index()];
        let placed = stage.place(began, &span.samples, written_until, loud_join);
        if let Some(late) = placed.late {
            let shift = Event::fact("recorder.shift").with("speaker", speaker).with("at", began);
            self.log(self.clock.now(), shift.with("samples", length).with("lateMs", late.millis()));
        }
        self.children.record(Record::Sound {
            speaker: speaker.into(),
            at: placed.at,
            samples: span.samples,
        });
        if matters {
            self.advance(Input::Played { turn, samples, at }, ctx);
        }
    }

    /// A stopped turn has fallen silent: nothing more of it is taken.
    fn settle(
        &mut self,
        speaker: AiSpeaker,
        turn: TurnId,
        now: SessionTime,
        ctx: &mut Context<Self>,
    ) {
        let playout = &mut self.stages[speaker.index()].playout;
        // A listener's word that a turn fell silent counts only if it was told to.
        let was_stopped = playout.snapshot().is_some_and(|shown| shown.phase == Phase::Flushed);
        if was_stopped && let Some(settled) = playout.settle(turn) {
            let at = settled.heard_at.unwrap_or(now);
            self.advance(Input::Flushed { turn, samples: settled.heard, at }, ctx);
        }
    }

    /// With nobody there to confirm, a stopped turn is silent at once.
    pub(super) fn confirm_without_listener(
        &mut self,
        speaker: AiSpeaker,
        turn: TurnId,
        now: SessionTime,
        ctx: &mut Context<Self>,
    ) {
        let nobody_reports = !self.chair.is_taken()
            || self.stages[speaker.index()]
                .playout
                .snapshot()
                .is_some_and(|shown| shown.is_assumed);
        if nobody_reports && let Some(settled) = self.stages[speaker.index()].playout.settle(turn) {
            let at = settled.heard_at.unwrap_or(now);
            ctx.notify(super::messages::EarsHeard(Input::Flushed {
                turn,
                samples: settled.heard,
                at,
            }));
        }
    }

    /// Levels for orbs, ten times a second and only where something sounds.
    pub(super) fn tell_levels(&mut self) {
        for (speaker, level) in self.levels.take() {
            self.notify(Notice::Level(speaker, level));
        }
    }
}
