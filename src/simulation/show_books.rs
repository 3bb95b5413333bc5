//! The books of the show around the floor: who was told what, what was struck, what was summed up.

use std::collections::BTreeMap;

use super::invariants::{Breach, hold};
use crate::conversation::prompt::{Prompt, STAGE};
use crate::conversation::{AiSpeaker, Order, TurnId};
use crate::time::SessionTime;

/// Longest summary that may stand for what was said, in words.
const SUMMARY_WORDS_MAX: usize = 450;

/// See the module's head.
#[derive(Clone, Debug, Default)]
pub(super) struct ShowBooks {
    /// Turns in the order in which they first began: that of everybody's memory.
    lines: Vec<TurnId>,
    /// What is left of turns that were struck.
    struck: BTreeMap<TurnId, String>,
    /// Up to which turn each AI's memory is a summary.
    upto: [Option<TurnId>; 2],
    /// Summaries that are being written.
    open: [Option<u32>; 2],
    /// The last whisper to each that no summary has come after.
    whispers: [Option<String>; 2],
    /// All of them: none may be where it does not belong.
    secrets: Vec<(AiSpeaker, String)>,
    /// Words that a prompt may hold; 0 for any number.
    pub(super) history_words: usize,
}

impl ShowBooks {
    /// Enters an order, and checks what is about the show in it.
    pub(super) fn order(&mut self, now: SessionTime, order: &Order) -> Result<(), Breach> {
        match order {
            Order::NoteTurnStarted { turn, .. } if !self.lines.contains(turn) => {
                self.lines.push(*turn);
            }
            Order::NoteStruck { from, to, turns, .. } => {
                hold!(from <= to && *to <= now, "invariant 10: {order:?} at {now}");
                hold!(!turns.is_empty(), "invariant 10: {order:?} strikes nothing");
                for struck in turns {
                    let is_new = self.struck.insert(struck.turn, struck.kept.clone()).is_none();
                    hold!(is_new, "invariant 10: {} was struck twice", struck.turn);
                }
            }
            Order::NoteWhispered { speaker, text } => {
                self.whispers[speaker.index()] = Some(text.clone());
                self.secrets.push((*speaker, text.clone()));
            }
            Order::StartSummary { summary, speaker, prompt } => {
                let open = self.open[speaker.index()].replace(*summary);
                hold!(open.is_none(), "invariant 11: {summary} is asked for beside {open:?}");
                self.secrets_are_kept(*speaker, prompt)?;
            }
            Order::NoteSummarised { summary, speaker, upto, .. } => {
                let open = self.open[speaker.index()].take();
                hold!(
                    open == Some(*summary),
                    "invariant 11: {order:?}, but {open:?} was asked for"
                );
                self.upto[speaker.index()] = Some(*upto);
                self.whispers[speaker.index()] = None;
            }
            Order::StartReply { speaker, prompt, .. } => self.prompt(*speaker, prompt)?,
            _ => {}
        }
        Ok(())
    }

    /// What of `text`, which was heard in `turn`, is remembered.
    pub(super) fn left_of<'a>(&'a self, turn: TurnId, text: &'a str) -> &'a str {
        self.struck.get(&turn).map_or(text, String::as_str)
    }

    /// Up to which turn the memory of `speaker` is a summary.
    pub(super) const fn summed_up(&self, speaker: AiSpeaker) -> Option<TurnId> {
        self.upto[speaker.index()]
    }

    /// Whether `turn` is told in full where all up to `upto` is summed up.
    pub(super) fn is_told(&self, turn: TurnId, upto: Option<TurnId>) -> bool {
        let place = |turn| self.lines.iter().position(|line| *line == turn);
        upto.is_none_or(|upto| place(turn) > place(upto))
    }

    fn prompt(&self, speaker: AiSpeaker, prompt: &Prompt) -> Result<(), Breach> {
        self.secrets_are_kept(speaker, prompt)?;
        if let Some(whisper) = &self.whispers[speaker.index()] {
            let knows = prompt.messages.iter().any(|line| line.text.contains(whisper.as_str()));
            hold!(knows, "invariant 10: {speaker:?} was not told {whisper:?}");
        }
        if self.history_words > 0 {
            let heard = || prompt.messages.iter().filter(|line| line.name != STAGE);
            let words = |text: &str| text.split_whitespace().count();
            // The last two lines are told whatever they are.
            let older = heard().count().saturating_sub(2);
            let told: usize = heard().take(older).map(|line| words(&line.text)).sum();
            let most = 2 * self.history_words;
            hold!(told <= most, "invariant 11: {told} words in a prompt, {most} at most");
            let summary = prompt.messages.iter().filter(|line| line.name == STAGE);
            let longest = summary.map(|line| words(&line.text)).max().unwrap_or(0);
            hold!(longest <= SUMMARY_WORDS_MAX, "invariant 11: {longest} words in a summary");
        }
        Ok(())
    }

    fn secrets_are_kept(&self, speaker: AiSpeaker, prompt: &Prompt) -> Result<(), Breach> {
        for (to, secret) in self.secrets.iter().filter(|(to, _)| *to != speaker) {
            let leaks = prompt.messages.iter().find(|line| line.text.contains(secret.as_str()));
            hold!(
                leaks.is_none(),
                "invariant 10: a whisper to {to:?} reached {speaker:?}: {leaks:?}"
            );
        }
        Ok(())
    }
}
