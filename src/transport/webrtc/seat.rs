//! One listener's place in the exchange.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::asked::Asked;
use super::exchange::{CARE_EVERY, CONNECT_LIMIT, SILENT_LIMIT, TRIES_A_SECOND};
use super::happening::{ExchangeCounts, Farewell};
use super::path::Path;
use super::peer::Peer;
use super::sending::{OutgoingTrack, Segment};
use crate::audio::FRAME_MS;
use crate::conversation::AiSpeaker;
use crate::session::media_line::MediaLine;

/// Between two packets of a track.
const TICK: Duration = Duration::from_millis(FRAME_MS as u64);

/// Ticks that are made up for after a stall; of a longer one the rest is skipped.
const TICKS_AT_ONCE_MAX: u32 = 5;

/// ICE names of one listener: the one in use and the one before.
const NAMES_MAX: usize = 2;

/// See the module's text.
#[derive(Debug)]
pub(super) struct Seat<P> {
    pub(super) peer: P,
    /// ICE names, newest last: checks of before an ICE restart may still be on the way.
    pub(super) names: Vec<String>,
    pub(super) line: Arc<MediaLine>,
    pub(super) path: Path,
    pub(super) asked: Asked,
    /// The number of the host's stream.
    pub(super) voice: Option<u32>,
    /// Packets from elsewhere that may still be tried in this second.
    pub(super) tries: u32,
    /// What its line loses of our sound, by its own word.
    pub(super) loss_percent: Option<u8>,
    pub(super) tracks: [OutgoingTrack; 2],
    /// When the next packet of both tracks is due, once connected.
    pub(super) next_tick: Option<Instant>,
    seated_at: Instant,
    /// When something authentic came last.
    pub(super) heard_at: Instant,
    /// And when from the address at which the listener is.
    pub(super) heard_here_at: Instant,
    pub(super) care_at: Instant,
    /// The earliest timer that is set for this seat.
    pub(super) timer: Option<Instant>,
}

impl<P: Peer> Seat<P> {
    pub(super) fn new(
        peer: P,
        line: Arc<MediaLine>,
        tracks: [OutgoingTrack; 2],
        now: Instant,
    ) -> Self {
        Self {
            peer,
            names: Vec::new(),
            line,
            path: Path::default(),
            asked: Asked::default(),
            voice: None,
            tries: TRIES_A_SECOND,
            loss_percent: None,
            tracks,
            next_tick: None,
            seated_at: now,
            heard_at: now,
            heard_here_at: now,
            care_at: now + CARE_EVERY,
            timer: None,
        }
    }

    /// The listener knows us by this name from now on. Returns one that no longer counts.
    pub(super) fn learn_name(&mut self, name: &str) -> Option<String> {
        if self.names.iter().any(|known| known == name) {
            return None;
        }
        let gone = (self.names.len() == NAMES_MAX).then(|| self.names.remove(0));
        self.names.push(name.to_owned());
        self.path.begin_anew();
        gone
    }

    /// Sends what the tracks owe by now.
    pub(super) fn speak(
        &mut self,
        now: Instant,
        counts: &mut ExchangeCounts,
        mut tell: impl FnMut(Segment),
    ) {
        let Some(mut due) = self.next_tick.filter(|due| *due <= now) else { return };
        let missed = u32::try_from((now - due).as_nanos() / TICK.as_nanos()).unwrap_or(u32::MAX);
        let skipped = missed.saturating_sub(TICKS_AT_ONCE_MAX);
        if skipped > 0 {
            self.tracks.iter_mut().for_each(|track| track.skip(skipped));
            due += TICK * skipped;
        }
        while due <= now {
            for (speaker, track) in AiSpeaker::BOTH.into_iter().zip(&mut self.tracks) {
                let (voice, segment) = track.tick(&self.line);
                segment.into_iter().for_each(&mut tell);
                if self.peer.send(speaker, voice, now) {
                    counts.voices += 1;
                } else {
                    counts.unsent += 1;
                }
            }
            due += TICK;
        }
        self.next_tick = Some(due);
    }

    /// Why the listener is taken as gone, if it is.
    pub(super) fn farewell(&self, now: Instant) -> Option<Farewell> {
        if self.line.is_closed() {
            Some(Farewell::HungUp)
        } else if self.next_tick.is_none() && now - self.seated_at >= CONNECT_LIMIT {
            Some(Farewell::NeverCame)
        } else if self.next_tick.is_some() && now - self.heard_at >= SILENT_LIMIT {
            Some(Farewell::FellSilent)
        } else {
            None
        }
    }
}

impl<P> Drop for Seat<P> {
    /// Should the thread end, no session waits on a dead line. Of a seat that was given up the line knows why.
    fn drop(&mut self) {
        self.line.close(Farewell::Broke.word());
    }
}
