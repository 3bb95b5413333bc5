//! Long shows: the oldest lines of an AI's memory become a summary.
//!
//! When the conversation no longer fits what a prompt may hold, each AI's own language model is asked, beside its
//! replies, to sum up the older half of what that AI remembers. Until the summary is there the lines are told in full,
//! so nobody waits for it. A summary that fails or is late is done without: the lines are left out, with a note.
//!
//! Invariants: a summary enters as an input, so a replay needs no model; one at a time for each AI, bounded in time and
//! length; the last lines are never summed up; what was whispered to one AI is in its own summary only.
//! Units: words, as [`Transcript::weight`](super::transcript::Transcript::weight) counts them.

use super::floor::Conversation;
use super::input::{Deadline, Outcome};
use super::order::Order;
use super::prompt::summary_prompt;
use super::speaker::{AiSpeaker, TurnId};
use super::transcript::words_in;
use crate::time::{SessionTime, Span};

/// How long a summary may take: a model that writes four hundred words at its leisure, and a try of its fallback.
const PATIENCE: Span = Span::from_millis(45_000);

/// Words of a summary that are kept; more was not asked for.
const SUMMARY_WORDS_MAX: usize = 400;

/// Stands for lines that were left out.
const LEFT_OUT: &str = "(What was said before this is left out here.)";

/// What is being summed up.
#[derive(Clone, Debug, Default)]
pub(super) struct Summaries {
    /// The number that was given last.
    last: u32,
    /// The state of everybody's memory that was looked at last: it is counted again only when it has changed.
    looked_at: Option<u32>,
    jobs: [Option<Job>; 2],
}

/// One summary that is being written.
#[derive(Clone, Copy, Debug)]
struct Job {
    summary: u32,
    /// The lines it stands for, and the last of their turns.
    upto: usize,
    last: TurnId,
    until: SessionTime,
}

impl Summaries {
    /// When the first of those being written is late.
    pub(super) fn deadline(&self) -> Option<(SessionTime, Deadline)> {
        let first = self.jobs.iter().flatten().map(|job| job.until).min();
        first.map(|until| (until, Deadline::SummaryLate))
    }
}

impl Conversation {
    /// Has summed up what no longer fits, and does without what does not come.
    pub(super) fn advance_summaries(&mut self) -> bool {
        let most = self.program.rules().table.show.history_words;
        if most == 0 {
            return false;
        }
        let revision = Some(self.transcript.revision());
        let mut jobs = self.summaries.jobs.iter().flatten();
        let is_any_over = jobs.any(|job| job.until <= self.now || self.is_ending);
        if self.summaries.looked_at == revision && !is_any_over {
            return false;
        }
        self.summaries.looked_at = revision;
        let mut has_changed = false;
        for speaker in AiSpeaker::BOTH {
            let weight = self.transcript.weight(speaker);
            if let Some(job) = self.summaries.jobs[speaker.index()] {
                let is_late = job.until <= self.now || self.is_ending;
                if is_late || weight > most.saturating_mul(2) {
                    self.conclude(speaker, job, "", Outcome::TimedOut);
                    has_changed = true;
                }
            } else if weight > most && !self.is_ending {
                has_changed |= self.ask_for_summary(speaker, most / 2).is_some();
            }
        }
        has_changed
    }

    /// A prompt is about to be made: what would make it too long is left out, whether its summary is there or not.
    pub(super) fn do_without_summaries(&mut self, speaker: AiSpeaker) {
        let most = self.program.rules().table.show.history_words;
        while most > 0 && self.transcript.weight_of_older(speaker, 0) > most.saturating_mul(2) {
            let known = self.summaries.jobs[speaker.index()];
            let job = known.or_else(|| self.ask_for_summary(speaker, most / 2));
            let Some(job) = job else { return };
            self.conclude(speaker, job, "", Outcome::TimedOut);
        }
    }

    /// Whether a prompt of `speaker` would be too long if one more line were heard.
    pub(super) fn is_too_long_with_one_more(&self, speaker: AiSpeaker) -> bool {
        let most = self.program.rules().table.show.history_words;
        most > 0 && self.transcript.weight_of_older(speaker, 1) > most.saturating_mul(2)
    }

    fn ask_for_summary(&mut self, speaker: AiSpeaker, left: u32) -> Option<Job> {
        let oldest = self.transcript.oldest(speaker, left, &self.briefing)?;
        self.summaries.last = self.summaries.last.wrapping_add(1);
        let summary = self.summaries.last;
        let until = self.now + PATIENCE;
        let job = Job { summary, upto: oldest.upto, last: oldest.last, until };
        self.summaries.jobs[speaker.index()] = Some(job);
        let prompt = summary_prompt(&self.briefing, speaker, &oldest.text);
        self.order(Order::StartSummary { summary, speaker, prompt: Box::new(prompt) });
        Some(job)
    }

    pub(super) fn on_summarised(&mut self, summary: u32, text: &str, outcome: Outcome) {
        let found = AiSpeaker::BOTH.into_iter().find_map(|speaker| {
            let job = self.summaries.jobs[speaker.index()].filter(|job| job.summary == summary)?;
            Some((speaker, job))
        });
        let Some((speaker, job)) = found else { return self.ignore("summary_is_not_due") };
        // An empty one is none.
        let is_empty = outcome == Outcome::Complete && text.trim().is_empty();
        let outcome = if is_empty { Outcome::Failed } else { outcome };
        self.conclude(speaker, job, text, outcome);
    }

    /// The lines are told as `text` from now on, or left out.
    fn conclude(&mut self, speaker: AiSpeaker, job: Job, text: &str, outcome: Outcome) {
        self.summaries.jobs[speaker.index()] = None;
        self.summaries.looked_at = None;
        let before = self.transcript.weight(speaker);
        let gist = gist_of(text, outcome, self.transcript.gist(speaker));
        debug_assert!(words_in(&gist) < 1_000, "a summary is bounded");
        self.transcript.sum_up(speaker, job.upto, gist);
        let (summary, upto) = (job.summary, job.last);
        let after = self.transcript.weight(speaker);
        self.order(Order::NoteSummarised { summary, speaker, upto, outcome, before, after });
    }
}

/// What is told in the place of lines that were summed up as `text`, or left out; `known` stood for older ones.
pub(super) fn gist_of(text: &str, outcome: Outcome, known: &str) -> String {
    if outcome == Outcome::Complete {
        let words: Vec<&str> = text.split_whitespace().take(SUMMARY_WORDS_MAX).collect();
        return format!("(What was said before, summed up: {})", words.join(" "));
    }
    // What an earlier summary says still holds.
    let known = known.trim_end_matches(LEFT_OUT).trim_end();
    format!("{known} {LEFT_OUT}").trim_start().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_hundred_words_of_a_summary_are_kept() {
        let kept = |words: usize| words_in(&gist_of(&"rain ".repeat(words), Outcome::Complete, ""));
        // Behind "(What was said before, summed up:".
        assert_eq!([399, 400, 401].map(kept), [405, 406, 406]);
    }

    #[test]
    fn what_is_left_out_is_said_once_and_an_older_summary_holds() {
        let first = gist_of("", Outcome::Failed, "");
        assert_eq!(first, LEFT_OUT);
        assert_eq!(gist_of("", Outcome::Failed, &first), LEFT_OUT);
        let known = gist_of("", Outcome::TimedOut, "(It rained.)");
        assert_eq!(known, format!("(It rained.) {LEFT_OUT}"));
        assert_eq!(gist_of("", Outcome::Failed, &known), known);
    }
}
