//! What a sound over an AI that speaks brings about: duck, pause, stop, or nothing.

use std::sync::Arc;

use super::clip::Clip;
use super::hearing::{Ears, Hearing};
use super::table::{Reply, Table};
use crate::adapters::AdapterError;
use crate::conversation::briefing::Briefing;
use crate::conversation::{Input, Order};
use crate::time::{SessionTime, Span};

/// The AI speaks for minutes: it never comes to its end under the sound.
const REPLY_WORDS: usize = 400;

/// What happened to the AI under one sound. Times count from the sound's onset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// From the onset to the first duck.
    pub duck: Option<Span>,
    /// From the onset to the first pause.
    pub pause: Option<Span>,
    /// From the onset to the stop.
    pub stop: Option<Span>,
    /// How often it was ducked and paused.
    pub ducks: usize,
    /// How often it was paused.
    pub pauses: usize,
    /// Whether it speaks at its full loudness at the end.
    pub speaks_on: bool,
}

/// The sound of `clip`, heard as `hearing`, over an AI under the rules of `briefing`.
///
/// # Errors
///
/// What the end-of-turn model says.
pub async fn judge(
    ears: &Ears,
    hearing: &mut Hearing,
    clip: &Clip,
    briefing: &Arc<Briefing>,
) -> Result<(Outcome, Table), AdapterError> {
    let mut table = Table::new(Arc::clone(briefing), Reply::Words(REPLY_WORDS));
    table.later(SessionTime::ZERO, Input::Typed { text: "Tell us everything.".to_owned() });
    table.play(ears, hearing, clip.end()).await?;
    Ok((outcome(&table.orders, clip.onset()), table))
}

fn outcome(orders: &[(SessionTime, Order)], onset: SessionTime) -> Outcome {
    let mut outcome = Outcome::default();
    let (mut is_ducked, mut is_paused) = (false, false);
    for (at, order) in orders {
        let after = at.since(onset);
        match order {
            Order::Duck { gain_db, .. } => {
                is_ducked = *gain_db < 0;
                if is_ducked {
                    outcome.ducks += 1;
                    outcome.duck.get_or_insert(after);
                }
            }
            Order::Pause { .. } => {
                is_paused = true;
                outcome.pauses += 1;
                outcome.pause.get_or_insert(after);
            }
            Order::Resume { .. } => is_paused = false,
            Order::Flush { .. } => {
                outcome.stop = Some(after);
                return outcome;
            }
            _ => {}
        }
        // What was over before the onset, such as a duck for a breath, is no answer to it; what still holds at the onset
        // answers it at once.
        if *at < onset {
            outcome.duck = outcome.duck.filter(|_| is_ducked);
            outcome.pause = outcome.pause.filter(|_| is_paused);
        }
    }
    outcome.speaks_on = !is_ducked && !is_paused;
    outcome
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::{AiSpeaker, TurnId};

    fn at(ms: u64) -> SessionTime {
        SessionTime::from_millis(ms)
    }

    fn duck(ms: u64, gain_db: i8) -> (SessionTime, Order) {
        let (turn, speaker) = (TurnId(1), AiSpeaker::Claude);
        (at(ms), Order::Duck { turn, speaker, gain_db, fade_ms: 20 })
    }

    #[test]
    fn a_duck_that_was_over_before_the_onset_is_no_answer_to_it() {
        let orders = [duck(700, -14), duck(900, 0), duck(1060, -14)];
        let outcome = outcome(&orders, at(1000));
        assert_eq!((outcome.duck, outcome.ducks), (Some(Span::from_millis(60)), 2));
        assert!(!outcome.speaks_on);
    }

    #[test]
    fn a_duck_that_holds_at_the_onset_answers_it_at_once() {
        let orders = [duck(980, -14), duck(1500, 0)];
        let outcome = outcome(&orders, at(1000));
        assert_eq!((outcome.duck, outcome.speaks_on), (Some(Span::ZERO), true));
    }
}
