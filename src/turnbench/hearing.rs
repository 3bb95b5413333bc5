//! What the ears make of a sound, and when each fact of it becomes known.
//!
//! The same values as in a session (host line, resampler, gate, stream time) over the same adapters; only the times at
//! which answers come are not measured but charged by [`Costs`], so that a busy machine changes no outcome.
//!
//! Words are asked for stretch by stretch, each in a stream of its own: what a recogniser would have said by then is
//! what it says when the sound ends there.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::clip::time_of;
use crate::adapters::AdapterError;
use crate::adapters::hearing::{EndOfTurn, VoiceActivity, VoiceScore};
use crate::adapters::stt::{SpeechToText, SttEvent, SttInput, SttOptions};
use crate::audio::host_line::{HostLine, HostPiece};
use crate::audio::host_voice::{HostVoice, VoiceFact};
use crate::audio::resample::Resampler;
use crate::audio::stream_time::StreamTime;
use crate::audio::{FRAME_MS, FRAME_SAMPLES, Frame, SampleRate};
use crate::conversation::{Input, Stability};
use crate::time::{SessionTime, Span};

/// What the end-of-turn model hears at most: 8 s.
const JUDGED_SAMPLES: usize = 8 * 16_000;
/// Sound before a voice and after it that a recogniser is given: what Moonshine's stretches take.
const PRE_ROLL_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(320);
const TAIL_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(200);
/// How much sound of a voice there is when a detector says that it began.
const HINT_SAMPLES: usize = SampleRate::HZ_16000.samples_in_ms(60);
/// Quiet after which a stretch is over: its words are final.
const HANG: Span = Span::from_millis(700);
/// How much sound a listener holds that he has not heard, and a frame of it.
const AHEAD: Span = Span::from_millis(200);
const FRAME: u64 = FRAME_SAMPLES as u64;
/// Voice before the first interim words, and between two.
const FIRST_INTERIM: Span = Span::from_millis(500);
const CADENCE: Span = Span::from_millis(400);

/// How long answers take, as measured on the offline models on a machine with two cores.
#[derive(Clone, Copy, Debug)]
pub struct Costs {
    /// A detector's score of one hop, and its way.
    pub score: Span,
    /// Words of a stretch: this much …
    pub words: Span,
    /// … and this much for each second of it.
    pub words_per_second: Span,
    /// The end-of-turn model's answer.
    pub judgement: Span,
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            score: Span::from_millis(1),
            words: Span::from_millis(25),
            words_per_second: Span::from_millis(24),
            judgement: Span::from_millis(40),
        }
    }
}

/// Detector, recogniser and end-of-turn model.
#[derive(Clone, Debug)]
pub struct Ears {
    /// Voice or none.
    pub voice_activity: Arc<dyn VoiceActivity>,
    /// Words; without it nothing is understood.
    pub speech_to_text: Option<Arc<dyn SpeechToText>>,
    /// Finished or not.
    pub end_of_turn: Option<Arc<dyn EndOfTurn>>,
    /// Whether words are asked for while a voice is on; the end of a turn does not depend on them.
    pub interim_words: bool,
    /// How long they take.
    pub costs: Costs,
}

/// A sound as it was heard. It can be kept without the sound, which is not written.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Hearing {
    /// The sound, 16 kHz.
    #[serde(skip)]
    pub sound: Arc<[i16]>,
    /// Facts in the order in which they become known.
    pub facts: Vec<(SessionTime, Input)>,
    /// The detector's score of each hop: when it was known, when the hop begins, per mille.
    pub scores: Vec<(SessionTime, SessionTime, u16)>,
    judged: BTreeMap<usize, Option<u16>>,
}

/// One frame's way to the ears: when it was there, and how much sound the detector had by then.
struct Arrival {
    known: SessionTime,
    handed: u64,
    at: SessionTime,
    samples: Arc<[i16]>,
}

impl Ears {
    /// Hears `sound` at 16 kHz, sent in frames of 20 ms as a page does.
    ///
    /// # Errors
    ///
    /// What the adapters say.
    pub async fn hear(&self, sound: &[i16]) -> Result<Hearing, AdapterError> {
        self.hear_over(sound, &[]).await
    }

    /// The same while the listener hears `own` at 16 kHz from the AIs, sample for sample beside `sound`: what of it comes
    /// back is in `sound`.
    ///
    /// # Errors
    ///
    /// What the adapters say.
    pub async fn hear_over(&self, sound: &[i16], own: &[i16]) -> Result<Hearing, AdapterError> {
        let mut time = StreamTime::new(SampleRate::HZ_16000);
        let (narrow, arrivals) = arrive(sound, &mut time);
        let mut sound = sound.to_vec();
        let own = widened(own);
        let mut own = (0_u64..).zip(own.chunks(FRAME_SAMPLES)).peekable();
        let scores = self.scores(&narrow).await?;
        let mut voice = HostVoice::default();
        let (mut facts, mut found) = (Vec::new(), Vec::new());
        let mut judged = Vec::new();
        let mut scores = scores.into_iter().peekable();
        for arrival in &arrivals {
            let ahead = arrival.at + AHEAD;
            while let Some((frame, part)) =
                own.next_if(|(frame, _)| SessionTime::from_samples(frame * FRAME) < ahead)
            {
                voice.own(SessionTime::from_samples(frame * FRAME), part);
            }
            found.extend(voice.hear(arrival.at, &arrival.samples, true));
            let until = arrival.at + Span::from_samples(arrival.samples.len() as u64);
            if voice.is_own(until) {
                let end = sample_of(until).min(sound.len());
                sound[sample_of(arrival.at).min(end)..end].fill(0);
            }
            facts.extend(found.drain(..).map(|fact| (arrival.known, input(fact))));
            let known = arrival.known + self.costs.score;
            while let Some(score) = scores.next_if(|score| score.until_sample <= arrival.handed) {
                judged.push((known, time.session_time(score.from_sample), score.score));
                let hop = (score.from_sample, score.until_sample);
                voice.judge(hop, score.score, &time, &mut found);
                facts.extend(found.drain(..).map(|fact| (known, input(fact))));
            }
        }
        let words = self.words(&sound, &facts).await?;
        facts.extend(words);
        facts.sort_by_key(|(known, _)| *known);
        Ok(Hearing { sound: sound.into(), facts, scores: judged, judged: BTreeMap::new() })
    }

    /// The end-of-turn model's word about the sound up to `now`.
    ///
    /// # Errors
    ///
    /// What the model says.
    pub async fn judge(
        &self,
        hearing: &mut Hearing,
        now: SessionTime,
    ) -> Result<Option<u16>, AdapterError> {
        let Some(model) = &self.end_of_turn else { return Ok(None) };
        let until = sample_of(now).min(hearing.sound.len());
        if let Some(known) = hearing.judged.get(&until) {
            return Ok(*known);
        }
        let sound = &hearing.sound[until.saturating_sub(JUDGED_SAMPLES)..until];
        let score = Some(model.judge(sound.into()).await?);
        hearing.judged.insert(until, score);
        Ok(score)
    }

    async fn scores(&self, sound: &[i16]) -> Result<Vec<VoiceScore>, AdapterError> {
        let mut stream = self.voice_activity.open().await?;
        let frames = frames(sound);
        let feed = async move {
            for frame in frames {
                if stream.audio.send(frame).await.is_err() {
                    return;
                }
            }
        };
        let read = async move {
            let mut scores = Vec::new();
            while let Some(score) = stream.scores.recv().await {
                scores.push(score?);
            }
            Ok(scores)
        };
        futures_util::join!(feed, read).1
    }

    /// The words of each stretch of voice, as they become known.
    async fn words(
        &self,
        sound: &[i16],
        edges: &[(SessionTime, Input)],
    ) -> Result<Vec<(SessionTime, Input)>, AdapterError> {
        let Some(recogniser) = &self.speech_to_text else { return Ok(Vec::new()) };
        let mut words = Vec::new();
        let mut segment = 0;
        let mut began: Option<(SessionTime, SessionTime)> = None;
        let mut stopped: Option<(SessionTime, String)> = None;
        for (place, (known, edge)) in edges.iter().enumerate() {
            match edge {
                Input::SpeechStarted { at } => {
                    // A pause that was long enough has made the words of the stretch before final.
                    if let Some(((from, _), (until, text))) = began.zip(stopped.take())
                        && at.since(until) >= HANG
                    {
                        let say = (segment, from, until, text, Stability::Final);
                        words.push((until + HANG, recognised(say)));
                        began = None;
                    }
                    if began.is_none() {
                        segment += 1;
                        began = Some((*at, *at));
                    }
                    let Some((from, last_asked)) = &mut began else { continue };
                    let end = edges[place + 1..]
                        .iter()
                        .find(|(_, edge)| matches!(edge, Input::SpeechStopped { .. }))
                        .map_or(time_of(sound.len()), |(known, _)| *known);
                    let mut due = (*from + FIRST_INTERIM).max(*last_asked + CADENCE);
                    while self.interim_words && due < end {
                        let text = words_between(&**recogniser, sound, *from, due, due).await?;
                        let length = due.since(*from);
                        let say = (segment, *from, due, text, Stability::Interim);
                        words.push((due + self.cost_of(length), recognised(say)));
                        *last_asked = due;
                        let fifth = Span::from_samples(length.samples() / 5);
                        due = due + CADENCE.max(fifth).max(self.cost_of(length));
                    }
                }
                Input::SpeechStopped { at } => {
                    let Some((from, _)) = began else { continue };
                    let text = words_between(&**recogniser, sound, from, *at, *known).await?;
                    let say = (segment, from, *at, text.clone(), Stability::Complete);
                    words.push((*known + self.cost_of(at.since(from)), recognised(say)));
                    stopped = Some((*at, text));
                }
                _ => {}
            }
        }
        if let Some(((from, _), (until, text))) = began.zip(stopped) {
            words.push((until + HANG, recognised((segment, from, until, text, Stability::Final))));
        }
        Ok(words)
    }

    fn cost_of(&self, stretch: Span) -> Span {
        let more = stretch.samples() * self.costs.words_per_second.millis() / 1000;
        self.costs.words + Span::from_samples(more)
    }
}

impl Hearing {
    /// The words of `segment` as they stood at `now`, for good: what a recogniser answers when it is told to finish.
    pub(super) fn last_words(&self, now: SessionTime) -> Vec<Input> {
        let mut last: BTreeMap<u32, &Input> = BTreeMap::new();
        for (known, fact) in &self.facts {
            if let Input::Recognised { segment, .. } = fact
                && *known <= now
            {
                last.insert(*segment, fact);
            }
        }
        last.into_values()
            .filter_map(|fact| match fact {
                Input::Recognised {
                    segment,
                    text,
                    from,
                    until,
                    stability: Stability::Complete,
                } => Some(recognised((*segment, *from, *until, text.clone(), Stability::Final))),
                _ => None,
            })
            .collect()
    }
}

/// Sends the sound as a page does: 48 kHz, 20 ms a frame, onto session time, and to 16 kHz again.
fn arrive(sound: &[i16], time: &mut StreamTime) -> (Vec<i16>, Vec<Arrival>) {
    let wide = widened(sound);
    let mut line = HostLine::new();
    let mut to_ears = Resampler::new(SampleRate::HZ_48000, SampleRate::HZ_16000);
    let (mut narrow, mut arrivals, mut pieces) = (Vec::new(), Vec::new(), Vec::new());
    let frame_samples = SampleRate::HZ_48000.samples_in_ms(FRAME_MS);
    let mut captured = 0;
    for frame in wide.chunks(frame_samples) {
        let known = SessionTime::from_samples((captured + frame.len()) as u64);
        line.push(captured as u64, SampleRate::HZ_48000, frame, known, &mut pieces);
        captured += frame.len();
        for piece in pieces.drain(..) {
            let (at, samples) = match piece {
                HostPiece::Sound { at, samples } => (at, samples),
                HostPiece::Hole { from, until, .. } => {
                    let silence = usize::try_from(until.since(from).samples()).unwrap_or(0);
                    (from, vec![0; silence].into())
                }
            };
            let before = narrow.len();
            to_ears.push(&samples, &mut narrow);
            let length = Span::from_samples(samples.len() as u64);
            time.take(at, length, narrow.len() - before);
            arrivals.push(Arrival { known, handed: narrow.len() as u64, at, samples });
        }
    }
    (narrow, arrivals)
}

/// From 16 to 48 kHz.
fn widened(sound: &[i16]) -> Vec<i16> {
    let mut wide = Vec::new();
    let mut to_page = Resampler::new(SampleRate::HZ_16000, SampleRate::HZ_48000);
    to_page.push(sound, &mut wide);
    to_page.finish(&mut wide);
    wide
}

fn input(fact: VoiceFact) -> Input {
    match fact {
        VoiceFact::Rose(at) => Input::SoundRose { at },
        VoiceFact::Started(at) => Input::SpeechStarted { at },
        VoiceFact::Sure(firm) => Input::VoiceWavered { firm },
        VoiceFact::Stopped(at) => Input::SpeechStopped { at },
    }
}

/// What the recogniser understands of a voice from `from` to `until` when it has heard the sound up to `heard`.
async fn words_between(
    recogniser: &dyn SpeechToText,
    sound: &[i16],
    from: SessionTime,
    until: SessionTime,
    heard: SessionTime,
) -> Result<String, AdapterError> {
    let begin = sample_of(from).saturating_sub(PRE_ROLL_SAMPLES);
    let end = (sample_of(until) + TAIL_SAMPLES).min(sample_of(heard)).min(sound.len());
    let begin = begin.min(end);
    let options = SttOptions { language: "en".to_owned(), ..SttOptions::default() };
    let mut stream = recogniser.open(options).await?;
    let place = |time: SessionTime| sample_of(time).saturating_sub(begin) as u64;
    // A hint comes right behind the sound in which it became known.
    let known = (sample_of(from) + HINT_SAMPLES).clamp(begin, end);
    let audio =
        |range: std::ops::Range<usize>| frames(&sound[range]).into_iter().map(SttInput::Audio);
    let mut given: Vec<SttInput> = audio(begin..known).collect();
    given.push(SttInput::SpeechStarted { at_sample: place(from) });
    given.extend(audio(known..end));
    given.push(SttInput::SpeechStopped { at_sample: place(until) });
    given.push(SttInput::Finish);
    let feed = async move {
        for input in given {
            if stream.input.send(input).await.is_err() {
                return;
            }
        }
    };
    let read = async move {
        let mut finals = Vec::new();
        while let Some(event) = stream.events.recv().await {
            if let SttEvent::Words(words) = event?
                && words.stability == Stability::Final
            {
                finals.push(words.text);
            }
        }
        Ok(finals.join(" "))
    };
    futures_util::join!(feed, read).1
}

fn recognised(
    (segment, from, until, text, stability): (u32, SessionTime, SessionTime, String, Stability),
) -> Input {
    Input::Recognised { segment, text, from, until, stability }
}

fn frames(sound: &[i16]) -> Vec<Frame> {
    sound
        .chunks(SampleRate::HZ_16000.samples_in_ms(FRAME_MS))
        .map(|part| Frame::new(SampleRate::HZ_16000, part))
        .collect()
}

fn sample_of(time: SessionTime) -> usize {
    usize::try_from(time.samples() / 3).unwrap_or(usize::MAX)
}
