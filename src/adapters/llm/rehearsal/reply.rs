//! Puts an answer together: a first sentence that takes up what was said, then what the briefing says about it.

use std::cmp::Reverse;

use super::facts::{Fact, facts, upper_first, ways_to_say};
use super::scene::{Length, Scene, Wish};
use super::words::{count, own_replies, stem, subject_stems, words};
use crate::conversation::Prompt;
use crate::conversation::prompt::Role;

/// Most words of an answer that was asked to be short.
const SHORT_WORDS_MAX: usize = 12;

/// What was said in so many of the last messages is not said again as long as there is anything else.
const RECENT_MESSAGES: usize = 4;

/// How many words an answer may have. At 2.6 words a second, 2 to 3 words for each second asked for are 0.8 to 1.15
/// of the time: 7.7 to 11.5 s where ten were asked for.
#[derive(Clone, Copy)]
struct Budget {
    min: usize,
    max: usize,
}

/// The answer to `prompt`; never empty.
pub(super) fn reply(prompt: &Prompt) -> String {
    // Enough ways to begin that one of them was not used in the last few replies.
    const VARIANTS: usize = 8;
    let scene = Scene::of(prompt);
    let facts = facts(&prompt.system, &scene.names());
    let turn = own_replies(prompt);
    let spin = turn + count(scene.line) + scene.name.bytes().map(usize::from).sum::<usize>();
    let writer = Writer { prompt, scene, facts, turn, spin };
    let mut answers = (0..VARIANTS).map(|variant| writer.write(variant));
    let first = answers.next().unwrap_or_default();
    if writer.is_fresh(&first) {
        return first;
    }
    answers.find(|answer| writer.is_fresh(answer)).unwrap_or(first)
}

/// One answer in the making.
pub(super) struct Writer<'a> {
    pub(super) prompt: &'a Prompt,
    pub(super) scene: Scene<'a>,
    facts: Vec<Fact>,
    /// How often the speaker has spoken.
    pub(super) turn: usize,
    /// Where to begin among ways to say the same: another one for another line, reply and speaker.
    pub(super) spin: usize,
}

impl Writer<'_> {
    fn write(&self, variant: usize) -> String {
        let seconds = usize::from(self.prompt.answer_seconds);
        let budget = Budget { min: seconds * 2, max: seconds * 3 };
        match self.scene.length() {
            Length::OneWord => self.one_word(variant),
            Length::Short => self.short(SHORT_WORDS_MAX, variant),
            Length::Full if budget.max <= SHORT_WORDS_MAX => self.short(budget.max.max(3), variant),
            Length::Full => self.full(budget, variant),
        }
    }

    /// Whether it differs from everything said lately. Only what was heard is remembered, so an earlier answer may
    /// be there as its beginning.
    fn is_fresh(&self, answer: &str) -> bool {
        const LOOK_BACK: usize = 3;
        let own =
            self.prompt.messages.iter().rev().filter(|message| message.role == Role::Assistant);
        own.take(LOOK_BACK).all(|message| {
            message.text.trim().is_empty() || !answer.starts_with(message.text.trim())
        })
    }

    fn full(&self, budget: Budget, variant: usize) -> String {
        let wish = self.scene.wish();
        let ranked = self.ranked();
        let is_off_brief =
            self.scene.has_subject() && !ranked.iter().any(|rank| rank.class >= Rank::RELATED_OLD);
        let first = self.first_sentence(wish, is_off_brief, variant);
        let on_whisper = self.sentence_on_whisper(wish, variant);
        let last = self.last_sentence(wish, variant).filter(|_| on_whisper.is_none());
        let mut left = budget.max.saturating_sub(count(&first));
        left = left.saturating_sub(on_whisper.as_deref().map_or(0, count));
        let mut facts = if matches!(wish, Wish::Farewell | Wish::Halt) {
            Vec::new()
        } else {
            let room = last.as_deref().map_or(left, |last| left.saturating_sub(count(last)));
            self.fitting(&ranked, budget.min.saturating_sub(count(&first)), room)
        };
        // A question to the other must not push out what it is about.
        let last = last.filter(|_| !facts.is_empty());
        if facts.is_empty() && !matches!(wish, Wish::Farewell | Wish::Halt) {
            facts = self.fitting(&ranked, budget.min.saturating_sub(count(&first)), left);
        }
        let mut answer = vec![first];
        answer.extend(facts);
        let said: usize = answer.iter().skip(1).chain(&last).map(|sentence| count(sentence)).sum();
        left = left.saturating_sub(said);
        for filler in self.fillers(wish, variant) {
            if budget.max - left >= budget.min {
                break;
            }
            if count(&filler) <= left {
                left -= count(&filler);
                answer.push(filler);
            }
        }
        // What was whispered of may be what was asked.
        let is_said = |sentence: &str| answer.iter().any(|said| said.contains(sentence));
        let on_whisper = on_whisper.filter(|sentence| !is_said(sentence.trim_end_matches('.')));
        answer.extend(on_whisper);
        answer.extend(last);
        answer.join(" ")
    }

    /// What the producer's whisper asks for, done and not told: what the briefing knows of it, a question about it, or
    /// at least its name.
    fn sentence_on_whisper(&self, wish: Wish, variant: usize) -> Option<String> {
        const WORDS_MAX: usize = 15;
        if matches!(wish, Wish::Farewell | Wish::Halt) {
            return None;
        }
        let (topic, is_question) = self.scene.whispered_topic()?;
        let stems = subject_stems(&topic, &self.scene.names());
        let known = || {
            let facts = self.facts.iter().filter(|fact| self.relation(fact, &stems) > 0);
            let fresh = facts.filter(|fact| self.last_said(fact) == 0);
            fresh.flat_map(|fact| ways_to_say(&fact.text)).find(|way| count(way) <= WORDS_MAX)
        };
        let whom = self.scene.whispered_to();
        let ways = if is_question {
            [
                format!("And what about {topic}, {whom}?"),
                format!("May I ask you about {topic}, {whom}?"),
            ]
        } else {
            [format!("And let us not forget {topic}."), format!("I also want to speak of {topic}.")]
        };
        let said = ways[(self.spin + variant) % ways.len()].clone();
        Some(if is_question { said } else { known().unwrap_or(said) })
    }

    /// The best facts that fit into `room` words, at least one if any does, until there are `enough` words.
    fn fitting(&self, ranked: &[Rank], enough: usize, room: usize) -> Vec<String> {
        let mut sentences = Vec::new();
        let mut said = 0;
        for rank in ranked {
            if said >= enough && !sentences.is_empty() {
                break;
            }
            let ways = ways_to_say(&self.facts[rank.fact].text);
            if let Some(sentence) = ways.into_iter().find(|way| said + count(way) <= room) {
                said += count(&sentence);
                sentences.push(sentence);
            }
        }
        sentences
    }

    /// One sentence of at most `max` words that names what was asked about.
    fn short(&self, max: usize, variant: usize) -> String {
        let asked = subject_stems(self.scene.line, &self.scene.names());
        let topic = self.scene.topic().filter(|_| self.scene.has_subject());
        let speaks_of_it = |way: &String| {
            asked.is_empty() || words(way).any(|word| asked.contains(&stem(word.text)))
        };
        let ways =
            self.ranked().into_iter().flat_map(|rank| ways_to_say(&self.facts[rank.fact].text));
        let fitting = ways.filter(|way| count(way) <= max).find(speaks_of_it);
        let with_topic = topic.and_then(|topic| {
            let ways = [
                format!("In short, {topic} matters more than it seems."),
                format!("Of {topic} I would say: it depends."),
                format!("Briefly, {topic}: yes."),
                format!("{}: yes.", upper_first(&topic)),
            ];
            let count_of_ways = ways.len();
            ways.into_iter()
                .cycle()
                .skip((self.spin + variant) % count_of_ways)
                .take(count_of_ways)
                .find(|w| count(w) <= max)
        });
        let plain = ["Yes, in short.", "In a word: yes.", "That is so."];
        let plain = plain[(self.spin + variant) % plain.len()].to_owned();
        if variant == 0 { fitting.or(with_topic) } else { with_topic }.unwrap_or(plain)
    }

    /// The word that says most of what was asked about, or yes.
    fn one_word(&self, variant: usize) -> String {
        let best = self.ranked().into_iter().find(|rank| rank.class >= Rank::RELATED_OLD);
        let asked = subject_stems(self.scene.line, &self.scene.names());
        let from_fact = best.and_then(|rank| {
            let word =
                words(&self.facts[rank.fact].text).find(|word| asked.contains(&stem(word.text)));
            word.map(|word| word.text.to_owned())
        });
        let from_topic =
            || self.scene.topic().and_then(|topic| topic.split(' ').next_back().map(str::to_owned));
        let plain = ["Yes", "Indeed", "Certainly"];
        let plain = plain[(self.spin + variant) % plain.len()].to_owned();
        let word =
            if variant == 0 { from_fact.or_else(from_topic).unwrap_or(plain) } else { plain };
        format!("{}.", upper_first(&word))
    }

    /// All facts, the best to say first.
    fn ranked(&self) -> Vec<Rank> {
        let mut asked = subject_stems(self.scene.line, &self.scene.names());
        if self.scene.wish() == Wish::Opinion {
            let other =
                self.prompt.messages.iter().rfind(|message| message.name == self.scene.other);
            asked.extend(
                other
                    .map(|message| subject_stems(&message.text, &self.scene.names()))
                    .unwrap_or_default(),
            );
        }
        let count_of_facts = self.facts.len().max(1);
        let mut ranked: Vec<Rank> = (0..self.facts.len())
            .map(|fact| {
                let relation = self.relation(&self.facts[fact], &asked);
                let said = self.last_said(&self.facts[fact]);
                let is_recent = said + RECENT_MESSAGES > self.prompt.messages.len();
                let class = match (relation > 0, said) {
                    (true, 0) => Rank::RELATED_FRESH,
                    (true, _) if !is_recent => Rank::RELATED_OLD,
                    (false, 0) => Rank::FRESH,
                    _ => Rank::OLD,
                };
                // Where nothing tells facts apart, each reply begins at another one.
                let place = (fact + count_of_facts - self.turn % count_of_facts) % count_of_facts;
                Rank { fact, class, said, relation, place }
            })
            .collect();
        ranked.sort_by_key(|rank| {
            (Reverse(rank.class), rank.said, Reverse(rank.relation), rank.place)
        });
        ranked
    }

    /// How much a fact has to do with what was asked: a word that few facts hold counts more.
    fn relation(&self, fact: &Fact, asked: &[String]) -> usize {
        let shared = asked.iter().filter(|stem| fact.stems.binary_search(stem).is_ok());
        shared
            .map(|stem| {
                1000 / self.facts.iter().filter(|fact| fact.stems.contains(stem)).count().max(1)
            })
            .sum()
    }

    /// Number of the last message, from 1, in which somebody said it or a part of it; 0 where nobody did.
    fn last_said(&self, fact: &Fact) -> usize {
        let ways = ways_to_say(&fact.text);
        let says_it = |text: &str| ways.iter().any(|way| text.contains(way.as_str()));
        self.prompt
            .messages
            .iter()
            .rposition(|message| says_it(&message.text))
            .map_or(0, |index| index + 1)
    }
}

/// A fact's worth for the answer.
struct Rank {
    fact: usize,
    class: u8,
    /// Number of the message that said it last; 0 for none.
    said: usize,
    relation: usize,
    place: usize,
}

impl Rank {
    /// Has to do with what was asked, and nobody said it yet.
    const RELATED_FRESH: u8 = 3;
    /// Has to do with it, and was said.
    const RELATED_OLD: u8 = 2;
    /// Has nothing to do with it, and nobody said it yet.
    const FRESH: u8 = 1;
    /// Neither.
    const OLD: u8 = 0;
}
