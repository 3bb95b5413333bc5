//! Recordings against several ways of taking turns: the studio under various rules, and plain timers.

use std::sync::Arc;

use super::barge_in;
use super::clip::Clip;
use super::end_of_turn;
use super::figures::{Rate, Tally};
use super::hearing::{Ears, Hearing};
use super::labels::Kind;
use crate::adapters::AdapterError;
use crate::conversation::Input;
use crate::conversation::briefing::Briefing;
use crate::time::{SessionTime, Span};

/// Quiet before a recording, 16 kHz: the clock fit has settled by then.
const LEAD_SAMPLES: usize = 16_000;
/// From one place of an AI's speech to the next: at unlike phases of frames and hops.
const OFFSET_SAMPLES: usize = 4_999;
/// The most places.
pub const OFFSETS_MAX: usize = 10;
/// Quiet after a turn: longer than any ceiling that a briefing may set by its presets.
const TURN_TAIL_SAMPLES: usize = 5 * 16_000;
/// Quiet after a sound over an AI: it has stopped or goes on by then.
const OVER_TAIL_SAMPLES: usize = 3 * 16_000;
/// Of what is said over an AI: what comes after the first seconds decides nothing.
const OVER_SAMPLES: usize = 3 * 16_000;
/// Noise is put over an AI in pieces of this length.
const NOISE_SAMPLES: usize = 16_000;
/// Voice that stops an AI where nothing but voice is looked at: what engines ship with that do not listen to words.
const PLAIN_VOICE: Span = Span::from_millis(200);

/// A way of taking turns.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// What it is called in the report.
    pub name: String,
    /// How it decides.
    pub way: Way,
}

/// How turns are taken.
#[derive(Clone, Debug)]
pub enum Way {
    /// By the rules of a briefing.
    Rules(Arc<Briefing>),
    /// By a timer: this much silence ends a turn, and 200 ms of voice stop an AI.
    Timer(Span),
}

/// A recording and what it is.
#[derive(Clone, Debug)]
pub struct Recording {
    /// What people did in it.
    pub kind: Kind,
    /// Its sound.
    pub clip: Clip,
}

/// How one candidate fared.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// What it is called.
    pub name: String,
    /// Whether it is a plain timer.
    pub is_timer: bool,
    /// Turns that were cut off, of all.
    pub cut: Rate,
    /// The same of hesitant turns.
    pub cut_hesitant: Rate,
    /// How often hosts were cut off, and in hesitant turns: one turn may be cut off several times.
    pub cut_offs: [usize; 2],
    /// From the end of speech to the end of the turn.
    pub delays: Tally,
    /// Turns whose end was never seen.
    pub never_ended: usize,
    /// What was said over an AI and did not stop it.
    pub missed: Rate,
    /// Listeners' sounds that stopped an AI.
    pub false_stops: Rate,
    /// Listeners' sounds after which an AI did not go on at its full loudness by itself.
    pub not_resumed: Rate,
    /// Pieces of noise that paused an AI.
    pub noise_pauses: Rate,
    /// Pieces of noise that stopped it.
    pub noise_stops: Rate,
    /// From the onset of what was said to the duck, the pause and the stop.
    pub reactions: [Tally; 3],
}

/// Puts every recording to every candidate, over an AI at `offsets` places; `told` hears what has been done.
///
/// # Errors
/// What the adapters say.
pub async fn run(
    ears: &Ears,
    recordings: &[Recording],
    candidates: &[Candidate],
    offsets: usize,
    mut told: impl FnMut(usize, &Recording),
) -> Result<Vec<Figures>, AdapterError> {
    let name = |candidate: &Candidate| Figures {
        name: candidate.name.clone(),
        is_timer: matches!(candidate.way, Way::Timer(_)),
        ..Figures::default()
    };
    let mut figures: Vec<Figures> = candidates.iter().map(name).collect();
    // The end of a turn does not depend on words that may still change.
    let turn_ears = Ears { interim_words: false, ..ears.clone() };
    let noise_ears = Ears { speech_to_text: None, ..ears.clone() };
    for (place, recording) in recordings.iter().enumerate() {
        told(place, recording);
        let Recording { kind, clip } = recording;
        if matches!(kind, Kind::Turn | Kind::Hesitant) {
            let clip = clip.in_a_room(LEAD_SAMPLES, TURN_TAIL_SAMPLES);
            let mut hearing = turn_ears.hear(&clip.samples).await?;
            for (candidate, figures) in candidates.iter().zip(&mut figures) {
                let outcome = end_of(&turn_ears, &mut hearing, &clip, candidate).await?;
                figures.add_turn(*kind, &outcome);
            }
        }
        let over: Vec<Clip> = match kind {
            Kind::Turn => {
                vec![clip.part(0..clip.samples.len().min(clip.speech.start + OVER_SAMPLES))]
            }
            Kind::BackChannel => vec![clip.clone()],
            Kind::Hesitant => Vec::new(),
            Kind::Noise => pieces(clip),
        };
        let ears = if *kind == Kind::Noise { &noise_ears } else { ears };
        for (number, clip) in over.iter().enumerate() {
            for offset in 0..offsets.clamp(1, OFFSETS_MAX) {
                // Few offsets fall on another phase from clip to clip.
                let offset = (offset + place + number) % OFFSETS_MAX;
                let clip =
                    clip.in_a_room(LEAD_SAMPLES + offset * OFFSET_SAMPLES, OVER_TAIL_SAMPLES);
                let mut hearing = ears.hear(&clip.samples).await?;
                for (candidate, figures) in candidates.iter().zip(&mut figures) {
                    let outcome = over_an_ai(ears, &mut hearing, &clip, candidate).await?;
                    figures.add_over(*kind, &outcome);
                }
            }
        }
    }
    Ok(figures)
}

fn pieces(noise: &Clip) -> Vec<Clip> {
    let starts = (0..noise.samples.len()).step_by(NOISE_SAMPLES);
    let whole = starts.filter(|from| from + NOISE_SAMPLES <= noise.samples.len());
    whole
        .map(|from| Clip { speech: 0..NOISE_SAMPLES, ..noise.part(from..from + NOISE_SAMPLES) })
        .collect()
}

async fn end_of(
    ears: &Ears,
    hearing: &mut Hearing,
    clip: &Clip,
    candidate: &Candidate,
) -> Result<end_of_turn::Outcome, AdapterError> {
    match &candidate.way {
        Way::Timer(silence) => Ok(end_of_turn::by_silence(hearing, clip, *silence)),
        Way::Rules(briefing) => Ok(end_of_turn::judge(ears, hearing, clip, briefing).await?.0),
    }
}

async fn over_an_ai(
    ears: &Ears,
    hearing: &mut Hearing,
    clip: &Clip,
    candidate: &Candidate,
) -> Result<barge_in::Outcome, AdapterError> {
    match &candidate.way {
        Way::Timer(_) => Ok(by_voice(hearing, clip.onset())),
        Way::Rules(briefing) => Ok(barge_in::judge(ears, hearing, clip, briefing).await?.0),
    }
}

/// What becomes of an AI that stops whenever a voice has lasted for [`PLAIN_VOICE`].
fn by_voice(hearing: &Hearing, onset: SessionTime) -> barge_in::Outcome {
    let mut began = None;
    let mut stop = None;
    for (known, fact) in &hearing.facts {
        if let Some((at, since)) = began {
            let due: SessionTime = SessionTime::max(at, since + PLAIN_VOICE);
            if due <= *known {
                stop = Some(due);
                break;
            }
        }
        match fact {
            Input::SpeechStarted { at } => began = Some((*known, *at)),
            Input::SpeechStopped { .. } => began = None,
            _ => {}
        }
    }
    let stop = stop.or_else(|| began.map(|(at, since)| SessionTime::max(at, since + PLAIN_VOICE)));
    barge_in::Outcome {
        stop: stop.map(|at| at.since(onset)),
        speaks_on: stop.is_none(),
        ..barge_in::Outcome::default()
    }
}

impl Figures {
    fn add_turn(&mut self, kind: Kind, outcome: &end_of_turn::Outcome) {
        let cut_offs = outcome.cut_offs.len();
        self.cut.add(cut_offs > 0);
        self.cut_offs[0] += cut_offs;
        if kind == Kind::Hesitant {
            self.cut_hesitant.add(cut_offs > 0);
            self.cut_offs[1] += cut_offs;
        }
        match outcome.delay {
            Some(delay) => self.delays.add(delay),
            None => self.never_ended += 1,
        }
    }

    fn add_over(&mut self, kind: Kind, outcome: &barge_in::Outcome) {
        let has_stopped = outcome.stop.is_some();
        match kind {
            Kind::Turn | Kind::Hesitant => {
                self.missed.add(!has_stopped);
                let times = [outcome.duck, outcome.pause, outcome.stop];
                for (tally, time) in self.reactions.iter_mut().zip(times) {
                    time.into_iter().for_each(|time| tally.add(time));
                }
            }
            Kind::BackChannel => {
                self.false_stops.add(has_stopped);
                self.not_resumed.add(!outcome.speaks_on);
            }
            Kind::Noise => {
                self.noise_pauses.add(outcome.pauses > 0 || has_stopped);
                self.noise_stops.add(has_stopped);
            }
        }
    }
}
