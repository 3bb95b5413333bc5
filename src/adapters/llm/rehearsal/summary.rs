//! A summary as far as somebody who understands nothing can give one: sentences of what was said, as they were said.

use crate::conversation::Prompt;
use crate::conversation::prompt::{Part, part};

/// What was asked for.
const WORDS_MAX: usize = 200;

/// Whether the prompt asks for a summary and not for a reply.
pub(super) fn is_asked_for(prompt: &Prompt) -> bool {
    !part(&prompt.system, Part::Summary).is_empty()
}

/// The first sentence of every line that fits; where not all do, of lines spread evenly over the talk.
pub(super) fn sum_up(prompt: &Prompt) -> String {
    let text = prompt.messages.last().map_or("", |message| message.text.as_str());
    let sentences: Vec<String> = text.lines().filter_map(first_sentence).collect();
    let words: usize = sentences.iter().map(|sentence| words_in(sentence)).sum();
    let step = words.div_ceil(WORDS_MAX).max(1);
    let mut left = WORDS_MAX;
    let fits = |sentence: &&String| {
        let words = words_in(sentence);
        let fits = words <= left;
        left -= if fits { words } else { 0 };
        fits
    };
    let chosen: Vec<&str> =
        sentences.iter().step_by(step).filter(fits).map(String::as_str).collect();
    chosen.join(" ")
}

/// `Ada: Rain falls. It is wet.` as `Ada said: Rain falls.`; what stands in brackets loses them.
fn first_sentence(line: &str) -> Option<String> {
    let line = line.trim().trim_start_matches('(').trim_end_matches(')');
    let (name, said) = line.split_once(": ").unwrap_or(("", line));
    let end = said.find(['.', '!', '?']).map_or(said.len(), |end| end + 1);
    let sentence = said.get(..end)?.trim();
    let is_word = sentence.chars().any(char::is_alphanumeric);
    let text =
        if name.is_empty() { sentence.to_owned() } else { format!("{name} said: {sentence}") };
    is_word.then_some(text)
}

fn words_in(text: &str) -> usize {
    text.split_whitespace().count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::prompt::{Message, Role, STAGE};

    fn asked(text: String) -> Prompt {
        let message = Message { role: Role::User, name: STAGE.into(), text };
        let system = "# You\n\nName: Ada\n\n# How to sum up\n\n- Briefly.\n".to_owned();
        Prompt { system, messages: vec![message], answer_seconds: 80 }
    }

    #[test]
    fn a_summary_is_made_of_what_was_said() {
        let prompt = asked("Host: What is rain? I wonder.\nAda: Rain is water. It falls.\n".into());
        assert!(is_asked_for(&prompt));
        assert_eq!(sum_up(&prompt), "Host said: What is rain? Ada said: Rain is water.");
    }

    #[test]
    fn a_long_talk_gives_no_long_summary_and_every_part_of_it_counts() {
        let lines =
            (0..300).map(|line| format!("Ada: This is what I say in line {line}. And more.\n"));
        let summary = sum_up(&asked(lines.collect()));
        assert!(words_in(&summary) <= WORDS_MAX, "{summary}");
        assert!(summary.contains("line 0.") && summary.contains("line 28"), "{summary}");
    }
}
