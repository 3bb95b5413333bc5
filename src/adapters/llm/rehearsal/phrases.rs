//! The sentences around the facts: what an answer begins and ends with, and what fills it up.
//!
//! Each gives several ways to say the same; the writer's turn picks one, so that nobody hears the same words twice.
//! All were spoken by both offline voices about ten subjects and kept if the offline recogniser wrote at most one word
//! in twenty otherwise: what a person would have to ask back for (a name alone between commas, "You asked what should a
//! founder do", "I would add this") is not among them. A question is taken up as the question it is, and first.

use super::facts::{lower_first, sentences, upper_first};
use super::reply::Writer;
use super::scene::{ARTICLES, QUESTION_WORDS, Scene, Wish};
use super::words::words;

/// Every so many replies the other AI is asked to go on.
const HAND_OVER_EVERY: usize = 3;

impl Writer<'_> {
    /// A sentence that takes up what was said.
    pub(super) fn first_sentence(&self, wish: Wish, is_off_brief: bool, variant: usize) -> String {
        let Scene { name, role, host, other, title, .. } = self.scene;
        let pick = |ways: &[String]| {
            ways.get((self.spin + variant) % ways.len().max(1)).cloned().unwrap_or_default()
        };
        let show =
            if title.is_empty() { "this show".to_owned() } else { format!("our show, {title}") };
        let topic = self.scene.topic();
        match (wish, topic) {
            (Wish::Farewell, _) => {
                let bye =
                    if words(self.scene.line).any(|word| word.text.eq_ignore_ascii_case("night")) {
                        "Good night"
                    } else {
                        "Bye for now"
                    };
                pick(&[
                    format!(
                        "Thank you, {host}, and thank you, {other}. I enjoyed our conversation very much. {bye}."
                    ),
                    format!(
                        "Thank you, {host}, and thank you, {other}. It was good to talk with you. {bye}."
                    ),
                    format!("It was good to be here, and thank you for listening. {bye}."),
                ])
            }
            (Wish::Halt, _) => pick(&[
                "I will be quiet now. Ask something else whenever you like.".to_owned(),
                "All right, I will wait. Tell me what you would like to ask.".to_owned(),
                "Of course. I will wait until you ask me something.".to_owned(),
            ]),
            (Wish::Introduction, _) => {
                let role = if role.is_empty() {
                    "one of the voices".to_owned()
                } else {
                    format!("the {role}")
                };
                pick(&[
                    format!("My name is {name}, and I am {role} of {show}."),
                    format!("You are talking with {name}, {role} of {show}."),
                ])
            }
            (Wish::Greeting, _) => pick(&[
                format!("Hello, {host}, and welcome to everybody. My name is {name}."),
                format!("Welcome, {host}. It is good to be here. My name is {name}."),
            ]),
            (Wish::Opinion, topic) => {
                let topic = topic.filter(|_| self.scene.has_subject());
                let about = self.topic_of_other().or(topic).unwrap_or_else(|| "that".to_owned());
                pick(&[
                    format!(
                        "Thank you, {other}. On the whole I agree about {about}, but there is more to it."
                    ),
                    format!(
                        "Thank you, {other}. I agree, for the most part. About {about}, I can also say this."
                    ),
                ])
            }
            (Wish::Opening, _) | (Wish::Answer | Wish::Comment, None) => {
                let subject =
                    if title.is_empty() { "our subject".to_owned() } else { title.to_owned() };
                pick(&[
                    format!("Let me say something about {subject}."),
                    format!("Let us stay with {subject} for a moment."),
                    format!("Back to {subject}."),
                ])
            }
            (Wish::Answer | Wish::Comment, Some(topic)) => {
                pick(&self.ways_to_take_up(&topic, wish, is_off_brief))
            }
        }
    }

    /// First sentences of an answer about `topic`, which is a question (`how tides work`) or a thing (`the tides`).
    fn ways_to_take_up(&self, topic: &str, wish: Wish, is_off_brief: bool) -> Vec<String> {
        let Scene { other, is_answered_by_other, .. } = self.scene;
        let is_question = is_asked_straight(topic);
        let question = upper_first(topic);
        if is_question && is_answered_by_other {
            return vec![
                format!("{question}? Let me go on from there."),
                format!("{question}? There is a lot more to say about it."),
            ];
        }
        if is_question && is_off_brief {
            return vec![
                format!("{question}? I was told nothing about it, but I know this."),
                format!("{question}? My briefing is silent there, but I know this."),
                format!("{question}? My notes are silent there, but I know this."),
            ];
        }
        if is_question {
            return vec![
                format!("{question}? That is a good question."),
                format!("{question}? Let me answer that."),
                format!("{question}? Here is what I know."),
            ];
        }
        if is_answered_by_other {
            return vec![
                format!("We were talking about {topic}, so let me go on from there."),
                format!("There is more to say about {topic}."),
                format!("Thank you, {other}. I can say more about {topic}."),
            ];
        }
        if is_off_brief {
            return vec![
                format!("I have no notes on {topic}, but I can tell you this."),
                format!("My briefing is silent about {topic}, but I know this."),
                format!("My notes do not cover {topic}, but here is what I know."),
                format!("My notes say nothing about {topic}, but let me tell you this."),
            ];
        }
        if wish == Wish::Answer {
            return vec![
                format!("About {topic}, I can tell you this."),
                format!("You wanted to hear about {topic}, so here is what I know."),
            ];
        }
        vec![
            format!("You spoke of {topic}, and that reminds me."),
            format!("You spoke of {topic}, so let me tell you this."),
            format!("Let us stay with {topic} for a moment."),
        ]
    }

    /// Now and then, a question to the other AI.
    pub(super) fn last_sentence(&self, wish: Wish, variant: usize) -> Option<String> {
        let is_time = self.turn % HAND_OVER_EVERY == HAND_OVER_EVERY - 1;
        let is_place = !matches!(wish, Wish::Farewell | Wish::Halt | Wish::Greeting);
        if !is_time || !is_place || self.scene.is_answered_by_other {
            return None;
        }
        let other = self.scene.other;
        let ways = [
            format!("What do you think, {other}?"),
            format!("Do you see it the same way, {other}?"),
            format!("Do you agree, {other}?"),
        ];
        ways.into_iter().cycle().nth((self.turn / HAND_OVER_EVERY + variant) % 3)
    }

    /// Sentences that fit anywhere, for where the briefing has too little to say.
    pub(super) fn fillers(&self, wish: Wish, variant: usize) -> Vec<String> {
        let Scene { other, title, persona, .. } = self.scene;
        if wish == Wish::Farewell {
            let show = if title.is_empty() { "all of this".to_owned() } else { title.to_owned() };
            return vec![
                format!("We will surely come back to {show}."),
                "Until the next time.".to_owned(),
                "We will talk again soon.".to_owned(),
            ];
        }
        if wish == Wish::Halt {
            return vec![
                format!("I am listening, and so is {other}."),
                "Take your time.".to_owned(),
                "There is no hurry.".to_owned(),
                "Tell me when I should go on.".to_owned(),
            ];
        }
        let mut fillers = Vec::new();
        // A persona that begins with a describing word can be said; `Likes examples` cannot.
        let persona = sentences(persona).into_iter().next().filter(|_| wish == Wish::Introduction);
        let is_sayable =
            |persona: &String| words(persona).next().is_some_and(|word| !word.text.ends_with('s'));
        fillers.extend(
            persona
                .filter(is_sayable)
                .map(|persona| format!("I try to be {}", lower_first(&persona))),
        );
        let mut general = vec![
            "I would like to hear what you think about it.".to_owned(),
            "There is a lot more to say about it.".to_owned(),
            "Ask me more, and I will look at another side of it.".to_owned(),
            "That is as much as I was told.".to_owned(),
            "That is how I see it.".to_owned(),
            "So much for now.".to_owned(),
            "That is all.".to_owned(),
        ];
        let count = general.len();
        general.rotate_left((self.spin + variant) % count);
        fillers.extend(general);
        fillers
    }

    /// What the other AI last spoke about.
    fn topic_of_other(&self) -> Option<String> {
        let last = self.prompt.messages.iter().rfind(|message| message.name == self.scene.other)?;
        self.scene.topic_of(&last.text)
    }
}

/// Whether a topic is a question as one asks it (`how old is the bridge`) and not one inside a sentence (`how the radio
/// was invented`), which is said as a thing is.
fn is_asked_straight(topic: &str) -> bool {
    const VERBS: [&str; 18] = [
        "is", "are", "was", "were", "do", "does", "did", "can", "could", "should", "would", "will",
        "has", "have", "had", "makes", "goes", "happens",
    ];
    let mut words = topic.split(' ');
    let asks = words.next().is_some_and(|first| QUESTION_WORDS.contains(&first));
    // The verb comes before whom it is about, at the latest as in `how far away is the moon`.
    let mut before = words.take(3).take_while(|word| !ARTICLES.contains(word));
    asks && before.any(|word| VERBS.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_inside_a_sentence_is_no_question() {
        for asked in
            ["what should a founder measure", "how far away is the moon", "what makes a talk"]
        {
            assert!(is_asked_straight(asked), "{asked}");
        }
        for told in ["how the radio was invented", "what a founder should measure", "the tides", ""]
        {
            assert!(!is_asked_straight(told), "{told}");
        }
    }
}
