//! What a conversation that broke off leaves to the one that goes on after it.
//!
//! It is gathered from what the log tells of the orders that left, not from the inputs fed in again: so a newer
//! version, whose rules may differ, remembers what was truly said and heard.
//!
//! Invariants: only what was heard is remembered; numbers of turns and captions go on and are never given twice.

use serde::{Deserialize, Serialize};

use super::captions::SHOWN_MAX;
use super::floor::{Conversation, Setup};
use super::input::Outcome;
use super::order::Caption;
use super::speaker::{AiSpeaker, Speaker, TurnId};
use super::summaries::gist_of;
use crate::time::Span;

/// What is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Memory {
    /// What was heard, in the order in which the turns began.
    lines: Vec<Line>,
    /// The last captions, in their latest form.
    captions: Vec<Caption>,
    last_turn: u32,
    last_caption: u32,
    grants: u32,
    /// Number of the grant at which each AI spoke last; 0 for never.
    last_grant: [u32; 2],
    /// The same of the grant before that, in the take that is read.
    #[serde(skip)]
    grant_before: [u32; 2],
    autopilot: bool,
    /// The part of the plan that was on, and for how long.
    segment: u16,
    segment_spent_ms: u64,
    /// In the take that is read: when that part began, and the last that is known of the take.
    #[serde(skip)]
    segment_began_ms: u64,
    #[serde(skip)]
    last_ms: u64,
    /// What was whispered, oldest first.
    whispers: Vec<Whisper>,
    /// Turns of which something was struck: they stay as they are.
    struck: Vec<TurnId>,
    /// What stands for each AI's oldest lines.
    gists: [Gist; 2],
    /// The summary that was written last in the take that is read, with its number.
    #[serde(skip)]
    summary: Option<(u32, String)>,
}

/// What stands for lines that are not told any more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Gist {
    /// How many of the lines it stands for.
    upto: usize,
    text: String,
}

/// A word in one AI's ear.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Whisper {
    speaker: AiSpeaker,
    text: String,
    /// How many of the lines had begun before it; a memory from before that was told has it behind all of them.
    #[serde(default)]
    place: Option<usize>,
}

/// Whispers that are remembered: the last ones.
const WHISPERS_MAX: usize = 20;

/// One turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    turn: TurnId,
    speaker: Speaker,
    text: String,
}

impl Memory {
    /// A turn began.
    pub fn turn_started(&mut self, turn: TurnId, speaker: Speaker) {
        self.last_turn = self.last_turn.max(turn.0);
        if self.line(turn).is_none() {
            self.lines.push(Line { turn, speaker, text: String::new() });
        }
    }

    /// A turn ended, and this was heard of it. The last end of a turn counts.
    pub fn turn_ended(&mut self, turn: TurnId, heard_text: &str) {
        let is_struck = self.struck.contains(&turn);
        if let Some(line) = self.line(turn).filter(|_| !is_struck) {
            heard_text.clone_into(&mut line.text);
        }
    }

    /// The floor was given.
    pub const fn granted(&mut self, speaker: AiSpeaker) {
        self.grants = self.grants.saturating_add(1);
        self.grant_before[speaker.index()] = self.last_grant[speaker.index()];
        self.last_grant[speaker.index()] = self.grants;
    }

    /// What was granted to `speaker` last was withdrawn.
    pub const fn withdrawn(&mut self, speaker: AiSpeaker) {
        self.last_grant[speaker.index()] = self.grant_before[speaker.index()];
    }

    /// A caption was shown, interim or final.
    pub fn shown(&mut self, caption: Caption) {
        self.last_caption = self.last_caption.max(caption.id);
        // From the end: the caption that changes is nearly always the last.
        match self.captions.iter_mut().rev().find(|known| known.id == caption.id) {
            Some(known) if known.is_final => {}
            Some(known) => *known = caption,
            None => self.captions.push(caption),
        }
    }

    /// Of `turn` only `kept` is left.
    pub fn struck(&mut self, turn: TurnId, kept: &str) {
        if let Some(line) = self.line(turn) {
            kept.clone_into(&mut line.text);
        }
        self.struck.push(turn);
    }

    /// This was whispered to `speaker`.
    pub fn whispered(&mut self, speaker: AiSpeaker, text: &str) {
        if self.whispers.len() >= WHISPERS_MAX {
            self.whispers.remove(0);
        }
        let place = Some(self.lines.len());
        self.whispers.push(Whisper { speaker, text: text.to_owned(), place });
    }

    /// A summary was written.
    pub fn summary_written(&mut self, summary: u32, text: &str) {
        self.summary = Some((summary, text.to_owned()));
    }

    /// What `speaker` remembers up to turn `upto` is told as this summary from now on, or left out.
    pub fn summed_up(&mut self, speaker: AiSpeaker, summary: u32, upto: TurnId, outcome: Outcome) {
        let Some(last) = self.lines.iter().rposition(|line| line.turn == upto) else { return };
        let text = self.summary.take_if(|(number, _)| *number == summary);
        let text = text.map(|(_, text)| text).unwrap_or_default();
        let gist = &mut self.gists[speaker.index()];
        *gist = Gist { upto: last + 1, text: gist_of(&text, outcome, &gist.text) };
    }

    /// Part `index` of the plan began at `at_ms`.
    pub const fn segment_began(&mut self, index: u16, at_ms: u64) {
        self.segment = index;
        self.segment_began_ms = at_ms;
        self.segment_spent_ms = 0;
    }

    /// The take was still going on at `at_ms`.
    pub const fn went_on_until(&mut self, at_ms: u64) {
        self.last_ms = at_ms;
    }

    /// Autopilot was switched.
    pub const fn autopilot_set(&mut self, enabled: bool) {
        self.autopilot = enabled;
    }

    /// All was told: what was left open is closed where it was.
    pub fn settle(&mut self) {
        let struck = &self.struck;
        let is_open = |line: &&mut Line| line.text.is_empty() && !struck.contains(&line.turn);
        for line in self.lines.iter_mut().filter(is_open) {
            let heard: Vec<&str> = self
                .captions
                .iter()
                .filter(|caption| caption.turn == line.turn && !caption.text.is_empty())
                .map(|caption| caption.text.as_str())
                .collect();
            line.text = heard.join(" ");
        }
        self.let_go();
        self.captions.retain_mut(|caption| {
            close(caption);
            !caption.text.is_empty()
        });
        self.segment_spent_ms += self.last_ms.saturating_sub(self.segment_began_ms);
        self.struck.clear();
        let older = self.captions.len().saturating_sub(SHOWN_MAX);
        self.captions.drain(..older);
    }

    /// Lets go of lines that are told to nobody: those without a word, and what both AIs have as a summary.
    fn let_go(&mut self) {
        let [claude, guest] = &self.gists;
        let summed_up = claude.upto.min(guest.upto);
        let is_kept = |(place, line): (usize, &Line)| place >= summed_up && !line.text.is_empty();
        let kept: Vec<bool> = self.lines.iter().enumerate().map(is_kept).collect();
        let left_of = |lines: usize| kept.iter().take(lines).filter(|kept| **kept).count();
        self.gists.iter_mut().for_each(|gist| gist.upto = left_of(gist.upto));
        let places = self.whispers.iter_mut().filter_map(|whisper| whisper.place.as_mut());
        places.for_each(|place| *place = left_of(*place));
        let mut kept = kept.into_iter();
        self.lines.retain(|_| kept.next() != Some(false));
    }

    /// How many turns are remembered.
    #[must_use]
    pub fn turns(&self) -> usize {
        self.lines.len()
    }

    fn line(&mut self, turn: TurnId) -> Option<&mut Line> {
        self.lines.iter_mut().rev().find(|line| line.turn == turn)
    }
}

/// Makes an interim caption final as it stands: what was heard of it was heard.
pub fn close(caption: &mut Caption) {
    if !caption.is_final {
        caption.is_final = true;
        caption.pending.clear();
        caption.cut = true;
        caption.estimated |= caption.words.is_empty();
    }
}

impl Conversation {
    /// A conversation that goes on where another broke off: the same table, nobody speaks, and everybody remembers.
    #[must_use]
    pub fn continuing(setup: Setup, memory: &Memory) -> Self {
        let mut conversation = Self::new(setup);
        let mut whispers = memory.whispers.iter().peekable();
        for (place, line) in memory.lines.iter().enumerate() {
            let is_earlier = |whisper: &&Whisper| whisper.place.is_some_and(|at| at <= place);
            while let Some(whisper) = whispers.next_if(is_earlier) {
                conversation.whisper(whisper.speaker, &whisper.text);
            }
            conversation.transcript.open(line.turn, line.speaker, None);
            conversation.transcript.set(line.turn, line.text.clone());
        }
        whispers.for_each(|whisper| conversation.whisper(whisper.speaker, &whisper.text));
        for (speaker, gist) in AiSpeaker::BOTH.into_iter().zip(&memory.gists) {
            conversation.transcript.sum_up(speaker, gist.upto, gist.text.clone());
        }
        let spent = Span::from_millis(memory.segment_spent_ms);
        let briefing = conversation.briefing.clone();
        conversation.program.go_on_after(&briefing, memory.segment, spent);
        conversation.captions.go_on_after(memory.last_caption, &memory.captions);
        conversation.last_turn_id = memory.last_turn;
        conversation.agenda.go_on_after(memory.grants, memory.last_grant, memory.autopilot);
        conversation
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::briefing::Briefing;
    use super::super::input::Input;
    use super::super::profile::HostProfile;
    use super::*;
    use crate::time::SessionTime;

    fn caption(id: u32, turn: u32, text: &str, is_final: bool) -> Caption {
        Caption {
            id,
            speaker: Speaker::Claude,
            turn: TurnId(turn),
            text: text.to_owned(),
            pending: "never heard".to_owned(),
            is_final,
            start: SessionTime::ZERO,
            end: SessionTime::from_millis(900),
            words: Vec::new(),
            estimated: false,
            cut: false,
        }
    }

    #[test]
    fn what_was_open_is_remembered_as_far_as_it_was_heard() {
        let mut memory = Memory::default();
        memory.turn_started(TurnId(1), Speaker::You);
        memory.turn_ended(TurnId(1), "what is a moon");
        memory.turn_started(TurnId(2), Speaker::Claude);
        memory.granted(AiSpeaker::Claude);
        memory.shown(caption(4, 2, "A moon is", false));
        memory.shown(caption(4, 2, "A moon is a rock", false));
        memory.turn_started(TurnId(3), Speaker::Guest);
        memory.shown(caption(5, 3, "", false));
        memory.settle();
        let texts: Vec<&str> = memory.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["what is a moon", "A moon is a rock"]);
        let shown = &memory.captions[..];
        assert!(shown.len() == 1 && shown[0].is_final && shown[0].cut, "{shown:?}");
        assert!(shown[0].pending.is_empty());
        assert_eq!((memory.last_turn, memory.last_caption), (3, 5));
    }

    #[test]
    fn a_final_caption_is_not_taken_back_and_the_list_is_bounded() {
        let mut memory = Memory::default();
        memory.shown(caption(1, 1, "so what", true));
        memory.shown(caption(1, 1, "so", false));
        assert_eq!(memory.captions[0].text, "so what");
        (2..200).for_each(|id| memory.shown(caption(id, id, "more", true)));
        memory.settle();
        assert_eq!(memory.captions.len(), SHOWN_MAX);
        assert_eq!(memory.captions.last().map(|caption| caption.id), Some(199));
    }

    #[test]
    fn what_was_struck_stays_forgotten_and_the_part_of_the_show_goes_on() {
        let mut memory = Memory::default();
        memory.turn_started(TurnId(1), Speaker::You);
        memory.turn_ended(TurnId(1), "what is a moon");
        memory.turn_started(TurnId(2), Speaker::Claude);
        memory.shown(caption(4, 2, "A moon is a cheese", true));
        memory.turn_ended(TurnId(2), "A moon is a cheese");
        memory.struck(TurnId(2), "");
        memory.turn_ended(TurnId(2), "A moon is a cheese");
        memory.segment_began(1, 60_000);
        memory.went_on_until(95_000);
        memory.settle();
        let texts: Vec<&str> = memory.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["what is a moon"]);
        assert_eq!((memory.segment, memory.segment_spent_ms), (1, 35_000));
        assert_eq!(memory.struck, [], "its number comes never again");
        memory.segment_began(2, 5_000);
        memory.went_on_until(6_000);
        memory.settle();
        assert_eq!((memory.segment, memory.segment_spent_ms), (2, 1_000));
    }

    /// What an AI of the next take is told, beside the directions that every prompt ends with.
    fn told(memory: &Memory, speaker: AiSpeaker) -> Vec<String> {
        let briefing = Briefing::parse("---\ntitle: Moons\n---\n").expect("a briefing");
        let profile = HostProfile::default();
        let setup = Setup { briefing: Arc::new(briefing), seed: 0, profile };
        let next = Conversation::continuing(setup, memory);
        let messages = next.transcript.messages(speaker, &next.briefing, None, true);
        messages.into_iter().map(|message| message.text).collect()
    }

    fn said(memory: &mut Memory, turn: u32, speaker: Speaker, text: &str) {
        memory.turn_started(TurnId(turn), speaker);
        memory.turn_ended(TurnId(turn), text);
    }

    #[test]
    fn the_next_take_has_the_summary_and_not_the_lines_it_stands_for() {
        let mut memory = Memory::default();
        said(&mut memory, 1, Speaker::You, "what is a moon");
        said(&mut memory, 2, Speaker::Claude, "");
        said(&mut memory, 3, Speaker::Guest, "A rock.");
        said(&mut memory, 4, Speaker::You, "what is a star");
        memory.summary_written(1, "They spoke of a moon.");
        memory.summed_up(AiSpeaker::Claude, 1, TurnId(3), Outcome::Complete);
        // Nobody wrote this one.
        memory.summed_up(AiSpeaker::Guest, 2, TurnId(1), Outcome::TimedOut);
        memory.settle();
        assert_eq!(
            told(&memory, AiSpeaker::Claude),
            ["(What was said before, summed up: They spoke of a moon.)", "what is a star"]
        );
        let guest = ["(What was said before this is left out here.)", "A rock.", "what is a star"];
        assert_eq!(told(&memory, AiSpeaker::Guest), guest);
        assert_eq!(memory.turns(), 2, "what both have as a summary is let go");
        // And so over another break.
        let text = serde_json::to_string(&memory).expect("JSON");
        let mut again: Memory = serde_json::from_str(&text).expect("a memory");
        said(&mut again, 5, Speaker::Guest, "A sun.");
        again.settle();
        assert_eq!(told(&again, AiSpeaker::Guest)[..3], guest);
        assert_eq!(told(&again, AiSpeaker::Guest)[3], "A sun.");
    }

    #[test]
    fn a_whisper_keeps_its_place_among_the_lines() {
        let mut memory = Memory::default();
        said(&mut memory, 1, Speaker::You, "");
        said(&mut memory, 2, Speaker::You, "what is a moon");
        memory.whispered(AiSpeaker::Claude, "be kind");
        said(&mut memory, 3, Speaker::Claude, "A rock, dear.");
        memory.whispered(AiSpeaker::Claude, "be brief");
        memory.settle();
        let lines = told(&memory, AiSpeaker::Claude);
        assert_eq!((lines[0].as_str(), lines[2].as_str()), ("what is a moon", "A rock, dear."));
        assert!(lines[1].contains("be kind") && lines[3].contains("be brief"), "{lines:?}");
        assert!(told(&memory, AiSpeaker::Guest).iter().all(|line| !line.contains("be ")));
    }

    #[test]
    fn the_last_twenty_whispers_are_remembered() {
        let mut memory = Memory::default();
        (1..=21).for_each(|n| memory.whispered(AiSpeaker::Guest, &format!("whisper {n}.")));
        memory.settle();
        let told = told(&memory, AiSpeaker::Guest);
        let whispers: Vec<&String> = told.iter().filter(|it| it.contains("whisper")).collect();
        assert_eq!(whispers.len(), 20);
        assert!(whispers[0].contains("whisper 2."), "{whispers:?}");
    }

    #[test]
    fn the_next_take_goes_on_in_the_part_that_was_on_with_its_rules_and_its_minutes() {
        let text = "---\ntitle: Moons\nsegments:\n  - { title: A, minutes: 2 }\n  - { title: B, minutes: 2, rules: { answerSeconds: 4 } }\n---\n";
        let briefing = Briefing::parse(text).expect("a briefing");
        let mut memory = Memory::default();
        memory.segment_began(1, 60_000);
        memory.went_on_until(90_000);
        memory.settle();
        let profile = HostProfile::default();
        let setup = Setup { briefing: Arc::new(briefing), seed: 0, profile };
        let mut next = Conversation::continuing(setup, &memory);
        assert_eq!(next.rules().answer_seconds, 4);
        let left = |next: &Conversation| next.program.left(&next.briefing, SessionTime::ZERO);
        assert_eq!(left(&next), Some(Span::from_millis(90_000)));
        next.handle(SessionTime::ZERO, Input::SegmentChosen { index: 0 }, &mut Vec::new());
        assert_eq!(left(&next), Some(Span::from_millis(120_000)), "another part begins anew");
    }

    #[test]
    fn whose_reply_was_withdrawn_has_not_spoken() {
        let mut memory = Memory::default();
        memory.granted(AiSpeaker::Claude);
        memory.granted(AiSpeaker::Guest);
        memory.granted(AiSpeaker::Claude);
        memory.withdrawn(AiSpeaker::Claude);
        assert_eq!(memory.last_grant, [1, 2]);
    }

    #[test]
    fn the_next_take_is_on_autopilot_where_the_last_was() {
        for enabled in [true, false] {
            let mut memory = Memory::default();
            memory.autopilot_set(!enabled);
            memory.autopilot_set(enabled);
            memory.settle();
            let briefing = Briefing::parse("---\ntitle: Moons\n---\n").expect("a briefing");
            let profile = HostProfile::default();
            let setup = Setup { briefing: Arc::new(briefing), seed: 0, profile };
            assert_eq!(Conversation::continuing(setup, &memory).snapshot().autopilot, enabled);
        }
    }

    #[test]
    fn a_whisper_of_a_memory_that_tells_no_place_is_behind_all_lines() {
        let mut memory = Memory::default();
        said(&mut memory, 1, Speaker::You, "what is a moon");
        memory.whispered(AiSpeaker::Claude, "be kind");
        memory.whispers[0].place = None;
        said(&mut memory, 2, Speaker::Guest, "A rock.");
        memory.settle();
        let lines = told(&memory, AiSpeaker::Claude);
        assert!(lines[2].contains("be kind"), "{lines:?}");
    }
}
