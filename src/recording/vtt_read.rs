//! Cues read back from the caption files that [`super::vtt`] writes, for search and for pages.
//!
//! Reads what WebVTT allows of cues and passes over the rest: other tools may have touched a file.

/// One cue as people read it: no markup, one line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReadCue {
    /// The caption that it is a part of, as the name of the cue has it (`c7`, `c7-2`).
    #[serde(skip)]
    pub caption: Option<u32>,
    /// Display name of its speaker; empty if the file does not say.
    pub speaker: String,
    /// Session ms.
    pub start_ms: u64,
    /// Session ms.
    pub end_ms: u64,
    /// Its words.
    pub text: String,
    /// Whether its speaker was interrupted at its end.
    pub cut: bool,
}

impl ReadCue {
    /// This cue and a later part of the same caption as one.
    pub(super) fn joined(&self, next: &Self) -> Self {
        let text = format!("{} {}", self.text, next.text);
        Self { text, end_ms: next.end_ms, cut: next.cut, ..self.clone() }
    }
}

/// The cues of a file, in its order.
#[must_use]
pub fn read_cues(file: &str) -> Vec<ReadCue> {
    let mut cues = Vec::new();
    let mut lines = file.lines();
    let mut name = "";
    while let Some(line) = lines.next() {
        let Some((from, until)) = line.split_once("-->") else {
            name = line;
            continue;
        };
        let caption = caption_of(std::mem::take(&mut name));
        let (Some(start_ms), Some(end_ms)) =
            (millis(from), until.split_whitespace().next().and_then(millis))
        else {
            continue;
        };
        let payload: Vec<&str> =
            lines.by_ref().take_while(|line| !line.trim().is_empty()).collect();
        let Plain { speaker, text, cut } = plain(&payload.join(" "));
        cues.push(ReadCue { caption, speaker, start_ms, end_ms, text, cut });
    }
    cues
}

/// The caption's number in a cue's name; `None` for names that the studio does not give.
fn caption_of(name: &str) -> Option<u32> {
    let number = name.trim().strip_prefix('c')?;
    let (number, part) = number.split_once('-').unwrap_or((number, "1"));
    part.parse::<usize>().ok().and_then(|_| number.parse().ok())
}

/// `hh:mm:ss.ttt`, hours optional.
fn millis(text: &str) -> Option<u64> {
    let (clock, fraction) = text.trim().split_once('.')?;
    let mut seconds: u64 = 0;
    for part in clock.split(':') {
        seconds = seconds.checked_mul(60)?.checked_add(part.parse().ok()?)?;
    }
    seconds.checked_mul(1000)?.checked_add(fraction.parse().ok().filter(|ms| *ms < 1000)?)
}

/// A cue's payload without markup.
struct Plain {
    speaker: String,
    text: String,
    cut: bool,
}

fn plain(payload: &str) -> Plain {
    let mut found = Plain { speaker: String::new(), text: String::new(), cut: false };
    let mut rest = payload;
    while let Some((before, after)) = rest.split_once('<') {
        found.text.push_str(before);
        let Some((tag, after)) = after.split_once('>') else {
            rest = after;
            break;
        };
        let (element, name) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut classes = element.split('.');
        if classes.next() == Some("v") {
            found.speaker = unescape(name.trim());
            found.cut |= classes.any(|class| class == "cut");
        }
        rest = after;
    }
    found.text.push_str(rest);
    found.text = unescape(&found.text.split_whitespace().collect::<Vec<_>>().join(" "));
    found
}

fn unescape(text: &str) -> String {
    // The ampersand last, or `&amp;lt;` would become `<`.
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&nbsp;", " ").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cues_come_back_without_markup() {
        let file = "WEBVTT\n\nNOTE\ntrack: x\n\nc1\n00:00:01.000 --> 00:00:02.500 align:start\n<v.estimated.cut Ada &amp; Co>One <00:00:01.500>two\n&lt;three&gt;</v>\n\nc2\n01:00:00.007 --> 01:00:01.000\nno voice\n\nbad --> worse\nx\n";
        assert_eq!(
            read_cues(file),
            [
                ReadCue {
                    caption: Some(1),
                    speaker: "Ada & Co".to_owned(),
                    start_ms: 1000,
                    end_ms: 2500,
                    text: "One two <three>".to_owned(),
                    cut: true
                },
                ReadCue {
                    caption: Some(2),
                    speaker: String::new(),
                    start_ms: 3_600_007,
                    end_ms: 3_601_000,
                    text: "no voice".to_owned(),
                    cut: false
                },
            ]
        );
    }

    #[test]
    fn parts_of_a_caption_know_that_they_belong_together() {
        let file = "WEBVTT\n\nc7\n00:01.000 --> 00:02.000\na\n\nc7-2\n00:02.000 --> 00:03.000\nb\n\n00:04.000 --> 00:05.000\nc\n\nintro\n00:06.000 --> 00:07.000\nd\n";
        let captions: Vec<_> = read_cues(file).iter().map(|cue| cue.caption).collect();
        assert_eq!(captions, [Some(7), Some(7), None, None]);
    }

    #[test]
    fn whatever_a_file_holds_reading_it_ends() {
        for file in [
            "",
            "-->",
            "00:01.000 --> 00:02.000",
            "1.1 --> 99999999999999999999.0\n<",
            "00:00.9999 --> 0.1",
        ] {
            assert!(read_cues(file).len() <= 1, "{file}");
        }
    }
}
