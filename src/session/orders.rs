//! Carrying out the conversation's orders: each becomes a message to whoever does it.

use actix::prelude::*;

use super::actor::Session;
use super::messages::{
    FinishRecognition, FinishVoice, JudgeEndOfTurn, SpeakPiece, StartReply, StartSummary,
    StopReply, StopVoice,
};
use super::notice::{Notice, TurnMetrics};
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, Input, Order, Outcome, TurnId};
use crate::time::SessionTime;

impl Session {
    pub(super) fn carry_out(&mut self, order: Order, now: SessionTime, ctx: &mut Context<Self>) {
        match order {
            // ── To the ears
            Order::AskEndOfTurn { ask } => {
                if !self.children.ears.send(JudgeEndOfTurn { ask }) {
                    later(ctx, Input::EndOfTurnJudged { ask, score: None });
                }
            }
            Order::FinishRecognition => {
                self.children.ears.send(FinishRecognition);
            }

            // ── To mind and voice
            Order::StartReply { turn, speaker, prompt } => {
                let since_end = now.since(self.host_stopped).millis();
                self.stages[speaker.index()].open(turn, now, since_end);
                self.choose_way(speaker);
                self.account_for_dropped(speaker);
                self.accounts.begin_turn(speaker);
                if !self.children.mind(speaker).send(StartReply { turn, prompt: *prompt }) {
                    later(ctx, Input::ReplyEnded { turn, outcome: Outcome::Failed });
                }
            }
            Order::StartSummary { summary, speaker, prompt } => {
                let prompt = *prompt;
                if !self.children.mind(speaker).send(StartSummary { summary, prompt }) {
                    let (text, outcome) = (String::new(), Outcome::Failed);
                    later(ctx, Input::Summarised { summary, text, outcome });
                }
            }
            Order::Speak { turn, speaker, piece, text } => {
                let allowance = self.stages[speaker.index()].allowance();
                if !self.children.voice(speaker).send(SpeakPiece { turn, piece, text, allowance }) {
                    later(ctx, Input::VoiceEnded { turn, samples: 0, outcome: Outcome::Failed });
                }
            }
            Order::FinishVoice { turn, speaker } => {
                self.children.voice(speaker).send(FinishVoice { turn });
            }
            Order::StopReply { turn, speaker } => {
                self.stages[speaker.index()].leave(turn);
                // Another one may have begun, ahead of its turn.
                if self.stages[speaker.index()].is_turn(turn) {
                    self.account_for_dropped(speaker);
                }
                self.children.mind(speaker).send(StopReply { turn });
                self.children.voice(speaker).send(StopVoice { turn });
            }

            // ── To the listener
            Order::StartPlayout { turn, speaker } => {
                self.stages[speaker.index()].playout.start(turn, now);
                self.send_due(speaker, now);
            }
            Order::Duck { turn, speaker, gain_db, fade_ms } => {
                self.notify(Notice::Duck { speaker, turn, gain_db, fade_ms });
            }
            Order::Pause { turn, speaker, fade_ms } => {
                self.stages[speaker.index()].playout.pause(turn, now);
                self.take_back(speaker, turn);
                self.notify(Notice::Pause { speaker, turn, fade_ms });
            }
            Order::Resume { turn, speaker } => {
                self.resend_unheard(speaker, turn);
                let playout = &mut self.stages[speaker.index()].playout;
                playout.resume(turn, now);
                let from_sample = playout.snapshot().map_or(0, |shown| shown.heard);
                self.notify(Notice::Resume { speaker, turn, from_sample });
                self.send_due(speaker, now);
            }
            Order::Land { turn, speaker, samples } => {
                self.stages[speaker.index()].playout.end_at(turn, samples);
            }
            Order::Flush { turn, speaker, fade_ms } => {
                self.stages[speaker.index()].playout.flush(turn, now);
                self.take_back(speaker, turn);
                self.notify(Notice::Flush { speaker, turn, fade_ms });
                self.confirm_without_listener(speaker, turn, now, ctx);
            }

            // ── To people
            Order::SetOrb { speaker, state } => {
                self.accounts.connecting[speaker.index()] = false;
                self.notify(Notice::Orb(speaker, state));
            }
            Order::ShowCaption(caption) => self.notify(Notice::Caption(Box::new(caption))),
            Order::ShowAutopilot { enabled } => self.notify(Notice::Autopilot(enabled)),
            Order::ShowSegment { index, reason } => self.show_segment(index, reason, now),
            Order::Tell { code, message } => {
                tracing::info!(session = %self.identity.session_id, code, "told the host");
                self.notify(Notice::Tell(message));
            }

            // ── To the record: the log has them already, captions and markers too
            Order::NoteTurnEnded { turn, .. } => self.on_turn_over(turn),
            Order::NoteGranted { turn, speaker, reason, scores } => {
                let since_end = now.since(self.host_stopped).millis();
                self.stages[speaker.index()].granted(turn, since_end);
                self.notify(Notice::Granted { turn, speaker, reason, scores });
            }
            Order::NoteDenied { speaker, reason, scores } => {
                self.notify(Notice::Denied { speaker, reason, scores });
            }
            Order::NoteDirected { turn, speaker, step, reason, scores } => {
                self.notify(Notice::Directed { turn, speaker, step, reason, scores });
            }
            Order::NoteWhispered { speaker, text } => {
                self.notify(Notice::Whispered { speaker, text });
            }
            Order::NoteStruck { from, to, scope, turns } => {
                let turns = turns.into_iter().map(|struck| struck.turn).collect();
                self.notify(Notice::Struck { from, to, scope, turns });
            }
            Order::NoteTurnStarted { .. }
            | Order::NoteTurnJudged { .. }
            | Order::NotePreparing { .. }
            | Order::NotePrepared { .. }
            | Order::NoteSummarised { .. }
            | Order::NoteBargeIn { .. }
            | Order::NoteMarker { .. }
            | Order::NoteIgnored { .. } => {}

            Order::CloseSession => self.close(ctx),
        }
    }

    /// Frames that were handed to the connection and not yet written never leave; they are due again on a resume.
    fn take_back(&mut self, speaker: AiSpeaker, turn: TurnId) {
        if let Some(first_sample) = self.chair.take_back(speaker, turn) {
            self.stages[speaker.index()].playout.unsend(turn, first_sample);
        }
    }

    /// The reply's times are known once its turn is over.
    fn on_turn_over(&mut self, turn: TurnId) {
        let Some(metrics) =
            self.stages.iter().find(|stage| stage.is_turn(turn)).map(|stage| stage.metrics)
        else {
            return;
        };
        if let Some(speaker) = metrics.speaker {
            // A turn of which nothing sounded is over before its reply is told to stop.
            self.account_for_dropped(speaker);
        }
        let used =
            metrics.speaker.map(|speaker| self.accounts.of_turn(speaker)).unwrap_or_default();
        let metrics = TurnMetrics { used, ..metrics };
        let event = Event::fact("turn.metrics")
            .with("turn", metrics.turn)
            .with("speaker", metrics.speaker)
            .with("endOfTurnMs", metrics.end_of_turn_ms)
            .with("firstTextMs", metrics.first_text_ms)
            .with("firstAudioMs", metrics.first_audio_ms)
            .with("firstSentMs", metrics.first_sent_ms)
            .with("firstHeardMs", metrics.first_heard_ms)
            .with("inputTokens", used.usage.input_tokens)
            .with("outputTokens", used.usage.output_tokens)
            .with("cachedTokens", used.usage.cached_tokens)
            .with("characters", used.usage.characters)
            .with("estimated", used.is_estimated)
            .with("costMicroUsd", used.cost_micro_usd);
        self.log(self.clock.now(), event);
        self.notify(Notice::Metrics(metrics));
    }
}

/// An order that could not be carried out is a fact for the conversation, after the orders of this moment.
fn later(ctx: &mut Context<Session>, input: Input) {
    ctx.notify(super::messages::EarsHeard(input));
}
