//! The session's ears: voice activity, speech to text and end of turn over one stream of sound.
//!
//! Sound comes in at 48 kHz on session time; detector and recogniser hear it at 16 kHz (or the recogniser's own
//! rate) in stream time, and [`crate::audio::stream_time::StreamTime`] maps what they say back. Adapters never see session time.
//!
//! A stream that fails, or makes no progress, is replaced within its limits; meanwhile the session goes on.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;

use super::actor::Session;
use super::ear_echo::EchoTold;
use super::ear_line::{Line, PROGRESS_LIMIT, broke_off, is_there, waiting_samples, within_limit};
use super::ear_words::{WORDS_LIMIT, WordsDue};
use super::ears::EarAdapters;
use super::mailbox::{MAILBOX_CAPACITY, deliver_to};
use super::messages::{
    Dismiss, EarsFailed, EarsHeard, EarsNoted, EchoLearned, FinishRecognition, Hear, HearOwn,
    JudgeEndOfTurn,
};
use super::supervision::Watch;
use super::told::told;
use crate::adapters::AdapterError;
use crate::adapters::hearing::{VoiceActivityStream, VoiceScore};
use crate::adapters::stt::{SttEvent, SttInput, SttOptions, SttStream, SttWords};
use crate::audio::host_voice::{HostVoice, VoiceFact};
use crate::audio::resample::Resampler;
use crate::audio::stream_time::StreamTime;
use crate::audio::{Frame, SampleRate};
use crate::conversation::Input;
use crate::time::{SessionTime, Span};

/// What the end-of-turn model hears: it was made for the last 8 s.
const END_OF_TURN_SAMPLES: usize = 8 * 16_000;

/// How often progress is looked at.
const PROGRESS_CHECK: Duration = Duration::from_millis(500);

/// Speech to text, voice activity and end of turn at work.
#[derive(Debug)]
pub struct SttActor {
    adapters: EarAdapters,
    options: SttOptions,
    heard: Recipient<EarsHeard>,
    failed: Recipient<EarsFailed>,
    noted: Recipient<EarsNoted>,
    echo: Recipient<EchoLearned>,
    echo_told: EchoTold,
    detector: Line<Frame>,
    recogniser: Line<SttInput>,
    words_due: WordsDue,
    to_detector: Resampler,
    /// `None` where the recogniser hears what the detector hears.
    to_recogniser: Option<Resampler>,
    detector_time: StreamTime,
    recogniser_time: StreamTime,
    voice: HostVoice,
    found: Vec<VoiceFact>,
    /// The last [`END_OF_TURN_SAMPLES`] that the detector heard.
    recent: VecDeque<i16>,
    now: SessionTime,
    detector_answered: SessionTime,
    /// Whether the detector is lost for good.
    is_deaf: bool,
    /// The highest segment told so far, and the one before the running stream's first: streams count from 1, the
    /// session's segments go on.
    last_segment: u32,
    segments_before: u32,
    watch: Watch,
}

impl SttActor {
    /// Ears that report to a session which has had words of `last_segment` segments already.
    #[must_use]
    pub fn new(
        adapters: EarAdapters,
        options: SttOptions,
        session: &Addr<Session>,
        last_segment: u32,
        watch: Watch,
    ) -> Self {
        let recogniser_rate = adapters.speech_to_text.capabilities().rate;
        Self {
            to_detector: Resampler::new(SampleRate::HZ_48000, SampleRate::HZ_16000),
            to_recogniser: (recogniser_rate != SampleRate::HZ_16000)
                .then(|| Resampler::new(SampleRate::HZ_48000, recogniser_rate)),
            detector_time: StreamTime::new(SampleRate::HZ_16000),
            recogniser_time: StreamTime::new(recogniser_rate),
            voice: HostVoice::default(),
            found: Vec::new(),
            adapters,
            options,
            heard: session.clone().recipient(),
            failed: session.clone().recipient(),
            noted: session.clone().recipient(),
            echo: session.clone().recipient(),
            echo_told: EchoTold::default(),
            detector: Line::default(),
            recogniser: Line::default(),
            words_due: WordsDue::default(),
            recent: VecDeque::new(),
            now: SessionTime::ZERO,
            detector_answered: SessionTime::ZERO,
            is_deaf: false,
            last_segment,
            segments_before: last_segment,
            watch,
        }
    }

    fn tell(&self, input: Input) {
        deliver_to(&self.heard, EarsHeard(input));
    }

    fn open_detector(&mut self, ctx: &mut Context<Self>) {
        self.detector.place.occupy();
        self.detector_answered = self.now;
        let adapter = Arc::clone(&self.adapters.voice_activity);
        let opening =
            async move { within_limit(adapter.name(), adapter.open()).await }.into_actor(self);
        ctx.spawn(opening.map(|opened, actor, ctx| match opened {
            Ok(VoiceActivityStream { audio, scores }) => {
                // A voice that was on when the detector was lost ends here: nothing waits for a stop that cannot come.
                if let Some(fact) = actor.voice.restart(&actor.detector_time) {
                    actor.on_voice(fact);
                }
                actor
                    .detector_time
                    .restart(actor.detector.waiting.iter().map(|frame| frame.samples.len()).sum());
                actor.detector.sender = Some(audio);
                let told = told(scores, "detector-stream", actor.watch.episode());
                actor.detector.reader = Some(ctx.add_stream(told));
                actor.detector.drain(actor.now);
            }
            Err(error) => actor.detector_failed(error, ctx),
        }));
    }

    fn open_recogniser(&mut self, ctx: &mut Context<Self>) {
        self.recogniser.place.occupy();
        let adapter = Arc::clone(&self.adapters.speech_to_text);
        let options = self.options.clone();
        let opening = async move { within_limit(adapter.name(), adapter.open(options)).await }
            .into_actor(self);
        ctx.spawn(opening.map(|opened, actor, ctx| match opened {
            Ok(SttStream { input, events }) => {
                actor.recogniser_time.restart(waiting_samples(&actor.recogniser.waiting));
                actor.segments_before = actor.last_segment;
                actor.words_due.forgive();
                actor.recogniser.sender = Some(input);
                let told = told(events, "recogniser-stream", actor.watch.episode());
                actor.recogniser.reader = Some(ctx.add_stream(told));
                actor.recogniser.drain(actor.now);
                actor.tell(Input::EarsChanged { available: !actor.is_deaf });
            }
            Err(error) => actor.recogniser_failed(error, ctx),
        }));
    }

    fn detector_failed(&mut self, error: AdapterError, ctx: &mut Context<Self>) {
        self.detector.close(ctx);
        let recovering = is_there(&self.adapters.voice_activity.availability())
            && self.detector.place.may_replace(self.now);
        deliver_to(&self.failed, EarsFailed { error, recovering });
        if recovering {
            ctx.run_later(self.detector.place.backoff(), Self::open_detector);
        } else {
            // Without it nobody learns that the host speaks at all.
            self.is_deaf = true;
            self.tell(Input::EarsChanged { available: false });
        }
    }

    fn recogniser_failed(&mut self, error: AdapterError, ctx: &mut Context<Self>) {
        self.recogniser.close(ctx);
        let recovering = error.is_retryable()
            && is_there(&self.adapters.speech_to_text.availability())
            && self.recogniser.place.may_replace(self.now);
        deliver_to(&self.failed, EarsFailed { error, recovering });
        if recovering {
            ctx.run_later(self.recogniser.place.backoff(), Self::open_recogniser);
        } else {
            self.tell(Input::EarsChanged { available: false });
        }
    }

    fn on_score(&mut self, score: VoiceScore) {
        self.detector_answered = self.now;
        let hop = (score.from_sample, score.until_sample);
        let mut found = std::mem::take(&mut self.found);
        self.voice.judge(hop, score.score, &self.detector_time, &mut found);
        found.drain(..).for_each(|fact| self.on_voice(fact));
        self.found = found;
    }

    /// Tells what was found in the host's sound; a recogniser is told where a voice begins and ends.
    fn on_voice(&mut self, fact: VoiceFact) {
        self.words_due.hear(fact);
        let input = match fact {
            VoiceFact::Rose(at) => Input::SoundRose { at },
            VoiceFact::Started(at) => {
                let at_sample = self.recogniser_time.stream_sample(at);
                self.recogniser.send(SttInput::SpeechStarted { at_sample }, self.now);
                Input::SpeechStarted { at }
            }
            VoiceFact::Sure(firm) => Input::VoiceWavered { firm },
            VoiceFact::Stopped(at) => {
                let at_sample = self.recogniser_time.stream_sample(at);
                self.recogniser.send(SttInput::SpeechStopped { at_sample }, self.now);
                Input::SpeechStopped { at }
            }
        };
        self.tell(input);
    }

    fn on_words(&mut self, words: SttWords) {
        let segment = self.segments_before + words.segment;
        self.last_segment = self.last_segment.max(segment);
        self.words_due.said(words.stability, self.now);
        self.tell(Input::Recognised {
            segment,
            text: words.text,
            from: self.recogniser_time.session_time(words.from_sample),
            until: self.recogniser_time.session_time(words.until_sample),
            stability: words.stability,
        });
    }

    fn check_progress(&mut self, ctx: &mut Context<Self>) {
        if let Some(learned) = self.echo_told.news(&self.voice) {
            deliver_to(&self.echo, learned);
        }
        if !self.heard.connected() {
            // The session broke; nobody is left to say so.
            ctx.stop();
            return;
        }
        let late = |adapter, stage, waited: Span| {
            let waited = waited.to_duration();
            AdapterError::TimedOut { adapter, stage, waited }
        };
        let detector_silent = self.detector.sender.is_some()
            && self.now.since(self.detector_answered) > PROGRESS_LIMIT;
        if detector_silent || self.detector.is_blocked(self.now) {
            let error = late(self.adapters.voice_activity.name(), "voice score", PROGRESS_LIMIT);
            self.detector_failed(error, ctx);
        }
        let adapter = self.adapters.speech_to_text.name();
        if self.recogniser.is_blocked(self.now) {
            self.recogniser_failed(late(adapter, "taking sound", PROGRESS_LIMIT), ctx);
        } else if self.recogniser.sender.is_some() && self.words_due.are_overdue(self.now) {
            self.recogniser_failed(late(adapter, "words", WORDS_LIMIT), ctx);
        }
    }
}

impl Actor for SttActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.set_mailbox_capacity(MAILBOX_CAPACITY);
        self.open_detector(ctx);
        self.open_recogniser(ctx);
        ctx.run_interval(PROGRESS_CHECK, Self::check_progress);
    }
}

impl Handler<Hear> for SttActor {
    type Result = ();

    fn handle(&mut self, message: Hear, _ctx: &mut Self::Context) {
        self.watch.fault_point("ears");
        let length = Span::from_samples(message.samples.len() as u64);
        self.now = message.at + length;
        if let Some(fact) = self.voice.hear(message.at, &message.samples, message.is_captured) {
            self.on_voice(fact);
        }
        let is_own = self.voice.is_own(self.now);
        let mut samples = Vec::new();
        self.to_detector.push(&message.samples, &mut samples);
        self.detector_time.take(message.at, length, samples.len());
        self.recent.extend(&samples);
        let too_many = self.recent.len().saturating_sub(END_OF_TURN_SAMPLES);
        self.recent.drain(..too_many);
        let narrow = Frame::new(SampleRate::HZ_16000, samples);
        self.detector.send(narrow.clone(), self.now);

        // What the studio said itself is transcribed by nobody.
        let narrow =
            if is_own { Frame::new(narrow.rate, vec![0; narrow.samples.len()]) } else { narrow };
        let frame = match &mut self.to_recogniser {
            None => narrow,
            Some(resampler) => {
                let mut samples = Vec::new();
                resampler.push(&message.samples, &mut samples);
                if is_own {
                    samples.fill(0);
                }
                Frame::new(resampler.to(), samples)
            }
        };
        self.recogniser_time.take(message.at, length, frame.samples.len());
        self.recogniser.send(SttInput::Audio(frame), self.now);
    }
}

impl Handler<HearOwn> for SttActor {
    type Result = ();

    fn handle(&mut self, message: HearOwn, _ctx: &mut Self::Context) {
        match message {
            HearOwn::Sound { at, samples } => self.voice.own(at, &samples),
            HearOwn::Silence { at } => self.voice.own_silent(at),
        }
    }
}

impl Handler<FinishRecognition> for SttActor {
    type Result = ();

    fn handle(&mut self, _message: FinishRecognition, _ctx: &mut Self::Context) {
        self.recogniser.send(SttInput::Finish, self.now);
    }
}

impl Handler<Dismiss> for SttActor {
    type Result = ();

    fn handle(&mut self, _message: Dismiss, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Handler<JudgeEndOfTurn> for SttActor {
    type Result = ();

    fn handle(&mut self, message: JudgeEndOfTurn, ctx: &mut Self::Context) {
        let Some(model) = self.adapters.end_of_turn.clone() else {
            self.tell(Input::EndOfTurnJudged { ask: message.ask, score: None });
            return;
        };
        let sound: Arc<[i16]> = self.recent.iter().copied().collect();
        let heard = self.heard.clone();
        let judging = async move {
            let score = model.judge(sound).await.ok();
            deliver_to(&heard, EarsHeard(Input::EndOfTurnJudged { ask: message.ask, score }));
        };
        ctx.spawn(judging.into_actor(self));
    }
}

impl StreamHandler<Result<VoiceScore, AdapterError>> for SttActor {
    fn handle(&mut self, score: Result<VoiceScore, AdapterError>, ctx: &mut Self::Context) {
        match score {
            Ok(score) => self.on_score(score),
            Err(error) => self.detector_failed(error, ctx),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        // One that failed in words has no reader any more. Ears themselves live as long as the session.
        if self.detector.reader.is_some() {
            self.detector_failed(broke_off(self.adapters.voice_activity.name()), ctx);
        }
    }
}

impl StreamHandler<Result<SttEvent, AdapterError>> for SttActor {
    fn handle(&mut self, event: Result<SttEvent, AdapterError>, ctx: &mut Self::Context) {
        match event {
            Ok(SttEvent::Words(words)) => self.on_words(words),
            Ok(SttEvent::Note(note)) => {
                self.words_due.noted(&note);
                deliver_to(&self.noted, EarsNoted(note));
            }
            Ok(SttEvent::Done) => {}
            Err(error) => self.recogniser_failed(error, ctx),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        if self.recogniser.reader.is_some() {
            self.recogniser_failed(broke_off(self.adapters.speech_to_text.name()), ctx);
        }
    }
}
