//! The voices of a made-up meeting: what each really says, sample by sample, and what the page reports of it.

use super::meeting::{Event, Happening, Meeting, ms};
use crate::conversation::{Input, Outcome, TurnId, VoicedWord};
use crate::time::{SAMPLES_PER_MS, SessionTime};

/// One AI voice, as it really is.
#[derive(Clone, Debug, Default)]
pub struct Voice {
    /// End sample of each word, in order, with the word.
    pub words: Vec<(u64, String)>,
    /// End of the pieces that were ordered.
    said: u64,
    pub(super) ready: u64,
    pub(super) total: Option<u64>,
    /// Where it was told to end: nothing behind it is played.
    pub(super) landed: Option<u64>,
    /// Position when it last moved or stood, and since when it moves.
    pub(super) position: u64,
    pub(super) moving_since: Option<SessionTime>,
    /// When its last sample sounded.
    pub(super) silent_since: SessionTime,
    pub(super) told_at: SessionTime,
    pub(super) has_started: bool,
    pub(super) is_broken: bool,
    pub(super) epoch: u32,
}

impl Voice {
    pub(super) fn position(&self, now: SessionTime) -> u64 {
        let moved = self.moving_since.map_or(0, |since| now.since(since).samples());
        (self.position + moved).min(self.ready).min(self.landed.unwrap_or(u64::MAX))
    }

    pub(super) fn ready_end(&self) -> u64 {
        self.said
    }
}

impl Meeting {
    pub(super) fn halt(&mut self, turn: TurnId) -> u64 {
        let now = self.now;
        let voice = self.voices.entry(turn).or_default();
        voice.position = voice.position(now);
        if voice.moving_since.take().is_some() {
            voice.silent_since = now;
        }
        voice.epoch += 1;
        voice.position
    }

    pub(super) fn speak(&mut self, turn: TurnId, piece: u16, text: &str) {
        let delay = self.jitter(self.plan.voice_after);
        let breaks = self.dice.as_mut().is_some_and(|dice| dice.chance(2));
        let is_untimed = self.dice.as_mut().is_some_and(|dice| dice.chance(5));
        let now = self.now;
        let known = self.known.as_ref().and_then(|known| known.pieces.get(text));
        let (mut words, samples) = known.cloned().unwrap_or_else(|| voiced(text));
        let voice = self.voices.entry(turn).or_default();
        let begin = voice.ready_end();
        for word in &mut words {
            word.start_sample += begin;
            word.end_sample += begin;
            let text = text.get(word.text_start as usize..word.text_end as usize);
            voice.words.push((word.end_sample, text.unwrap_or_default().into()));
        }
        let sample = begin + samples;
        voice.said = sample;
        let at = (now + delay).max(voice.told_at);
        voice.told_at = at;
        let is_first = !voice.has_started;
        voice.has_started = true;
        let words = if is_untimed { Vec::new() } else { words };
        self.learn(at, Input::PieceVoiced { turn, piece, words, samples: sample });
        if is_first {
            self.learn(at, Input::VoiceStarted { turn });
        }
        if let Some(samples) = self.breaks_after.take() {
            self.learn(at, Input::VoiceEnded { turn, samples, outcome: Outcome::Failed });
        }
        if breaks {
            let outcome = Outcome::Failed;
            self.learn(at + ms(10), Input::VoiceEnded { turn, samples: sample, outcome });
        }
    }

    pub(super) fn report(
        &mut self,
        turn: TurnId,
        epoch: u32,
        events: &mut Vec<(SessionTime, Event)>,
    ) {
        let now = self.now;
        let every = self.jitter(self.plan.report_every);
        let is_lost = self.dice.as_mut().is_some_and(|dice| dice.chance(5));
        let Some(voice) = self.voices.get(&turn).filter(|voice| voice.epoch == epoch) else {
            return;
        };
        let samples = voice.position(now);
        let total = voice.landed.or(voice.total);
        let is_at_end = total.is_some_and(|total| samples >= total);
        self.schedule(now + every, Happening::Report(turn, epoch));
        if is_lost && !is_at_end {
            return;
        }
        // Rounded as a page does: what is under way is not reported to the sample.
        self.take(Input::Played { turn, samples, at: now }, events);
        if samples > 0 && self.conversation.floor_view().turn != Some(turn) {
            self.halt(turn);
        }
    }
}

/// How a voice says `text`: its words from the first sample, and its length.
fn voiced(text: &str) -> (Vec<VoicedWord>, u64) {
    let (mut words, mut sample, mut search) = (Vec::new(), 0, 0);
    for word in text.split_whitespace() {
        let start = search + text[search..].find(word).unwrap_or(0);
        search = start + word.len();
        let length = word.chars().map(|_| 50).sum::<u64>() + 100;
        let end_sample = sample + length * SAMPLES_PER_MS;
        words.push(VoicedWord {
            text_start: offset(start),
            text_end: offset(search),
            start_sample: sample,
            end_sample,
        });
        sample = end_sample;
    }
    (words, sample)
}

/// A byte offset as the conversation writes it. Scripted texts are short.
fn offset(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
