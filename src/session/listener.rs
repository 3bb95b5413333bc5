//! The listener's chair: at most one connection sits in it, and what was said is kept for one that comes back.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::time::Instant;

use super::media_line::MediaLine;
use super::notice::{CloseReason, Notice, SoundFrame};
use super::outbox::{CONTROL_CAPACITY, Outbox};
use crate::conversation::{AiSpeaker, TurnId};

/// Notices kept for a listener who comes back. While nobody listens the AIs are held, so a minute brings a few; what
/// is older than the list the snapshot tells. All of it must fit into a fresh queue at once, with room for more.
const BACKLOG_CAPACITY: usize = CONTROL_CAPACITY / 2;

/// Highest number a listener may claim to know: what every JSON reader keeps exactly, with room to rise.
const SEQ_MAX: u64 = 1 << 52;

/// The one place a session speaks to.
#[derive(Debug, Default)]
pub(super) struct ListenerChair {
    outbox: Option<Arc<Outbox>>,
    seq: u64,
    backlog: VecDeque<(u64, Notice)>,
    had_listener: bool,
    /// The listener's WebRTC, while it is up.
    media: Option<Arc<MediaLine>>,
    /// Whether the turn of each AI leaves by it: a turn stays on the way on which it began.
    by_media: [bool; 2],
}

impl ListenerChair {
    /// Seats a connection: it gets what it missed after `last_seq`, then its greeting, numbers rising all the way. The
    /// first of all is greeted first and then told what has been said since the session began.
    pub(super) fn attach(&mut self, outbox: Arc<Outbox>, last_seq: Option<u64>, greeting: Notice) {
        self.close(CloseReason::Replaced);
        let unheard =
            if self.had_listener { VecDeque::new() } else { std::mem::take(&mut self.backlog) };
        if !self.had_listener {
            // Somebody who comes back to a session of an earlier process: the numbers rise on from what they know.
            self.seq = self.seq.max(last_seq.unwrap_or(0).min(SEQ_MAX));
        }
        self.had_listener = true;
        if let Some(last_seq) = last_seq {
            for (seq, notice) in self.backlog.iter().filter(|(seq, _)| *seq > last_seq) {
                outbox.push(*seq, notice.clone());
            }
        }
        self.seq += 1;
        outbox.push(self.seq, greeting);
        self.outbox = Some(outbox);
        for (_, notice) in unheard {
            self.tell(notice);
        }
    }

    /// Whether this connection sits in the chair.
    pub(super) fn is_taken_by(&self, outbox: &Arc<Outbox>) -> bool {
        self.outbox.as_ref().is_some_and(|seated| Arc::ptr_eq(seated, outbox))
    }

    /// Empties the chair if this connection sits in it.
    pub(super) fn detach(&mut self, outbox: &Arc<Outbox>) -> bool {
        let sits = self.is_taken_by(outbox);
        if sits {
            self.outbox = None;
            self.hang_up();
        }
        sits
    }

    /// Tells the listener, and keeps it for one that comes back. `false` if the listener does not read.
    pub(super) fn tell(&mut self, notice: Notice) -> bool {
        self.seq += 1;
        let seq = self.seq;
        if is_kept(&notice) {
            self.backlog.push_back((seq, notice.clone()));
            if self.backlog.len() > BACKLOG_CAPACITY {
                self.backlog.pop_front();
            }
        }
        self.outbox.as_ref().is_none_or(|outbox| outbox.push(seq, notice))
    }

    /// Hands over a frame; returns how many old ones had to go.
    pub(super) fn play(&self, frame: SoundFrame) -> u64 {
        if self.plays_by_media(frame.speaker)
            && let Some(media) = &self.media
        {
            return media.play(frame);
        }
        self.outbox.as_ref().map_or(0, |outbox| outbox.push_sound(frame))
    }

    /// Takes back what was not written yet of a turn; returns its first sample.
    pub(super) fn take_back(&self, speaker: AiSpeaker, turn: TurnId) -> Option<u64> {
        if self.plays_by_media(speaker) {
            return self.media.as_ref().and_then(|media| media.take_back(speaker, turn));
        }
        self.outbox.as_ref().and_then(|outbox| outbox.take_back(speaker, turn))
    }

    /// The listener's WebRTC is up; one that was is over.
    pub(super) fn media_up(&mut self, line: Arc<MediaLine>) {
        self.hang_up();
        self.media = Some(line);
    }

    /// Whether this line is the one in use.
    pub(super) fn has_media(&self, line: &Arc<MediaLine>) -> bool {
        self.media.as_ref().is_some_and(|media| Arc::ptr_eq(media, line))
    }

    /// The listener's WebRTC, while it is up.
    pub(super) const fn media(&self) -> Option<&Arc<MediaLine>> {
        self.media.as_ref()
    }

    /// The listener's WebRTC is over. Turns that were on it have to be put on the socket by the caller.
    pub(super) fn hang_up(&mut self) {
        self.by_media = [false; 2];
        if let Some(media) = self.media.take() {
            media.close("left");
        }
    }

    /// A turn of this AI begins: chooses its way. `true` for WebRTC.
    pub(super) fn choose_way(&mut self, speaker: AiSpeaker) -> bool {
        self.by_media[speaker.index()] = self.media.is_some();
        self.plays_by_media(speaker)
    }

    /// Whether the turn of this AI leaves by WebRTC.
    pub(super) const fn plays_by_media(&self, speaker: AiSpeaker) -> bool {
        self.by_media[speaker.index()]
    }

    /// Lets the connection write what is queued and go.
    pub(super) fn close(&mut self, reason: CloseReason) {
        if let Some(outbox) = self.outbox.take() {
            outbox.close(reason);
        }
        self.hang_up();
    }

    /// When the listener last gave a sign of life, where its connection tells.
    pub(super) fn last_sign(&self) -> Option<Instant> {
        self.outbox.as_ref().and_then(|outbox| outbox.last_sign())
    }

    /// Whether anybody listens.
    pub(super) const fn is_taken(&self) -> bool {
        self.outbox.is_some()
    }
}

impl Drop for ListenerChair {
    /// A session that broke tells its listener instead of falling silent.
    fn drop(&mut self) {
        self.close(CloseReason::Failed);
    }
}

/// What a listener who comes back must be told again: levels and snapshots have been overtaken, interim captions too.
fn is_kept(notice: &Notice) -> bool {
    match notice {
        Notice::Level(..) | Notice::State(_) | Notice::Ready(_) => false,
        // Of a connection that is over.
        Notice::MediaOffered(_)
        | Notice::MediaAnswer { .. }
        | Notice::MediaState { .. }
        | Notice::MediaSegment { .. } => false,
        Notice::Caption(caption) => caption.is_final,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_who_comes_back_hears_what_was_said_meanwhile_once() {
        let mut chair = ListenerChair::default();
        let first = Arc::new(Outbox::default());
        chair.attach(Arc::clone(&first), None, Notice::Autopilot(false));
        chair.tell(Notice::Tell("one".to_owned()));
        assert!(chair.detach(&first));
        chair.tell(Notice::Tell("two".to_owned()));
        let second = Arc::new(Outbox::default());
        chair.attach(Arc::clone(&second), Some(2), Notice::Autopilot(true));
        assert!(!chair.detach(&first), "an old connection cannot empty the chair");
        let again = Arc::new(Outbox::default());
        again.push(3, Notice::Tell("two".to_owned()));
        again.push(4, Notice::Autopilot(true));
        assert_eq!(format!("{second:?}"), format!("{again:?}"));
    }
}
