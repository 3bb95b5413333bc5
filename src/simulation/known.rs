//! What is known of a world that was: how the end-of-turn model answered, and how the voices said each piece.
//!
//! A meeting with this answers as that world did where the question is the same, and as the plan has it where it is
//! not. So a logged session can be held again under other rules.

use std::collections::BTreeMap;

use super::host::Stretch;
use super::meeting::{Meeting, ms};
use crate::conversation::{Input, VoicedWord};
use crate::time::{SessionTime, Span};

/// An answer to another question is taken for this one where they were put this close together: the model hears the
/// silence grow, and in this time its mind changes little.
const SAME_QUESTION: Span = ms(400);

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The model's answers, by the time at which it was asked.
    pub scores: BTreeMap<SessionTime, Option<u16>>,
    /// How each text was voiced: its words from the piece's first sample, and its length in samples.
    pub pieces: BTreeMap<String, (Vec<VoicedWord>, u64)>,
}

impl Known {
    /// The answer to the question that was put nearest to `now`, if one was near.
    pub(super) fn score(&self, now: SessionTime) -> Option<Option<u16>> {
        let before = self.scores.range(..=now).next_back();
        let after = self.scores.range(now..).next();
        let distance = |(at, _): &(&SessionTime, &Option<u16>)| now.since(**at).max(at.since(now));
        let nearest = before.into_iter().chain(after).min_by_key(distance)?;
        (distance(&nearest) <= SAME_QUESTION).then_some(*nearest.1)
    }
}

impl Meeting {
    /// The recogniser of a world that was tells words nobody planned: they become a stretch like any other.
    pub(super) fn note_told_words(&mut self, input: &Input) {
        if self.known.is_none() {
            return;
        }
        let Input::Recognised { segment, text, from, until, .. } = input else { return };
        self.stretches.retain(|stretch| stretch.segment != *segment);
        self.stretches.push(Stretch {
            segment: *segment,
            text: text.clone(),
            from: *from,
            until: *until,
            is_told: true,
        });
    }
}
