//! Hosts who do one thing over and over, and measure what follows.

use std::time::Duration;

use voice_studio::client::player::Player;
use voice_studio::conversation::TurnId;
use voice_studio::transport::protocol::{AiAudio, ClientMessage, ServerMessage};

use super::host::{Guest, MS, Microphone, heard, ms_of};

/// Asks, hears the answer, asks again.
#[derive(Debug)]
pub(crate) struct Asker {
    /// Length of a question, ms.
    question_ms: u64,
    /// From question to question at least.
    period: Duration,
    next: Duration,
    awaits: bool,
    turn: Option<TurnId>,
    last_sound: Duration,
    /// When each answer's first frame came.
    pub(crate) answers: Vec<Duration>,
}

impl Asker {
    /// A host whose first question begins after `first`.
    pub(crate) const fn new(question_ms: u64, period: Duration, first: Duration) -> Self {
        Self {
            question_ms,
            period,
            next: first,
            awaits: false,
            turn: None,
            last_sound: Duration::ZERO,
            answers: Vec::new(),
        }
    }
}

/// Quiet after an answer before the next question: the floor has taken note of its end.
const REST: Duration = Duration::from_millis(150);

impl Guest for Asker {
    fn tick(
        &mut self,
        now: Duration,
        player: &Player,
        microphone: &mut Microphone,
    ) -> Option<ClientMessage> {
        if player.counts().is_busy {
            self.last_sound = now;
        }
        // An answer that does not come is asked for again; it is missing among the answers.
        let is_free = !self.awaits || now > self.next + Duration::from_secs(4);
        if now >= self.next && is_free && now > self.last_sound + REST {
            let begin = microphone.sent() + 5 * MS;
            microphone.speak(begin..begin + self.question_ms * MS, 0);
            self.awaits = true;
            self.next = now + self.period;
        }
        None
    }

    fn sound(&mut self, now: Duration, frame: &AiAudio, microphone: &mut Microphone) {
        self.last_sound = now;
        if self.turn != Some(frame.turn) {
            self.turn = Some(frame.turn);
            if self.awaits && !microphone.is_speaking() {
                self.awaits = false;
                self.answers.push(now);
            }
        }
    }
}

/// Interrupts every answer: by voice, and every fourth time by the button.
#[derive(Debug)]
pub(crate) struct Interrupter {
    /// Where in the voice speech begins, samples.
    lead: u64,
    length: u64,
    dice: u64,
    count: u32,
    began_answer: Option<(TurnId, Duration)>,
    flushed: Option<TurnId>,
    at: Duration,
    /// Captured sample of the onset, until its pause was heard of.
    onset: Option<u64>,
    pressed: Option<Duration>,
    /// From the onset to the order, ms.
    pub(crate) ducks: Vec<f64>,
    /// From the onset to the order, ms.
    pub(crate) pauses: Vec<f64>,
    /// From the button to the order, ms.
    pub(crate) flushes: Vec<f64>,
}

impl Interrupter {
    /// A host whose voice has its onset at sample `lead` and is `length` samples long.
    pub(crate) const fn new(lead: u64, length: u64) -> Self {
        Self {
            lead,
            length,
            dice: 88_172_645_463_325_252,
            count: 0,
            began_answer: None,
            flushed: None,
            at: Duration::ZERO,
            onset: None,
            pressed: None,
            ducks: Vec::new(),
            pauses: Vec::new(),
            flushes: Vec::new(),
        }
    }

    /// 0 to `most` - 1, by xorshift.
    const fn throw(&mut self, most: u64) -> u64 {
        self.dice ^= self.dice << 13;
        self.dice ^= self.dice >> 7;
        self.dice ^= self.dice << 17;
        self.dice % most
    }

    fn speak(&mut self, microphone: &mut Microphone) {
        // At any place within a frame.
        let begin = microphone.sent() + 20 * MS + self.throw(960);
        microphone.speak(begin..begin + self.length, 0);
        self.onset = self.began_answer.is_some().then_some(begin + self.lead);
    }
}

impl Guest for Interrupter {
    fn tick(
        &mut self,
        now: Duration,
        _player: &Player,
        microphone: &mut Microphone,
    ) -> Option<ClientMessage> {
        if microphone.is_speaking() {
            return None;
        }
        match self.began_answer {
            Some((_, begin)) if now > begin + Duration::from_millis(900) && now > self.at => {
                self.at = now + Duration::from_secs(3);
                self.count += 1;
                if self.count.is_multiple_of(4) {
                    self.pressed = Some(now);
                    return Some(ClientMessage::Interrupt);
                }
                self.speak(microphone);
            }
            // Nobody speaks: a question brings an answer.
            None if now > self.at => {
                self.at = now + Duration::from_secs(4);
                self.speak(microphone);
            }
            _ => {}
        }
        None
    }

    fn sound(&mut self, now: Duration, frame: &AiAudio, _microphone: &mut Microphone) {
        if self.flushed != Some(frame.turn)
            && self.began_answer.is_none_or(|(turn, _)| turn != frame.turn)
        {
            self.began_answer = Some((frame.turn, now));
            self.at = now;
        }
    }

    fn message(&mut self, now: Duration, message: &ServerMessage) {
        let since = |onset: u64| now.as_secs_f64() * 1000.0 - ms_of(onset);
        match message {
            ServerMessage::Duck { gain_db, .. } if *gain_db < 0 => {
                self.ducks.extend(self.onset.map(since));
            }
            ServerMessage::Pause { .. } => self.pauses.extend(self.onset.take().map(since)),
            ServerMessage::Flush { turn, .. } => {
                self.flushed = Some(*turn);
                self.began_answer = None;
                // The answer to the interruption comes; a question is asked only if it does not.
                self.at = now + Duration::from_secs(6);
                if let Some(pressed) = self.pressed.take() {
                    self.flushes.push((now - pressed).as_secs_f64() * 1000.0);
                }
            }
            _ => {}
        }
    }
}

/// Listens to two AIs, and measures the silence between them.
#[derive(Debug, Default)]
pub(crate) struct Listener {
    heard: [u64; 2],
    spoke: Option<(usize, Duration)>,
    before: Duration,
    /// Silences between two speakers, ms.
    pub(crate) gaps: Vec<f64>,
}

impl Guest for Listener {
    fn tick(
        &mut self,
        now: Duration,
        player: &Player,
        _microphone: &mut Microphone,
    ) -> Option<ClientMessage> {
        let heard = heard(player);
        for (speaker, (until, before)) in heard.iter().zip(self.heard).enumerate() {
            let played = until - before;
            if played == 0 {
                continue;
            }
            // Who began sounds since the tick before; who ends ends in the middle of one.
            if let Some((last, ended)) = self.spoke
                && last != speaker
            {
                let begun = now - sound(played).min(now - self.before);
                self.gaps.push(begun.saturating_sub(ended).as_secs_f64() * 1000.0);
            }
            let end = self.before + sound(played).min(now - self.before);
            self.spoke = Some((speaker, end));
        }
        (self.heard, self.before) = (heard, now);
        None
    }
}

fn sound(played: u64) -> Duration {
    Duration::from_micros(played * 1_000 / MS)
}
