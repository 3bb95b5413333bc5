//! One turn's pieces of text between the session and the voices that say them: what is still to be said, what of it was
//! passed on, where its words lie.
//!
//! Sound of a voice that tells where its words lie is passed on by whole words, so that a break falls between two of
//! them and the next voice begins with the next word: nothing is lost and nothing is said twice. Of a voice without
//! word times the place is guessed by letters, and its sound is passed on by its pauses, so that the guess is one between
//! two words where it pauses; elsewhere a word may be cut, or be said again.

use std::collections::VecDeque;

use crate::adapters::tts::{TtsEvent, TtsPiece, TtsWord};
use crate::audio::resample::Resampler;
use crate::audio::{Frame, SampleRate};

/// Sound of one word that is held back at most; a word is never longer.
const HELD_MAX_MS: u32 = 2_000;

/// Of a voice without word times so much is held back at most until it pauses, and so much of a piece is not held back at
/// all: no listener waits longer for a first sound, nor for the rest of a voice that speaks half as fast again as it
/// sounds.
const HELD_FOR_A_PAUSE_MS: u32 = 300;
/// See [`HELD_FOR_A_PAUSE_MS`].
const FREE_MS: u32 = 200;

/// A pause: so long nothing louder than -44 dBFS.
const PAUSE_MS: u32 = 10;
/// See [`PAUSE_MS`].
const PAUSE_AMPLITUDE: u16 = 200;

/// Sound is passed on in frames of at most this.
const FRAME_MS: u32 = 100;

/// How long a letter sounds until a voice has shown its own pace: 2.6 words a second of 5.7 letters and a space.
const LETTER_MS: u64 = 60;

/// The pieces of one turn.
#[derive(Debug)]
pub(super) struct Pieces {
    rate: SampleRate,
    queue: VecDeque<Said>,
    /// How many of the queue the running voice has been given.
    given: usize,
    /// Of the whole pieces so far, for the pace.
    letters: u64,
    samples: u64,
    /// Pieces that have ended.
    ended: u64,
}

/// How far a turn is: pieces that have ended, and where in the text of the next one a voice would begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(u64, usize);

/// One piece. Samples are counted at the chain's rate in the piece's own sound.
#[derive(Debug)]
struct Said {
    piece: TtsPiece,
    /// Where in the text the running voice began.
    from: usize,
    /// Samples that earlier voices gave of it.
    base: u64,
    /// Samples passed on.
    told: u64,
    /// Samples received.
    received: u64,
    held: Vec<i16>,
    /// Words told so far, those of earlier voices first.
    words: Vec<TtsWord>,
    /// How many of them earlier voices told.
    words_before: usize,
    /// Whether the running voice told words.
    is_timed: bool,
    /// Whether all words were passed on.
    is_worded: bool,
    resampler: Option<Resampler>,
}

impl Pieces {
    pub(super) const fn new(rate: SampleRate) -> Self {
        Self { rate, queue: VecDeque::new(), given: 0, letters: 0, samples: 0, ended: 0 }
    }

    pub(super) fn push(&mut self, piece: TtsPiece) {
        self.queue.push_back(Said {
            piece,
            from: 0,
            base: 0,
            told: 0,
            received: 0,
            held: Vec::new(),
            words: Vec::new(),
            words_before: 0,
            is_timed: false,
            is_worded: false,
            resampler: None,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Whether the running voice has not been given everything.
    pub(super) fn has_more(&self) -> bool {
        self.given < self.queue.len()
    }

    /// How far the turn is, in words.
    pub(super) fn place(&self) -> Place {
        Place(self.ended, self.queue.front().map_or(0, |front| front.from))
    }

    /// Whether the running voice owes sound.
    pub(super) const fn is_owed(&self) -> bool {
        self.given > 0
    }

    /// What the running voice is to be given next.
    pub(super) fn give(&mut self) -> Option<TtsPiece> {
        let next = self.queue.get(self.given)?;
        self.given += 1;
        Some(TtsPiece { piece: next.piece.piece, text: next.piece.text[next.from..].to_owned() })
    }

    /// Translates an event of the running voice, whose sound has `rate`. `None` for one that is out of turn.
    pub(super) fn take(&mut self, event: TtsEvent, rate: SampleRate) -> Option<Vec<TtsEvent>> {
        let own_rate = self.rate;
        let is_given = self.is_owed();
        let front = self.queue.front_mut().filter(|_| is_given)?;
        let number = front.piece.piece;
        match event {
            TtsEvent::Words { piece, words } if piece == number => {
                Some(front.on_words(&words, (rate, own_rate)))
            }
            TtsEvent::Audio { piece, frame } if piece == number => {
                Some(front.on_audio(&frame, own_rate))
            }
            TtsEvent::PieceEnded { piece } if piece == number => Some(self.end_front()),
            _ => None,
        }
    }

    /// The running voice is lost: what it owed is to be said by the next one, from the first word that was not passed
    /// on. A piece of which all words were passed on has ended.
    pub(super) fn restart(&mut self) -> Vec<TtsEvent> {
        let letter = self.letter_samples();
        let was_given = self.is_owed();
        self.given = 0;
        let Some(front) = self.queue.front_mut().filter(|_| was_given) else { return Vec::new() };
        front.held.clear();
        front.resampler = None;
        front.received = front.told;
        front.is_worded = false;
        if front.told == front.base {
            // Nothing of it was heard of this voice.
            front.words.truncate(front.words_before);
            front.is_timed = false;
            return Vec::new();
        }
        let next = if front.is_timed { front.next_word() } else { front.guess_next(letter) };
        front.words_before = front.words.len();
        front.base = front.told;
        front.is_timed = false;
        match next {
            Some(from) => {
                front.from = from;
                Vec::new()
            }
            None => {
                front.from = front.piece.text.len();
                self.given = 1;
                self.end_front()
            }
        }
    }

    fn end_front(&mut self) -> Vec<TtsEvent> {
        let rate = self.rate;
        let Some(mut front) = self.queue.pop_front() else { return Vec::new() };
        self.given = self.given.saturating_sub(1);
        if let Some(mut resampler) = front.resampler.take() {
            let mut rest = Vec::new();
            resampler.finish(&mut rest);
            front.received += rest.len() as u64;
            front.held.extend(rest);
        }
        let mut events = front.release(front.received, rate);
        let is_told = front.base > 0 || front.is_timed;
        if let Some(untold) = front.untold().filter(|_| is_told) {
            // Who listens takes told words for all there are.
            let from = front.words.last().map_or(0, |word| word.end_sample);
            let from = from.clamp(front.base, front.told);
            front.words.extend(spread(&front.piece.text, untold, from, front.told));
        }
        if is_told && !front.is_worded {
            let words = front.words.clone();
            events.push(TtsEvent::Words { piece: front.piece.piece, words });
        }
        self.ended += 1;
        if front.base == 0 {
            self.letters += letters(&front.piece.text);
            self.samples += front.told;
        }
        events.push(TtsEvent::PieceEnded { piece: front.piece.piece });
        events
    }

    fn letter_samples(&self) -> u64 {
        let usual = u64::from(self.rate.hz()) * LETTER_MS / 1000;
        self.samples.checked_div(self.letters).map_or(usual, |pace| pace.max(1))
    }
}

impl Said {
    fn on_words(
        &mut self,
        words: &[TtsWord],
        (from, to): (SampleRate, SampleRate),
    ) -> Vec<TtsEvent> {
        let place = |sample: u64| self.base + sample * u64::from(to.hz()) / u64::from(from.hz());
        let (text_from, text_end) = (self.from, self.piece.text.len());
        let fresh = words.iter().map(|word| TtsWord {
            text_start: (word.text_start + text_from).min(text_end),
            text_end: (word.text_end + text_from).min(text_end),
            start_sample: place(word.start_sample),
            end_sample: place(word.end_sample),
        });
        let fresh: Vec<TtsWord> = fresh.collect();
        self.words.truncate(self.words_before);
        self.words.extend(fresh);
        self.is_timed = true;
        if self.untold().is_some() {
            // Who listens takes told words for all there are.
            return Vec::new();
        }
        self.is_worded = true;
        vec![TtsEvent::Words { piece: self.piece.piece, words: self.words.clone() }]
    }

    /// Where the first word begins that the running voice has not told.
    fn untold(&self) -> Option<usize> {
        let told = self.words[self.words_before..].iter().map(|word| word.text_end).max();
        let places = word_places(&self.piece.text, told.unwrap_or(self.from));
        places.first().map(|(start, _)| *start)
    }

    fn on_audio(&mut self, frame: &Frame, rate: SampleRate) -> Vec<TtsEvent> {
        let before = self.held.len();
        if frame.rate == rate {
            self.held.extend_from_slice(&frame.samples);
        } else {
            self.resampler
                .get_or_insert_with(|| Resampler::new(frame.rate, rate))
                .push(&frame.samples, &mut self.held);
        }
        self.received += (self.held.len() - before) as u64;
        self.release(self.sure_until(rate), rate)
    }

    /// How far sound may be passed on: to the end of the last word that is there as a whole, or to the last pause.
    fn sure_until(&self, rate: SampleRate) -> u64 {
        if !self.is_timed {
            return self.pause_until(rate);
        }
        if self.held.len() > rate.samples_in_ms(HELD_MAX_MS) {
            return self.received;
        }
        let ends = self.words.iter().map(|word| word.end_sample);
        let is_all = self.untold().is_none() && ends.clone().all(|end| end <= self.received);
        if is_all {
            return self.received;
        }
        ends.filter(|end| *end <= self.received).max().unwrap_or(self.base)
    }

    /// The end of the last pause in what is held; where there is none, what is not worth to be held for one.
    fn pause_until(&self, rate: SampleRate) -> u64 {
        let window = rate.samples_in_ms(PAUSE_MS).max(1);
        let is_quiet = |part: &[i16]| part.iter().all(|s| s.unsigned_abs() <= PAUSE_AMPLITUDE);
        let behind =
            self.held.rchunks_exact(window).position(is_quiet).map(|chunks| chunks * window);
        let paused = behind.map_or(self.told, |behind| self.received - behind as u64);
        let free = (self.base + rate.samples_in_ms(FREE_MS) as u64).min(self.received);
        let sure = paused.max(free);
        let is_too_much = self.received - sure > rate.samples_in_ms(HELD_FOR_A_PAUSE_MS) as u64;
        if is_too_much { self.received } else { sure }
    }

    fn release(&mut self, until: u64, rate: SampleRate) -> Vec<TtsEvent> {
        let count = usize::try_from(until.saturating_sub(self.told)).unwrap_or(usize::MAX);
        let sound: Vec<i16> = self.held.drain(..count.min(self.held.len())).collect();
        self.told += sound.len() as u64;
        sound
            .chunks(rate.samples_in_ms(FRAME_MS).max(1))
            .map(|part| TtsEvent::Audio { piece: self.piece.piece, frame: Frame::new(rate, part) })
            .collect()
    }

    /// Where the first word begins of which less than half was passed on.
    fn next_word(&mut self) -> Option<usize> {
        let told = self.told;
        let is_spoken = |word: &TtsWord| (word.start_sample + word.end_sample) / 2 < told;
        let next = self.words.iter().find(|word| !is_spoken(word)).map(|word| word.text_start);
        let next = next.or_else(|| self.untold());
        self.words.retain(is_spoken);
        next
    }

    /// The same for a voice that does not tell, by the letters that fit into what was passed on.
    fn guess_next(&mut self, letter_samples: u64) -> Option<usize> {
        let spoken = (self.told - self.base) / letter_samples.max(1);
        let mut passed = 0;
        let mut next = None;
        for (start, end) in word_places(&self.piece.text, self.from) {
            let length = letters(&self.piece.text[start..end]);
            if passed + length / 2 >= spoken {
                next = Some(start);
                break;
            }
            passed += length + 1;
        }
        let until = next.unwrap_or(self.piece.text.len());
        let spoken = spread(&self.piece.text[..until], self.from, self.base, self.told);
        self.words.extend(spoken);
        next
    }
}

/// Byte ranges of the words behind `from`.
fn word_places(text: &str, from: usize) -> Vec<(usize, usize)> {
    let mut places = Vec::new();
    let mut at = from;
    for part in text[from..].split_inclusive(char::is_whitespace) {
        let end = at + part.trim_end().len();
        if part.chars().any(char::is_alphanumeric) {
            places.push((at, end));
        }
        at += part.len();
    }
    places
}

fn letters(text: &str) -> u64 {
    text.chars().count() as u64
}

/// The words behind `from`, spread by their letters over this sound.
fn spread(text: &str, from: usize, start: u64, end: u64) -> Vec<TtsWord> {
    let places = word_places(text, from);
    let all: u64 = places.iter().map(|(start, end)| letters(&text[*start..*end])).sum();
    let mut passed = 0;
    places
        .into_iter()
        .map(|(text_start, text_end)| {
            let place = |letters: u64| start + (end - start) * letters / all.max(1);
            let start_sample = place(passed);
            passed += letters(&text[text_start..text_end]);
            TtsWord { text_start, text_end, start_sample, end_sample: place(passed) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: SampleRate = SampleRate::HZ_16000;

    fn sound(piece: u16, samples: usize) -> TtsEvent {
        TtsEvent::Audio { piece, frame: Frame::silence(RATE, samples) }
    }

    fn words(piece: u16, ends: &[(usize, usize, u64, u64)]) -> TtsEvent {
        let words = ends.iter().map(|&(text_start, text_end, start_sample, end_sample)| TtsWord {
            text_start,
            text_end,
            start_sample,
            end_sample,
        });
        TtsEvent::Words { piece, words: words.collect() }
    }

    fn samples(events: &[TtsEvent]) -> usize {
        events
            .iter()
            .map(
                |event| {
                    if let TtsEvent::Audio { frame, .. } = event { frame.samples.len() } else { 0 }
                },
            )
            .sum()
    }

    fn pieces(texts: &[&str]) -> Pieces {
        let mut pieces = Pieces::new(RATE);
        for (piece, text) in (0..).zip(texts) {
            pieces.push(TtsPiece { piece, text: (*text).to_owned() });
        }
        pieces
    }

    #[test]
    fn a_break_falls_between_two_words_and_the_next_voice_begins_with_the_next_one() {
        let mut pieces = pieces(&["one two three", "four"]);
        assert_eq!(pieces.give().unwrap().text, "one two three");
        assert_eq!(pieces.give().unwrap().text, "four");
        pieces.take(words(0, &[(0, 3, 0, 1600), (4, 7, 1600, 3200), (8, 13, 3200, 4800)]), RATE);
        let told = pieces.take(sound(0, 1600), RATE).unwrap();
        assert_eq!(samples(&told), 1600);
        let told = pieces.take(sound(0, 1500), RATE).unwrap();
        assert_eq!(samples(&told), 0, "half a word is held back");
        assert!(pieces.restart().is_empty());
        assert_eq!(pieces.give().unwrap().text, "two three");
        let told = pieces.take(words(0, &[(0, 3, 0, 800), (4, 9, 800, 2400)]), RATE).unwrap();
        let TtsEvent::Words { words, .. } = &told[0] else { panic!("{told:?}") };
        let places: Vec<_> = words.iter().map(|word| (word.text_start, word.end_sample)).collect();
        assert_eq!(places, [(0, 1600), (4, 2400), (8, 4000)]);
        let told = pieces.take(sound(0, 2400), RATE).unwrap();
        assert_eq!(samples(&told), 2400);
        let told = pieces.take(TtsEvent::PieceEnded { piece: 0 }, RATE).unwrap();
        assert_eq!(told, [TtsEvent::PieceEnded { piece: 0 }]);
        assert_eq!(pieces.give().unwrap().text, "four");
    }

    #[test]
    fn words_that_are_told_bit_by_bit_hold_the_sound_back_until_they_are_whole() {
        let mut pieces = pieces(&["one two three", "four"]);
        pieces.give();
        assert_eq!(pieces.take(words(0, &[]), RATE).unwrap(), [], "nobody is told of no words");
        assert_eq!(
            samples(&pieces.take(sound(0, 1000), RATE).unwrap()),
            0,
            "a word that is not whole"
        );
        assert_eq!(pieces.take(words(0, &[(0, 3, 0, 1600)]), RATE).unwrap(), []);
        assert_eq!(samples(&pieces.take(sound(0, 1000), RATE).unwrap()), 1600);
        assert!(pieces.restart().is_empty());
        assert_eq!(pieces.give().unwrap().text, "two three");
        pieces.take(words(0, &[(0, 3, 0, 800)]), RATE);
        assert_eq!(samples(&pieces.take(sound(0, 1200), RATE).unwrap()), 800);
        let told = pieces.take(words(0, &[(0, 3, 0, 800), (4, 9, 800, 2400)]), RATE).unwrap();
        let TtsEvent::Words { words, .. } = &told[0] else { panic!("{told:?}") };
        let places: Vec<_> = words.iter().map(|word| (word.text_start, word.end_sample)).collect();
        assert_eq!(places, [(0, 1600), (4, 2400), (8, 4000)]);
        assert_eq!(samples(&pieces.take(sound(0, 1200), RATE).unwrap()), 1600);
        let told = pieces.take(TtsEvent::PieceEnded { piece: 0 }, RATE).unwrap();
        assert_eq!(told, [TtsEvent::PieceEnded { piece: 0 }], "its words were told");
    }

    #[test]
    fn a_voice_without_word_times_is_passed_on_by_its_pauses_and_never_held_for_long() {
        let ms = |ms: usize| ms * 16;
        let loud = |piece, samples: usize| TtsEvent::Audio {
            piece,
            frame: Frame::new(RATE, vec![9_000; samples]),
        };
        let mut pieces = pieces(&["aaaa bbbb cccc dddd"]);
        pieces.give();
        let mut told = |event| samples(&pieces.take(event, RATE).unwrap());
        assert_eq!(told(loud(0, ms(150))), ms(150), "a first sound waits for nothing");
        assert_eq!(told(loud(0, ms(100))), ms(50));
        assert_eq!(told(sound(0, ms(30))), ms(80), "to the end of the pause");
        assert_eq!(told(loud(0, ms(300))), 0);
        assert_eq!(told(loud(0, ms(10))), ms(310), "no pause for too long");
        assert_eq!(told(loud(0, ms(200))), 0);
        assert_eq!(told(TtsEvent::PieceEnded { piece: 0 }), ms(200), "all of it in the end");
    }

    #[test]
    fn a_piece_that_was_said_to_its_last_word_is_not_said_again() {
        let mut pieces = pieces(&["one two", "three"]);
        pieces.give();
        pieces.take(words(0, &[(0, 3, 0, 1600), (4, 7, 1600, 3200)]), RATE);
        pieces.take(sound(0, 3200), RATE);
        let told = pieces.restart();
        assert!(
            matches!(told[..], [TtsEvent::Words { .. }, TtsEvent::PieceEnded { piece: 0 }]),
            "{told:?}"
        );
        assert_eq!(pieces.give().unwrap().text, "three");
    }

    #[test]
    fn without_word_times_the_place_is_guessed_and_the_words_are_told_at_the_end() {
        let mut pieces = pieces(&["aaaa bbbb cccc dddd"]);
        pieces.give();
        // Nine letters at 60 ms: the second word has just been said.
        let told = pieces.take(sound(0, 9 * 960), RATE).unwrap();
        assert_eq!(samples(&told), 9 * 960);
        assert!(pieces.restart().is_empty());
        assert_eq!(pieces.give().unwrap().text, "cccc dddd");
        pieces.take(sound(0, 8 * 960), RATE);
        let told = pieces.take(TtsEvent::PieceEnded { piece: 0 }, RATE).unwrap();
        let TtsEvent::Words { words, .. } = &told[0] else { panic!("{told:?}") };
        assert_eq!(words.len(), 4);
        assert_eq!((words[1].end_sample, words[3].end_sample), (9 * 960, 17 * 960));
    }

    #[test]
    fn a_voice_of_another_rate_is_brought_to_the_chains_rate_with_its_words() {
        let mut pieces = Pieces::new(SampleRate::HZ_48000);
        pieces.push(TtsPiece { piece: 0, text: "one".to_owned() });
        pieces.give();
        let told = pieces.take(words(0, &[(0, 3, 0, 1600)]), RATE).unwrap();
        let TtsEvent::Words { words, .. } = &told[0] else { panic!("{told:?}") };
        assert_eq!(words[0].end_sample, 4800);
        let mut heard = samples(&pieces.take(sound(0, 1600), RATE).unwrap());
        heard += samples(&pieces.take(TtsEvent::PieceEnded { piece: 0 }, RATE).unwrap());
        assert_eq!(heard, 4800);
    }
}
