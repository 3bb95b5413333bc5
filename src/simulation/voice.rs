//! The voices of a made-up meeting: what each really says, sample by sample, and what the page reports of it.

use super::meeting::{Event, Happening, Meeting, ms};
use crate::conversation::{Input, Outcome, TurnId, VoicedWord};
use crate::time::{SAMPLES_PER_MS, SessionTime, Span};

/// So many words are recognised at once of what comes back.
const ECHO_WORDS: usize = 3;

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
    /// How far it has come back to the microphone; none while it does not.
    echoed: Option<u64>,
    /// How far it had come at the last report.
    reported: u64,
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
        let position = voice.position;
        self.echo_ends(turn);
        position
    }

    /// What was said up to `samples` comes back to the microphone of a host with a loudspeaker: as a voice, and after a
    /// while as words.
    fn echo(&mut self, turn: TurnId, samples: u64, is_at_end: bool) {
        let now = self.now;
        if self.loudspeaker_from.is_none_or(|from| now < from) {
            return;
        }
        let Some(voice) = self.voices.get_mut(&turn) else { return };
        // Of a voice that stands still nothing comes back.
        let moves = samples > voice.reported;
        voice.reported = samples;
        if !moves {
            return self.echo_ends(turn);
        }
        let begins = voice.echoed.is_none();
        let from = *voice.echoed.get_or_insert(samples);
        let back = |words: &&(u64, String)| words.0 > from && words.0 <= samples;
        let words: Vec<&str> =
            voice.words.iter().filter(back).map(|(_, word)| word.as_str()).collect();
        let text = words.join(" ");
        if words.len() >= ECHO_WORDS {
            voice.echoed = Some(samples);
            let length = Span::from_samples(samples - from);
            self.words(now - length, length, &text, ms(self.plan.words_after));
        }
        if begins {
            self.learn(now + ms(self.plan.onset_known), Input::SpeechStarted { at: now });
        }
        if is_at_end {
            self.echo_ends(turn);
        }
    }

    fn echo_ends(&mut self, turn: TurnId) {
        let now = self.now;
        let echoed = self.voices.get_mut(&turn).and_then(|voice| voice.echoed.take());
        if echoed.is_some() {
            let known = now + ms(self.plan.stop_known.max(self.plan.onset_known));
            self.learn(known, Input::SpeechStopped { at: now });
        }
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
        self.tell_in_order(at, Input::PieceVoiced { turn, piece, words, samples: sample });
        if is_first {
            self.tell(at, Input::VoiceStarted { turn });
        }
        if let Some(samples) = self.breaks_after.take() {
            self.tell_in_order(at, Input::VoiceEnded { turn, samples, outcome: Outcome::Failed });
        }
        if breaks {
            let outcome = Outcome::Failed;
            self.tell_in_order(at + ms(10), Input::VoiceEnded { turn, samples: sample, outcome });
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
        let report = Input::Played { turn, samples, at: now };
        if self.disorder.is_some() {
            self.tell(now, report);
        } else {
            self.take(report, events);
        }
        self.echo(turn, samples, is_at_end);
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
