//! The sentences around the facts: what an answer begins and ends with, and what fills it up.
//!
//! Each gives several ways to say the same; the writer's turn picks one, so that nobody hears the same words twice.
//! All were spoken by both offline voices and kept if the offline recogniser understands them: what a person would
//! have to ask back for (a name alone between commas, "I would add this") is not among them.

use super::facts::{lower_first, sentences};
use super::reply::Writer;
use super::scene::{QUESTION_WORDS, Scene, Wish};
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
                        "Goodbye"
                    };
                pick(&[
                    format!(
                        "Thank you, {host}, and thank you, {other}. It was good to talk with you both. {bye}."
                    ),
                    format!(
                        "Thanks to you both, {host} and {other}. I enjoyed every minute of it. {bye}."
                    ),
                    format!(
                        "It was a pleasure, {host}. Thank you, and thank you too, {other}. {bye}, everybody."
                    ),
                ])
            }
            (Wish::Halt, _) => pick(&[
                format!("Of course, I stop here. Ask something else, {host}, whenever you like."),
                format!("All right, {host}, I will wait. Tell me what you would like to ask."),
                format!("Sure, I stop there. Ask whatever else you want, {host}."),
            ]),
            (Wish::Introduction, _) => {
                let role = if role.is_empty() {
                    "one of the voices".to_owned()
                } else {
                    format!("the {role}")
                };
                pick(&[
                    format!("I am {name}, {role} of {show}."),
                    format!("My name is {name}, and I am {role} of {show}."),
                    format!("You are talking with {name}, {role} of {show}."),
                ])
            }
            (Wish::Greeting, _) => pick(&[
                format!("Hello, {host}, and welcome to everybody. I am {name}."),
                format!("Welcome, {host}. It is good to be here. I am {name}."),
                format!("Hello, {host}. {name} here, glad to be at the table."),
            ]),
            (Wish::Opinion, topic) => {
                let topic = topic.filter(|_| self.scene.has_subject());
                let about = self.topic_of_other().or(topic).unwrap_or_else(|| "that".to_owned());
                pick(&[
                    format!("I agree with {other} about {about}, for the most part."),
                    format!("On {about} I agree with {other}, but there is more."),
                    format!("I agree with much of what {other} said about {about}."),
                ])
            }
            (Wish::Opening, _) | (Wish::Answer | Wish::Comment, None) => {
                let subject =
                    if title.is_empty() { "our subject".to_owned() } else { title.to_owned() };
                pick(&[
                    format!("Let me say something about {subject}."),
                    format!("Here is a thought on {subject}."),
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
        let is_question =
            topic.split(' ').next().is_some_and(|first| QUESTION_WORDS.contains(&first));
        if is_question && is_answered_by_other {
            return vec![
                format!("You asked {topic}. There is more to say than that."),
                format!("The question was {topic}; let me go on from there."),
            ];
        }
        if is_question && is_off_brief {
            return vec![
                format!("You asked {topic}; my briefing is silent there, but I know this."),
                format!("The question was {topic}; I was told nothing of it, but I know this."),
            ];
        }
        if is_question {
            return vec![
                format!("You asked {topic}."),
                format!("The question was {topic}."),
                format!("You want to know {topic}."),
            ];
        }
        if is_answered_by_other {
            return vec![
                format!("There is more to say about {topic}."),
                format!("You heard {other} about {topic}; let me go on from there."),
                format!("Let me say some more about {topic}."),
            ];
        }
        if is_off_brief {
            return vec![
                format!("My briefing is silent about {topic}, but I know this."),
                format!("About {topic} I was told nothing, but here is what I know."),
                format!("My notes say nothing about {topic}, but let me tell you this."),
            ];
        }
        if wish == Wish::Answer {
            return vec![
                format!("You asked about {topic}."),
                format!("About {topic}, I can tell you this."),
                format!("Your question was about {topic}."),
                format!("On {topic}, here is what I know."),
            ];
        }
        vec![
            format!("You mentioned {topic}."),
            format!("Let me tell you more about {topic}."),
            format!("You spoke of {topic}, and that reminds me."),
            format!("With {topic} in mind, think of this."),
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
            ];
        }
        if wish == Wish::Halt {
            return vec![
                format!("I am listening, and so is {other}."),
                "Take the time you need.".to_owned(),
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
