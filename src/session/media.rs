//! A listener's WebRTC in the session: packets in, and on which way a turn leaves.
//!
//! The host's packets are put in order and decoded here, then they are a host's sound like any other. A turn of an AI
//! stays on the way on which it began; only when its way is lost it is put on the socket, from the last sample that was
//! heard.

use std::sync::Arc;

use actix::prelude::*;

use super::actor::Session;
use super::media_line::MediaLine;
use super::messages::{MediaDown, MediaSegment, MediaUp};
use super::notice::Notice;
use crate::audio::playout::{CREDIT, CREDIT_PACED, Phase};
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, TurnId};
use crate::time::SessionTime;

/// The line has packets.
#[derive(Clone, Copy, Debug)]
pub(super) struct PacketsCame;

impl Session {
    /// A turn of this AI begins: by WebRTC if it is up.
    pub(super) fn choose_way(&mut self, speaker: AiSpeaker) {
        let by_media = self.chair.choose_way(speaker);
        let playout = &mut self.stages[speaker.index()].playout;
        playout.set_credit(if by_media { CREDIT_PACED } else { CREDIT });
    }

    /// What was sent of this turn by WebRTC and not heard is due again: a packet that went by does not come back.
    pub(super) fn resend_unheard(&mut self, speaker: AiSpeaker, turn: TurnId) {
        if self.chair.plays_by_media(speaker) {
            self.chair.take_back(speaker, turn);
            self.stages[speaker.index()].playout.rewind_to_heard(turn);
        }
    }

    /// The way by WebRTC is lost: what was on it goes on by the socket, if there is one.
    fn leave_media(&mut self, now: SessionTime) {
        for speaker in AiSpeaker::BOTH {
            if !self.chair.plays_by_media(speaker) {
                continue;
            }
            let Some(turn) = self.stages[speaker.index()].turn() else { continue };
            self.resend_unheard(speaker, turn);
            let playout = &mut self.stages[speaker.index()].playout;
            playout.set_credit(CREDIT);
            let shown = playout.snapshot().filter(|shown| shown.turn == turn);
            if let Some(shown) = shown.filter(|shown| shown.phase != Phase::Flushed) {
                let from_sample = shown.heard;
                // A listener that plays what the socket brings begins with it where this one left off.
                if from_sample > 0 || shown.phase == Phase::Playing {
                    self.notify(Notice::Resume { speaker, turn, from_sample });
                }
                if shown.phase == Phase::Paused {
                    self.notify(Notice::Pause { speaker, turn, fade_ms: 0 });
                }
            }
        }
        self.chair.hang_up();
        for speaker in AiSpeaker::BOTH {
            self.send_due(speaker, now);
        }
    }

    fn tell_media(&mut self, connected: bool, reason: &'static str) {
        let event = Event::fact("client.media").with("webrtc", connected).with("reason", reason);
        self.log(self.clock.now(), event);
        self.notify(Notice::MediaState { connected, reason });
    }
}

impl Handler<MediaUp> for Session {
    type Result = ();

    fn handle(&mut self, message: MediaUp, ctx: &mut Self::Context) {
        if self.ending.is_some() || !self.chair.is_taken() {
            message.line.close();
            return;
        }
        let now = self.clock.now();
        if self.chair.media().is_some() {
            self.leave_media(now);
        }
        self.chair.media_up(Arc::clone(&message.line));
        self.host_restarts();
        if let Err(error) = self.host.listen_to_packets() {
            tracing::error!(%error, "the host's packets cannot be decoded");
            self.chair.hang_up();
            return;
        }
        let packets = futures_util::stream::unfold(message.line, |line| async {
            line.filled().await.then_some((PacketsCame, line))
        });
        ctx.add_stream(packets);
        self.tell_media(true, "");
    }
}

impl Handler<MediaDown> for Session {
    type Result = ();

    fn handle(&mut self, message: MediaDown, _ctx: &mut Self::Context) {
        if !self.chair.has_media(&message.line) {
            return;
        }
        let now = self.clock.now();
        self.take_packets(&message.line);
        self.host_restarts();
        self.host.listen_to_frames();
        if self.ending.is_none() {
            self.leave_media(now);
            self.tell_media(false, message.farewell);
        }
    }
}

impl Handler<MediaSegment> for Session {
    type Result = ();

    fn handle(&mut self, message: MediaSegment, _ctx: &mut Self::Context) {
        let MediaSegment { speaker, turn, first_sample, rtp_timestamp } = message;
        self.notify(Notice::MediaSegment { speaker, turn, first_sample, rtp_timestamp });
    }
}

impl StreamHandler<PacketsCame> for Session {
    fn handle(&mut self, _came: PacketsCame, _ctx: &mut Self::Context) {
        if let Some(line) = self.chair.media().cloned()
            && self.ending.is_none()
        {
            self.take_packets(&line);
        }
    }

    /// A line ends long before its session does.
    fn finished(&mut self, _ctx: &mut Self::Context) {}
}

impl Session {
    fn take_packets(&mut self, line: &MediaLine) {
        let mut payload = self.host.take_payload_room();
        while let Some(head) = line.next_packet(&mut payload) {
            let arrival = self.clock.at(head.arrival);
            self.host.push_packet(head.sequence, head.timestamp, &payload, arrival, self.muted);
        }
        self.host.give_payload_room(payload);
        self.hear_packets(self.clock.now());
    }
}
