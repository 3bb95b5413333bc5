//! Captions: legal WebVTT whatever is said and whoever says it.

use std::path::Path;
use std::process::Command;

use voice_studio::conversation::{Caption, Speaker};
use voice_studio::recording::Closing;
use voice_studio::recording::vtt::{VttHeader, render};
use voice_studio::recording::vtt_read::read_cues;
use voice_studio::time::SessionTime;

use super::{caption, converse, event, ms, recorder};

const NAMES: [&str; 3] = ["You", "Ada", "Grace"];
const END: SessionTime = SessionTime::from_millis(3_600_000);

fn rendered(names: [&str; 3], captions: &[Caption]) -> String {
    let header = VttHeader { track: "Pilot", session_id: "s-7f3a", language: "en" };
    render(header, names, captions, END).text
}

/// The cues' lines without the opening note.
fn cues(names: [&str; 3], captions: &[Caption]) -> String {
    let text = rendered(names, captions);
    assert_is_legal(&text);
    text.split_once("\n\nc").map(|(_, cues)| format!("c{cues}")).unwrap_or_default()
}

fn millis(timestamp: &str) -> u64 {
    let (clock, fraction) = timestamp.split_once('.').unwrap();
    let parts: Vec<u64> = clock.split(':').map(|part| part.parse().unwrap()).collect();
    assert_eq!((clock.len(), fraction.len(), parts.len()), (8, 3, 3), "{timestamp}");
    assert!(parts[1] < 60 && parts[2] < 60);
    ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000 + fraction.parse::<u64>().unwrap()
}

/// The rules of the specification that a file of ours can break.
fn assert_is_legal(text: &str) {
    assert!(text.starts_with("WEBVTT\n\nNOTE\n") && text.ends_with('\n'));
    assert!(!text.contains('\0') && !text.contains('\r') && !text.contains("\n\n\n"), "{text:?}");
    let mut latest_start = 0;
    let mut ids = std::collections::HashSet::new();
    for block in text.trim_end().split("\n\n").skip(2) {
        let (id, rest) = block.split_once('\n').unwrap();
        let (times, payload) = rest.split_once('\n').unwrap();
        assert!(ids.insert(id.to_owned()), "{id} is used twice");
        let (start, end) = times.split_once(" --> ").unwrap();
        let (start, end) = (millis(start), millis(end));
        assert!(start < end && latest_start <= start, "{block}");
        latest_start = start;
        assert!(!payload.contains("-->") && payload.lines().count() <= 2, "{block}");
        assert!(
            payload.starts_with("<v")
                && payload.ends_with("</v>")
                && payload.matches("<v").count() == 1,
            "{block}"
        );
        let mut latest = start;
        for stamp in payload.split('<').filter(|tag| tag.starts_with("00:")) {
            let time = millis(stamp.split_once('>').unwrap().0);
            assert!(latest < time && time < end, "{block}");
            latest = time;
        }
        for reference in payload.split('&').skip(1) {
            assert!(
                ["amp;", "lt;", "gt;"].iter().any(|name| reference.starts_with(name)),
                "{block}"
            );
        }
    }
}

#[test]
fn the_merged_file_of_a_short_talk() {
    let mut host = caption(1, Speaker::You, &[("What", 200, 450), ("rains?", 450, 1000)]);
    host.estimated = true;
    let interim = Caption { is_final: false, ..caption(4, Speaker::Guest, &[("never", 100, 200)]) };
    let captions = [
        caption(3, Speaker::Guest, &[("R&B", 2500, 3000), ("<loud>", 3000, 3661)]),
        Caption {
            cut: true,
            ..caption(2, Speaker::Claude, &[("It", 1400, 1500), ("does.", 1500, 2000)])
        },
        interim,
        host,
    ];
    let expected = "\
WEBVTT

NOTE
track: Pilot
session: s-7f3a
language: en
sample rate: 48000
offset: 0
class estimated: word times are spread evenly over the caption
class cut: the speaker was interrupted here

c1
00:00:00.200 --> 00:00:01.000
<v.estimated You>What rains?</v>

c2
00:00:01.400 --> 00:00:02.000
<v.cut Ada>It <00:00:01.500>does.</v>

c3
00:00:02.500 --> 00:00:03.661
<v Grace>R&amp;B <00:00:03.000>&lt;loud&gt;</v>
";
    assert_eq!(rendered(NAMES, &captions), expected);
    assert_is_legal(expected);
}

#[test]
fn only_the_last_cue_of_an_interrupted_caption_is_cut() {
    let words: Vec<(String, u64, u64)> =
        (0..30).map(|n| (format!("word{n}"), n * 400, n * 400 + 390)).collect();
    let words: Vec<(&str, u64, u64)> =
        words.iter().map(|(word, from, to)| (word.as_str(), *from, *to)).collect();
    let long = Caption { cut: true, ..caption(1, Speaker::Claude, &words) };
    let text = cues(NAMES, &[long]);
    let voices: Vec<&str> =
        text.lines().filter_map(|line| line.split_once('>')?.0.strip_prefix("<v")).collect();
    let (last, others) = voices.split_last().unwrap();
    assert_eq!(*last, ".cut Ada");
    assert!(!others.is_empty() && others.iter().all(|voice| *voice == " Ada"), "{voices:?}");
}

#[test]
fn a_speaker_who_is_stopped_between_two_captions_is_cut_in_the_one_before() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 5000);
    for (turn, reason, unheard) in [(2, "completed", "More."), (3, "barged-in", "And more.")] {
        let fields = serde_json::json!({ "turn": turn, "reason": reason, "unheardText": unheard });
        recorder.event(&event(4500, "turn.end", fields)).unwrap();
    }
    let folder = recorder.finish(ms(5000), Closing::default()).unwrap().dir;
    let is_cut = |speaker: Speaker| {
        let file = std::fs::read_to_string(folder.join(format!("{speaker}.vtt"))).unwrap();
        file.contains("<v.cut ")
    };
    assert_eq!(Speaker::ALL.map(is_cut), [false, false, true]);
}

#[test]
fn word_times_of_a_cue_rise_strictly_within_it() {
    let words = [
        ("a", 1000, 1000),
        ("b", 1000, 1200),
        ("c", 1200, 1200),
        ("d", 1100, 1300),
        ("e", 1400, 1400),
    ];
    let text = cues(NAMES, &[caption(1, Speaker::Claude, &words)]);
    assert_eq!(text, "c1\n00:00:01.000 --> 00:00:01.400\n<v Ada>a b <00:00:01.200>c d e</v>\n");
}

#[test]
fn what_has_no_length_or_no_words_is_no_cue() {
    let mut silent = caption(1, Speaker::Claude, &[("", 0, 900)]);
    silent.text = " \n\t".to_owned();
    let cut_at_once = caption(2, Speaker::Claude, &[("Oh", 1000, 1000)]);
    let mut within_a_millisecond = caption(3, Speaker::Guest, &[("Oh", 2000, 2000)]);
    within_a_millisecond.end = ms(2000).offset(47);
    let mut backwards = caption(4, Speaker::Guest, &[("Oh", 2000, 2100)]);
    backwards.end = ms(1900);
    let captions = [silent, cut_at_once, within_a_millisecond, backwards];
    assert_eq!(cues(NAMES, &captions), "");
}

#[test]
fn one_millisecond_heard_is_a_cue_of_one_millisecond() {
    let text = cues(NAMES, &[caption(1, Speaker::Claude, &[("Oh", 1000, 1001)])]);
    assert!(text.contains("00:00:01.000 --> 00:00:01.001"), "{text}");
}

#[test]
fn a_long_caption_is_split_after_a_sentence_into_cues_of_two_lines_and_seven_seconds() {
    let sentence =
        ["Numbers", "never", "lie", "but", "people", "who", "count", "them", "often", "do."];
    let words: Vec<(&str, u64, u64)> = (0..60)
        .map(|index| (sentence[index as usize % 10], index * 300, index * 300 + 290))
        .collect();
    let text = cues(NAMES, &[caption(9, Speaker::Claude, &words)]);
    let mut spoken = String::new();
    for block in text.trim_end().split("\n\n") {
        let mut lines = block.lines();
        let (id, times) = (lines.next().unwrap(), lines.next().unwrap());
        assert!(id.starts_with("c9"));
        let (start, end) = times.split_once(" --> ").unwrap();
        assert!(millis(end) - millis(start) <= 7000, "{block}");
        assert!(block.ends_with("do.</v>"), "{block}");
        for line in lines {
            let tags = line.replace("<v Ada>", "").replace("</v>", "");
            let plain: String = tags
                .split('<')
                .map(|part| part.split_once('>').map_or(part, |(_, rest)| rest))
                .collect();
            assert!(plain.chars().count() <= 65, "{plain}");
            spoken.push_str(&plain);
            spoken.push(' ');
        }
    }
    let all: Vec<&str> = words.iter().map(|(text, ..)| *text).collect();
    assert_eq!(spoken.trim_end(), all.join(" "), "no word is lost or doubled");
}

/// The texts of the cues that a host's line becomes, of which 17 words fit into one.
fn split(text: &str) -> Vec<String> {
    let words: Vec<(&str, u64, u64)> = (0..)
        .zip(text.split(' '))
        .map(|(index, word)| (word, index * 400, index * 400 + 390))
        .collect();
    let file = cues(NAMES, &[caption(1, Speaker::You, &words)]);
    read_cues(&file).into_iter().map(|cue| cue.text).collect()
}

#[test]
fn a_split_leaves_no_word_or_two_alone() {
    let even = "I never thought that anyone would go to the moon and come back alive again with Apollo 11.";
    assert_eq!(
        split(even),
        [
            "I never thought that anyone would go to the",
            "moon and come back alive again with Apollo 11."
        ]
    );
    let clause = even.replace("moon and", "moon, and");
    assert_eq!(
        split(&clause),
        [
            "I never thought that anyone would go to the moon,",
            "and come back alive again with Apollo 11."
        ]
    );
    let thanks = even.replace("with Apollo 11.", "then. Thank you.");
    assert_eq!(split(&thanks)[1], "moon and come back alive again then. Thank you.");
    let quoted = even.replace("to the moon", "to the \"moon.\"");
    assert_eq!(split(&quoted)[1], "and come back alive again with Apollo 11.");
    for count in 1..80 {
        let text = vec!["word"; count].join(" ");
        let counts: Vec<usize> = split(&text).iter().map(|cue| cue.split(' ').count()).collect();
        assert_eq!(counts.iter().sum::<usize>(), count);
        assert!(count < 3 || counts.iter().all(|count| (3..=17).contains(count)), "{counts:?}");
    }
}

#[test]
fn words_that_do_not_match_the_text_give_way_to_it() {
    let mut caption = caption(1, Speaker::Claude, &[("It", 0, 100), ("rains", 100, 900)]);
    caption.text = "It's raining  now.".to_owned();
    assert_eq!(
        cues(NAMES, &[caption]),
        "c1\n00:00:00.000 --> 00:00:00.900\n<v.estimated Ada>It's raining now.</v>\n"
    );
}

#[test]
fn words_beyond_the_end_of_the_sound_are_left_out() {
    let header = VttHeader { track: "Ada", session_id: "s", language: "en" };
    let words = [("heard", 0, 500), ("lost", 600, 900)];
    let captions =
        [caption(1, Speaker::Claude, &words), caption(2, Speaker::Claude, &[("gone", 550, 700)])];
    let file = render(header, NAMES, &captions, ms(550));
    assert_eq!(file.cues, 1);
    assert!(
        file.text.ends_with("c1\n00:00:00.000 --> 00:00:00.550\n<v Ada>heard</v>\n"),
        "{}",
        file.text
    );
}

/// Names and texts that have broken other people's files.
fn torture() -> (Vec<String>, Vec<String>) {
    let names = [
        "A&B",
        "<script>",
        "Ünï",
        "",
        " ",
        "a --> b",
        "nul\0nul",
        "two\nlines\r\n\r\nthree",
        "\u{200F}שלום\u{200F}",
        "\u{202E}evil",
        "&amp;",
        "a\tb",
        "<v x>",
        "</v>",
        "é\u{85}è\u{2028}ê",
    ];
    let mut names: Vec<String> = names.map(str::to_owned).into();
    names.push("x".repeat(200));
    let texts = [
        "a --> b",
        "-->",
        "x\n\ny",
        "nul \0 here",
        "שלום עולם",
        "<00:00:00.100>",
        "R&D &lt; 5 < 6 > 4",
        "</v><v Other>",
        "NOTE",
        "WEBVTT",
        "STYLE\n::cue{}",
        "\u{FEFF}",
        "\r",
        "a\u{0C}b",
        "\u{202E}gnihtemos\u{202C}",
    ];
    let mut texts: Vec<String> = texts.map(str::to_owned).into();
    texts.push("y".repeat(500));
    texts.push("word ".repeat(2000));
    (names, texts)
}

fn torture_files() -> Vec<String> {
    let (names, texts) = torture();
    let mut files = Vec::new();
    for name in &names {
        let captions: Vec<Caption> = (0..)
            .zip(&texts)
            .map(|(index, text)| {
                let speaker = Speaker::ALL[index as usize % 3];
                let mut caption = caption(
                    index,
                    speaker,
                    &[("", u64::from(index) * 700, u64::from(index) * 700 + 900)],
                );
                caption.text.clone_from(text);
                caption
            })
            .collect();
        let header = VttHeader { track: name, session_id: name, language: name };
        files.push(render(header, [name; 3], &captions, END).text);
    }
    files
}

#[test]
fn names_and_texts_of_every_kind_make_legal_files() {
    for file in torture_files() {
        assert_is_legal(&file);
    }
}

#[test]
fn the_validator_of_the_w3c_has_no_complaint() {
    let conformance = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    if !conformance.join("node_modules/webvtt-parser").exists() {
        println!("skipped: run `npm ci` in tests/conformance to check captions with webvtt-parser");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut command = Command::new("node");
    command.arg(conformance.join("vttcheck.mjs"));
    for (index, text) in torture_files().into_iter().enumerate() {
        let file = dir.path().join(format!("{index}.vtt"));
        std::fs::write(&file, text).unwrap();
        command.arg(file);
    }
    let output = command.output().expect("node runs: ./dev installs it");
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&said));

    let bad = dir.path().join("bad.vtt");
    std::fs::write(&bad, "WEBVTT\n\n00:00:02.000 --> 00:00:01.000\na & b\n").unwrap();
    let output =
        Command::new("node").arg(conformance.join("vttcheck.mjs")).arg(bad).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.contains("End timestamp is not greater"), "the checker checks: {said}");
}
