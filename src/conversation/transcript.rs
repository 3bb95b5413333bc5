//! What everybody remembers: the lines that were heard, in the order in which their turns began.
//!
//! Invariants: a line holds what was heard, never what was only said; both AIs read the same lines, each from its
//! own point of view, less what its summary holds. A host's line may still be replaced by better words of the same
//! speech; a line that was struck never changes again.
//! A back-channel is captioned but is no line: a listener's "mm-hmm" asks nothing.
//! Between the lines stand *asides*: the producer's whispers, which one AI has, and what the studio tells both.

use super::briefing::Briefing;
use super::order::StruckTurn;
use super::prompt::{Message, Role, STAGE};
use super::speaker::{AiSpeaker, Speaker, TurnId};
use crate::time::SessionTime;

/// Lines that go into one prompt where nothing is summed up: half an hour of talk, well inside any model's window.
pub const PROMPT_LINES_MAX: usize = 120;
/// Asides that are kept; an older one has been acted on or forgotten.
const ASIDES_MAX: usize = 40;
/// Lines that are always told in full: what was asked, and what was said to it.
const LAST_LINES: usize = 2;
/// What a line costs beside its words: its name and marks.
const LINE_WORDS: u32 = 4;

/// Said to a model that has the last word itself: providers take a trailing line of the speaker's own for
/// something to continue letter by letter.
const GO_ON: &str = "(Nobody has spoken since. You have the floor: go on.)";
/// Said to a model before anybody has spoken.
const BEGIN: &str = "(Nobody has spoken yet. You have the floor: begin.)";

/// The lines of a session.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript {
    lines: Vec<Line>,
    /// Lines before the first one here, which everybody has in a summary.
    let_go: usize,
    asides: Vec<Aside>,
    /// What stands for the oldest lines, for each AI.
    gists: [Gist; 2],
    /// How often the text of any line changed.
    revision: u32,
}

#[derive(Clone, Debug)]
struct Line {
    turn: TurnId,
    speaker: Speaker,
    text: String,
    /// How often its text changed.
    changes: u32,
    /// When it began to sound; none of one that nobody has heard here.
    began: Option<SessionTime>,
    is_struck: bool,
}

/// Something that is said to AIs and not aloud.
#[derive(Clone, Debug)]
struct Aside {
    /// For this one; for both where none.
    to: Option<AiSpeaker>,
    /// How many lines had been opened before it.
    place: usize,
    text: String,
}

/// What stands for lines that are not told any more.
#[derive(Clone, Debug, Default)]
struct Gist {
    /// How many lines it stands for.
    upto: usize,
    text: String,
}

/// The oldest lines of one AI's memory, which are to be summed up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Oldest {
    /// How many lines of the session they reach up to.
    pub(super) upto: usize,
    /// The last of their turns.
    pub(super) last: TurnId,
    /// What they say, a line each, the summary of what was before first.
    pub(super) text: String,
}

/// From where something is to be struck.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// This turn, and all that began later.
    Turn(TurnId),
    /// All that sounded from here on.
    From(SessionTime),
}

impl Transcript {
    /// Keeps a place for `turn`, which began to sound at `began`; a turn that is opened again keeps its place.
    pub(super) fn open(&mut self, turn: TurnId, speaker: Speaker, began: Option<SessionTime>) {
        if self.position(turn).is_none() {
            let text = String::new();
            self.lines.push(Line { turn, speaker, text, changes: 0, began, is_struck: false });
        }
    }

    /// `turn` began to sound at `at`, or earlier.
    pub(super) fn sounded(&mut self, turn: TurnId, at: SessionTime) {
        if let Some(position) = self.position(turn) {
            let began = &mut self.lines[position].began;
            *began = Some(began.map_or(at, |known| known.min(at)));
        }
    }

    /// What was heard of `turn`.
    pub(super) fn set(&mut self, turn: TurnId, text: String) {
        if let Some(position) = self.position(turn) {
            let line = &mut self.lines[position];
            if line.text != text && !line.is_struck {
                line.text = text;
                line.changes = line.changes.wrapping_add(1);
                self.revision = self.revision.wrapping_add(1);
            }
        }
    }

    /// What was heard of `turn`; nothing of one that is no line.
    pub(super) fn text(&self, turn: TurnId) -> &str {
        self.position(turn).map_or("", |position| self.lines[position].text.as_str())
    }

    /// A number that stays the same as long as nothing but the line of `turn` changes.
    pub(super) fn revision_but(&self, turn: TurnId) -> u32 {
        let own = self.position(turn).map_or(0, |position| self.lines[position].changes);
        self.revision.wrapping_sub(own)
    }

    /// A number that changes with everything that is remembered.
    pub(super) const fn revision(&self) -> u32 {
        self.revision
    }

    /// Something is said to AIs and not aloud: to one, or to both where `to` is none.
    pub(super) fn aside(&mut self, to: Option<AiSpeaker>, text: String) {
        if self.asides.len() >= ASIDES_MAX {
            self.asides.remove(0);
        }
        self.asides.push(Aside { to, place: self.let_go + self.lines.len(), text });
        if to.is_none() {
            self.revision = self.revision.wrapping_add(1);
        }
    }

    // ── What a model reads ───────────────────────────────────────────────────────────────────────────────

    /// The history from `speaker`'s point of view, ending with what is to be answered and what is to be minded while
    /// it is. With `expected` the line of that turn holds that text: what will have been heard if nothing comes
    /// between. Where nothing is summed up, only the last [`PROMPT_LINES_MAX`] lines are told.
    pub(super) fn messages(
        &self,
        speaker: AiSpeaker,
        briefing: &Briefing,
        expected: Option<(TurnId, &str)>,
        is_summed_up: bool,
    ) -> Vec<Message> {
        let gist = &self.gists[speaker.index()];
        let heard: Vec<(usize, &Line, &str)> = self
            .lines
            .iter()
            .enumerate()
            .map(|(index, line)| match expected {
                Some((turn, text)) if turn == line.turn => (self.let_go + index, line, text),
                _ => (self.let_go + index, line, line.text.as_str()),
            })
            .filter(|(place, _, text)| *place >= gist.upto && !text.is_empty())
            .collect();
        let older = if is_summed_up { 0 } else { heard.len().saturating_sub(PROMPT_LINES_MAX) };
        let last_role = heard.last().map(|(_, line, _)| role_of(line.speaker, speaker));
        let begin =
            heard.get(older).map_or(0, |(place, ..)| if older > 0 { *place } else { gist.upto });
        let mut asides = self
            .asides
            .iter()
            .filter(|aside| aside.place >= begin && aside.to.is_none_or(|to| to == speaker))
            .peekable();
        let stage =
            |text: &str| Message { role: Role::User, name: STAGE.into(), text: text.to_owned() };
        let mut messages = Vec::new();
        if !gist.text.is_empty() {
            messages.push(stage(&gist.text));
        }
        for (place, line, text) in heard.into_iter().skip(older) {
            while let Some(aside) = asides.next_if(|aside| aside.place <= place) {
                messages.push(stage(&aside.text));
            }
            messages.push(Message {
                role: role_of(line.speaker, speaker),
                name: briefing.speaker(line.speaker).name.clone(),
                text: text.to_owned(),
            });
        }
        messages.extend(asides.map(|aside| stage(&aside.text)));
        match last_role {
            None => messages.push(stage(BEGIN)),
            Some(Role::Assistant) => messages.push(stage(GO_ON)),
            Some(Role::User) => {}
        }
        messages
    }

    // ── What is struck ───────────────────────────────────────────────────────────────────────────────────

    /// The turn that was heard last, as far as it may be struck.
    pub(super) fn last_heard(&self, but: Option<TurnId>) -> Option<TurnId> {
        let is_heard = |line: &&Line| {
            line.began.is_some()
                && !line.is_struck
                && !line.text.is_empty()
                && Some(line.turn) != but
        };
        self.lines.iter().rfind(is_heard).map(|line| line.turn)
    }

    /// Strikes what `reach` says; `before` tells the words of a turn that sounded before a time. Returns from when on
    /// something was struck, and what is left of each turn; none if there was nothing.
    pub(super) fn strike(
        &mut self,
        reach: Reach,
        before: impl Fn(TurnId, SessionTime) -> String,
    ) -> Option<(SessionTime, Vec<StruckTurn>)> {
        let (mut from, mut struck) = (None, Vec::new());
        for line in self.lines.iter_mut().rev() {
            let Some(began) = line.began else {
                // Granted and never heard; or said in a take before this one, which cannot be cut here.
                if line.text.is_empty() {
                    continue;
                }
                break;
            };
            let (at, kept) = match reach {
                Reach::From(at) if began < at => (at, before(line.turn, at)),
                Reach::From(_) | Reach::Turn(_) => (began, String::new()),
            };
            if !line.is_struck && line.text != kept {
                from = Some(from.map_or(at, |known: SessionTime| known.min(at)));
                line.text.clone_from(&kept);
                line.is_struck = true;
                line.changes = line.changes.wrapping_add(1);
                self.revision = self.revision.wrapping_add(1);
                struck.push(StruckTurn { turn: line.turn, kept });
            }
            let is_last = match reach {
                Reach::Turn(turn) => turn == line.turn,
                Reach::From(at) => began < at,
            };
            if is_last {
                break;
            }
        }
        struck.reverse();
        from.map(|from| (from, struck))
    }

    /// Of each AI, how many lines there were when it was last heard; 0 for never.
    pub(super) fn last_lines(&self) -> [u32; 2] {
        AiSpeaker::BOTH.map(|speaker| {
            let is_own = |line: &Line| line.speaker == speaker.into() && !line.text.is_empty();
            let place = self.lines.iter().rposition(is_own).map_or(0, |at| self.let_go + at + 1);
            u32::try_from(place).unwrap_or(u32::MAX)
        })
    }

    // ── What is summed up ────────────────────────────────────────────────────────────────────────────────

    /// Words that `speaker` is told, with what lines cost beside them.
    pub(super) fn weight(&self, speaker: AiSpeaker) -> u32 {
        let gist = &self.gists[speaker.index()];
        let lines = self.told(speaker).map(|(_, line)| weight_of(&line.text));
        lines.fold(words_in(&gist.text), u32::saturating_add)
    }

    /// The same of the lines before the last ones, which may always be summed up; `more` lines are about to come.
    pub(super) fn weight_of_older(&self, speaker: AiSpeaker, more: usize) -> u32 {
        let older = (self.told(speaker).count() + more).saturating_sub(LAST_LINES);
        let lines = self.told(speaker).take(older).map(|(_, line)| weight_of(&line.text));
        lines.fold(0, u32::saturating_add)
    }

    /// The oldest lines of `speaker`'s memory that are to be summed up so that `left` words stay; none if there are none.
    pub(super) fn oldest(
        &self,
        speaker: AiSpeaker,
        left: u32,
        briefing: &Briefing,
    ) -> Option<Oldest> {
        let gist = &self.gists[speaker.index()];
        let mut over = self.weight(speaker).checked_sub(left)?;
        let mut text = String::new();
        if !gist.text.is_empty() {
            text.push_str(&gist.text);
            text.push('\n');
        }
        let mut oldest = None;
        let lines = self.told(speaker).count().saturating_sub(LAST_LINES);
        for (place, line) in self.told(speaker).take(lines) {
            for aside in self.asides.iter().filter(|aside| aside.place == place) {
                if aside.to.is_none_or(|to| to == speaker) {
                    text.push_str(&aside.text);
                    text.push('\n');
                }
            }
            let name = &briefing.speaker(line.speaker).name;
            text.extend([name.as_str(), ": ", line.text.as_str(), "\n"]);
            oldest = Some((place + 1, line.turn));
            over = over.saturating_sub(weight_of(&line.text));
            if over == 0 {
                break;
            }
        }
        oldest.map(|(upto, last)| Oldest { upto, last, text })
    }

    /// What stands for the lines that `speaker` is not told any more.
    pub(super) fn gist(&self, speaker: AiSpeaker) -> &str {
        &self.gists[speaker.index()].text
    }

    /// `text` stands for all lines of `speaker`'s memory before `upto`. What both have so is let go.
    pub(super) fn sum_up(&mut self, speaker: AiSpeaker, upto: usize, text: String) {
        self.gists[speaker.index()] = Gist { upto, text };
        let [claude, guest] = &self.gists;
        let gone = claude.upto.min(guest.upto).saturating_sub(self.let_go);
        self.lines.drain(..gone.min(self.lines.len()));
        self.let_go += gone;
        let let_go = self.let_go;
        self.asides.retain(|aside| aside.place >= let_go);
    }

    /// The lines that `speaker` is told in full, with their places.
    fn told(&self, speaker: AiSpeaker) -> impl Iterator<Item = (usize, &Line)> {
        let upto = self.gists[speaker.index()].upto;
        let placed = self.lines.iter().enumerate().map(|(at, line)| (self.let_go + at, line));
        placed.filter(move |(place, line)| *place >= upto && !line.text.is_empty())
    }

    // From the end: only the last few turns ever change.
    fn position(&self, turn: TurnId) -> Option<usize> {
        self.lines.iter().rposition(|line| line.turn == turn)
    }
}

fn role_of(line: Speaker, reader: AiSpeaker) -> Role {
    if line == reader.into() { Role::Assistant } else { Role::User }
}

fn weight_of(text: &str) -> u32 {
    words_in(text).saturating_add(LINE_WORDS)
}

/// Words of a text.
pub(super) fn words_in(text: &str) -> u32 {
    u32::try_from(text.split_whitespace().count()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(transcript: &mut Transcript, turn: u32, speaker: Speaker, text: &str) {
        transcript.open(TurnId(turn), speaker, Some(SessionTime::ZERO));
        transcript.set(TurnId(turn), text.to_owned());
    }

    #[test]
    fn what_is_to_be_summed_up_is_a_line_each_with_the_last_summary_first() {
        let briefing = Briefing::parse("---\ntitle: Rain\n---\n").expect("a briefing");
        let mut transcript = Transcript::default();
        said(&mut transcript, 1, Speaker::You, "What is rain?");
        said(&mut transcript, 2, Speaker::Claude, "Water.");
        transcript.sum_up(AiSpeaker::Claude, 2, "(They spoke of rain.)".to_owned());
        transcript.aside(None, "(Part 2.)".to_owned());
        transcript.aside(Some(AiSpeaker::Guest), "(Be brief.)".to_owned());
        said(&mut transcript, 3, Speaker::You, "What is snow?");
        said(&mut transcript, 4, Speaker::Guest, "");
        said(&mut transcript, 5, Speaker::Guest, "White rain.");
        said(&mut transcript, 6, Speaker::You, "And hail?");
        said(&mut transcript, 7, Speaker::Claude, "Hard rain.");
        // Words of the summary, and of each line, which costs four more.
        assert_eq!(transcript.weight(AiSpeaker::Claude), 4 + 7 + 6 + 6 + 6);
        assert_eq!(transcript.weight_of_older(AiSpeaker::Claude, 0), 7 + 6);
        assert_eq!(transcript.weight_of_older(AiSpeaker::Claude, 1), 7 + 6 + 6);
        let oldest = |speaker, left| transcript.oldest(speaker, left, &briefing);
        let first = "(They spoke of rain.)\n(Part 2.)\nHost: What is snow?\n";
        assert_eq!(
            oldest(AiSpeaker::Claude, 22),
            Some(Oldest { upto: 3, last: TurnId(3), text: first.to_owned() })
        );
        let both =
            Oldest { upto: 5, last: TurnId(5), text: format!("{first}Guest: White rain.\n") };
        assert_eq!(oldest(AiSpeaker::Claude, 21), Some(both.clone()));
        assert_eq!(oldest(AiSpeaker::Claude, 0), Some(both), "the last two lines stay");
        assert_eq!(oldest(AiSpeaker::Claude, 30), None, "it weighs less");
        let guest = oldest(AiSpeaker::Guest, 29).expect("lines");
        let lines = "Host: What is rain?\nClaude: Water.\n";
        assert_eq!((guest.upto, guest.text.as_str()), (2, lines));
        let guest = oldest(AiSpeaker::Guest, 24).expect("lines");
        assert_eq!(guest.text, format!("{lines}(Part 2.)\n(Be brief.)\nHost: What is snow?\n"));
    }

    /// What the guest is told of a talk of so many lines, with as many asides before it, where nothing is summed up.
    fn told(asides: u32, lines: u32) -> Vec<String> {
        let briefing = Briefing::parse("---\ntitle: Rain\n---\n").expect("a briefing");
        let mut transcript = Transcript::default();
        for number in 1..=asides {
            transcript.aside(None, format!("aside {number}"));
        }
        for number in 1..=lines {
            said(&mut transcript, number, Speaker::You, &format!("line {number}"));
        }
        let messages = transcript.messages(AiSpeaker::Guest, &briefing, None, false);
        messages.into_iter().map(|message| message.text).collect()
    }

    #[test]
    fn where_nothing_is_summed_up_the_last_120_lines_are_told() {
        let whole = told(1, 120);
        assert_eq!((whole.len(), whole[0].as_str(), whole[1].as_str()), (121, "aside 1", "line 1"));
        let last = told(1, 121);
        assert_eq!(
            (last.len(), last[0].as_str()),
            (120, "line 2"),
            "nor what was said before them"
        );
    }

    #[test]
    fn the_last_forty_asides_are_kept() {
        let told = told(41, 1);
        assert_eq!((told.len(), told[0].as_str()), (41, "aside 2"));
    }

    #[test]
    fn a_strike_changes_what_is_remembered() {
        let mut transcript = Transcript::default();
        said(&mut transcript, 1, Speaker::You, "What is rain?");
        said(&mut transcript, 2, Speaker::Claude, "Water.");
        let before = (transcript.revision(), transcript.revision_but(TurnId(2)));
        let struck = transcript.strike(Reach::Turn(TurnId(2)), |_, _| String::new());
        assert!(struck.is_some());
        assert_ne!(transcript.revision(), before.0);
        assert_eq!(transcript.revision_but(TurnId(2)), before.1, "nothing but its line");
        assert_eq!(transcript.strike(Reach::Turn(TurnId(2)), |_, _| String::new()), None);
    }
}
