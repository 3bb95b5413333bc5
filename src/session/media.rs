//! A listener's WebRTC in the session: packets in, and on which way a turn leaves.
//!
//! The host's packets are put in order and decoded here, then they are a host's sound like any other. A turn of an AI
//! stays on the way on which it began; only when its way is lost it is put on the socket, from the last sample that was
//! heard.

use std::sync::Arc;

use actix::prelude::*;
use futures_util::Stream;

use super::actor::Session;
use super::media_line::MediaLine;
use super::messages::{MediaSegment, MediaUp};
use super::notice::Notice;
use crate::audio::playout::{CREDIT, CREDIT_PACED, Phase};
use crate::conversation::event::Event;
use crate::conversation::{AiSpeaker, TurnId};
use crate::time::SessionTime;

/// What a line has for the session.
#[derive(Clone, Debug)]
pub(super) enum LineNews {
    /// Packets wait in it.
    Packets(Arc<MediaLine>),
    /// It is over, and empty.
    Over(Arc<MediaLine>),
}

/// The news of one line, to its end.
fn news_of(line: Arc<MediaLine>) -> impl Stream<Item = LineNews> {
    futures_util::stream::unfold(Some(line), |line| async {
        let line = line?;
        Some(if line.filled().await {
            (LineNews::Packets(Arc::clone(&line)), Some(line))
        } else {
            (LineNews::Over(line), None)
        })
    })
}

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
            message.line.close("refused");
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
        ctx.add_stream(news_of(message.line));
        self.tell_media(true, "");
    }
}

impl Handler<MediaSegment> for Session {
    type Result = ();

    fn handle(&mut self, message: MediaSegment, _ctx: &mut Self::Context) {
        let MediaSegment { speaker, turn, first_sample, rtp_timestamp } = message;
        // Behind a pause or a stop it would open the listener's gate for what must not be heard; a turn that goes on tells
        // its place anew.
        if !self.stages[speaker.index()].playout.permits(turn) {
            return;
        }
        self.notify(Notice::MediaSegment { speaker, turn, first_sample, rtp_timestamp });
    }
}

impl StreamHandler<LineNews> for Session {
    fn handle(&mut self, news: LineNews, _ctx: &mut Self::Context) {
        match news {
            LineNews::Packets(line) if self.chair.has_media(&line) && self.ending.is_none() => {
                self.take_packets(&line);
            }
            // A line that is not in use any more must come to its end.
            LineNews::Packets(line) => line.discard_packets(),
            LineNews::Over(line) => self.lose_media(&line),
        }
    }

    /// A line ends long before its session does.
    fn finished(&mut self, _ctx: &mut Self::Context) {}
}

impl Session {
    /// A line that is over is told to be before another one is answered for. (The line tells it, too, but after the messages
    /// that wait.)
    pub(super) fn lose_closed_media(&mut self) {
        if let Some(line) = self.chair.media().filter(|line| line.is_closed()).cloned() {
            self.take_packets(&line);
            self.lose_media(&line);
        }
    }

    /// The listener's WebRTC is over; without effect if another line is in use.
    fn lose_media(&mut self, line: &Arc<MediaLine>) {
        if !self.chair.has_media(line) {
            return;
        }
        self.host_restarts();
        self.host.listen_to_frames();
        if self.ending.is_none() {
            // Told first: while the listener takes WebRTC to be up, it leaves what the socket brings to it.
            self.tell_media(false, line.farewell().unwrap_or_default());
            self.leave_media(self.clock.now());
        }
    }

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

#[cfg(test)]
mod tests {
    use futures_util::StreamExt as _;
    use tokio::time::Instant;

    use super::super::media_line::PacketHead;
    use super::*;

    /// A packet that nobody fetches must not keep the stream of a line that is over awake for ever.
    #[tokio::test]
    async fn a_line_that_is_over_comes_to_its_end_once_its_packets_are_gone() {
        let line = Arc::<MediaLine>::default();
        line.hear(PacketHead { sequence: 1, timestamp: 9, arrival: Instant::now() }, &[7; 5]);
        line.close("left");
        line.close("dismissed");
        let mut news = Box::pin(news_of(line));
        let Some(LineNews::Packets(line)) = news.next().await else { panic!("a packet waits") };
        line.discard_packets();
        let Some(LineNews::Over(line)) = news.next().await else { panic!("it is over") };
        assert_eq!(line.farewell(), Some("left"), "the first word counts");
        assert!(news.next().await.is_none());
    }
}
