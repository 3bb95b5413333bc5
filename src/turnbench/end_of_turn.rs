//! When a host's turn is taken to be over: cut-offs, and how long the host waits for an answer.

use std::sync::Arc;

use super::clip::Clip;
use super::hearing::{Ears, Hearing};
use super::table::{Reply, Table};
use crate::adapters::AdapterError;
use crate::conversation::briefing::Briefing;
use crate::conversation::{Input, Order, Speaker, TurnEnd};
use crate::time::{SessionTime, Span};

/// A turn that ends this close before the label does was not cut off: labels are no finer.
const SLACK: Span = Span::from_millis(100);

/// How one recording was taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// When the turn was taken to be over and was not.
    pub cut_offs: Vec<SessionTime>,
    /// From the end of the speech to the end of the turn; none if it never ended.
    pub delay: Option<Span>,
}

impl Outcome {
    fn of(ends: impl IntoIterator<Item = SessionTime>, speech_end: SessionTime) -> Self {
        let mut outcome = Self::default();
        for end in ends {
            if end + SLACK < speech_end {
                outcome.cut_offs.push(end);
            } else {
                outcome.delay.get_or_insert(end.since(speech_end));
            }
        }
        outcome
    }
}

/// The turn of `clip`, heard as `hearing`, under the rules of `briefing`. No AI ever answers, so a host who was cut
/// off goes on as if nothing had been.
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
    let mut table = Table::new(Arc::clone(briefing), Reply::Never);
    table.play(ears, hearing, clip.end()).await?;
    let ends = table.orders.iter().filter_map(|(at, order)| match order {
        Order::NoteTurnEnded { speaker: Speaker::You, reason: TurnEnd::Completed, .. } => Some(*at),
        _ => None,
    });
    Ok((Outcome::of(ends, clip.speech_end()), table))
}

/// The same by a plain timer: a silence of this length ends the turn.
#[must_use]
pub fn by_silence(hearing: &Hearing, clip: &Clip, silence: Span) -> Outcome {
    let edges: Vec<(SessionTime, SessionTime, bool)> = hearing
        .facts
        .iter()
        .filter_map(|(known, fact)| match fact {
            Input::SpeechStarted { at } => Some((*known, *at, true)),
            Input::SpeechStopped { at } => Some((*known, *at, false)),
            _ => None,
        })
        .collect();
    let ends = edges.iter().enumerate().filter_map(|(place, &(known, at, is_start))| {
        let end = known.max(at + silence);
        let next = edges.get(place + 1).map(|(known, ..)| *known);
        (!is_start && next.is_none_or(|next| end < next)).then_some(end)
    });
    Outcome::of(ends, clip.speech_end())
}
