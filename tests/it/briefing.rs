//! Briefings: what is accepted, what is refused and how it is told, and the prompts made of them.

use std::fmt::Write as _;

use voice_studio::briefings::{self, BriefingFileError};
use voice_studio::cli;
use voice_studio::conversation::briefing::{BRIEFING_BYTES_MAX, Briefing, Setting};
use voice_studio::conversation::prompt::{
    Part, line_of, lines, part, summary_prompt, system_prompt,
};
use voice_studio::conversation::rules::Rules;
use voice_studio::conversation::{AiSpeaker, Speaker};
use voice_studio::time::Span;

use crate::support::shared_dir;

fn good(text: &str) -> Briefing {
    Briefing::parse(text).unwrap()
}

fn wrong(text: &str) -> String {
    Briefing::parse(text).unwrap_err().to_string()
}

/// A briefing with these lines of front matter (from line 3) besides the title.
fn with_front(lines: &str) -> String {
    format!("---\ntitle: A show\n{lines}\n---\n")
}

fn guide() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/briefings.md")).unwrap()
}

/// The cells of the table below `heading` of the guide for hosts, row by row, without its head.
fn table_below(guide: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, section) = guide.split_once(&format!("\n{heading}\n")).expect(heading);
    let rows = section.lines().skip_while(|line| !line.starts_with('|'));
    let rows = rows.take_while(|line| line.starts_with('|')).skip(2);
    let cells = |row: &str| {
        let cells = row.trim_matches('|').split('|');
        cells.map(|cell| cell.trim().replace('`', "")).collect()
    };
    rows.map(cells).collect()
}

/// What the rules say of every key that has a number or a word.
fn values_of(rules: &Rules) -> Vec<(&'static str, String)> {
    let ms = |span: Span| span.millis().to_string();
    let show = &rules.show;
    vec![
        ("answerSeconds", rules.answer_seconds.to_string()),
        ("handOversMax", rules.hand_overs_max.to_string()),
        ("autopilot.maxTurns", rules.autopilot_max_turns.to_string()),
        ("answers", format!("{:?}", show.answers).to_lowercase()),
        ("followUps", show.follow_ups.to_string()),
        ("strike", show.strike_phrases.join(", ")),
        ("historyWords", show.history_words.to_string()),
        ("autopilot.gapMs", ms(rules.ai_gap)),
        ("autopilot.gapVaryMs", ms(show.gap_variation)),
        ("director.enabled", show.directs.to_string()),
        ("director.byMinutes", show.by_minutes.to_string()),
        ("director.noveltyMin", show.novelty_min.to_string()),
        ("director.repetitionMax", show.repetition_max.to_string()),
        ("director.shareMax", show.share_max.to_string()),
        ("director.monologueMs", ms(show.monologue_max)),
        ("director.askEvery", show.ask_every.to_string()),
        ("director.wrapUpMs", ms(show.wrap_up)),
        ("director.softLanding", show.soft_landing.to_string()),
        ("director.hostMaySpeakMs", ms(show.host_may_speak)),
        ("prepare.tries", rules.prepare_tries.to_string()),
        ("prepare.next", rules.prepare_next.to_string()),
        ("prepare.sound", rules.prepare_sound.to_string()),
        ("endOfTurn.firstAskMs", ms(rules.first_ask)),
        ("endOfTurn.secondAskMs", ms(rules.second_ask)),
        ("endOfTurn.ceilingMs", ms(rules.turn_ceiling)),
        ("endOfTurn.doneScore", rules.done_score.to_string()),
        ("endOfTurn.thinkingMs", ms(rules.thinking_ceiling)),
        ("endOfTurn.habitPercent", rules.habit_percent.to_string()),
        ("endOfTurn.slowPercent", rules.slow_percent.to_string()),
        ("bargeIn.pauseMs", ms(rules.barge_in_pause)),
        ("bargeIn.backChannelMaxMs", ms(rules.back_channel_max)),
        ("bargeIn.resumeAfterMs", ms(rules.resume_after)),
        ("bargeIn.duckDb", rules.duck_db.to_string()),
        ("bargeIn.finishWordMs", ms(rules.finish_word)),
        ("bargeIn.warmUpMs", ms(rules.warm_up)),
    ]
}

/// Rows of the guide whose default is told in words.
const TOLD_IN_WORDS: [&str; 4] =
    ["preset", "endOfTurn.thinking", "bargeIn.always", "bargeIn.never"];

#[test]
fn the_smallest_briefing_is_a_title() {
    let briefing = good("---\ntitle: Rain, and why it falls\n---\n");
    assert_eq!(briefing.episode, "rain-and-why-it-falls");
    assert_eq!(briefing.language, "en");
    assert_eq!(briefing.rules, Rules::default());
    let names = briefing.speakers.each_ref().map(|speaker| speaker.name.as_str());
    assert_eq!(names, ["Host", "Claude", "Guest"]);
    assert_eq!((briefing.everyone.as_str(), briefing.segments.len()), ("", 0));
}

#[test]
fn every_key_is_read() {
    let briefing = good(
        "---\n\
         title: 'Tides: a show'\n\
         episode: tides-1\n\
         language: en-GB\n\
         terms: [Bay of Fundy, spring tide]\n\
         rules:\n  answerSeconds: 8\n  handOversMax: 2\n  autopilot: { maxTurns: 4, gapMs: 300 }\n  \
         endOfTurn: { firstAskMs: 250, secondAskMs: 700, ceilingMs: 2000, doneScore: 600 }\n  \
         bargeIn:\n    pauseMs: 150\n    backChannelMaxMs: 900\n    resumeAfterMs: 500\n    duckDb: -9\n    \
         always: [Hold it!]\n    never: [mm hmm, \"Yes.\"]\n\
         speakers:\n  you: { name: Ruth }\n  \
         claude: { name: Ada, aliases: [Adah], role: co-host, persona: Curious., voice: slt, model: m-1 }\n  \
         guest:\n    name: Grace\n    aliases: Gracie\n    persona: >\n      Warm\n      and practical.\n\
         segments:\n  - { title: Opening, minutes: 2, goal: Say hello. }\n  - title: The moon\n\
         ---\n\
         # The show\n\n## Everyone\nTides rise.\n\n### Detail\nTwice a day.\n## claude\nA secret.\n## Guest ##\nAnother.\n",
    );
    assert_eq!((briefing.title.as_str(), briefing.episode.as_str()), ("Tides: a show", "tides-1"));
    assert_eq!(briefing.terms, ["Bay of Fundy", "spring tide"]);
    let rules = &briefing.rules;
    assert_eq!((rules.answer_seconds, rules.hand_overs_max, rules.autopilot_max_turns), (8, 2, 4));
    let waits = [rules.ai_gap, rules.first_ask, rules.second_ask, rules.turn_ceiling];
    assert_eq!(waits, [300, 250, 700, 2000].map(Span::from_millis));
    let waits = [rules.barge_in_pause, rules.back_channel_max, rules.resume_after];
    assert_eq!(waits, [150, 900, 500].map(Span::from_millis));
    assert_eq!((rules.done_score, rules.duck_db), (600, -9));
    assert_eq!(
        (rules.always_interrupt.join("|"), rules.never_interrupt.join("|")),
        ("hold it".into(), "mm hmm|yes".into())
    );
    let claude = briefing.speaker(Speaker::Claude);
    assert_eq!(
        (claude.name.as_str(), claude.role.as_str(), claude.voice.as_str()),
        ("Ada", "co-host", "slt")
    );
    assert_eq!(
        (claude.aliases.as_slice(), claude.model.as_str()),
        (["Adah".to_owned()].as_slice(), "m-1")
    );
    let guest = briefing.speaker(Speaker::Guest);
    assert_eq!(
        (guest.persona.as_str(), guest.aliases.join("|")),
        ("Warm and practical.", "Gracie".into())
    );
    assert_eq!(briefing.segments[0].minutes, 2);
    assert_eq!(
        (briefing.segments[1].title.as_str(), briefing.segments[1].minutes),
        ("The moon", 0)
    );
    assert_eq!(briefing.everyone, "Tides rise.\n\n### Detail\nTwice a day.");
    assert_eq!(briefing.private(AiSpeaker::Claude), "A secret.");
    assert_eq!(briefing.private(AiSpeaker::Guest), "Another.");
}

#[test]
fn everything_that_is_wrong_is_told_at_once_with_line_and_key() {
    let text = "---\n\
        titel: Oops\n\
        episode: ../../etc\n\
        language: english\n\
        terms: 7\n\
        rules:\n\
        \x20 answerSeconds: 9999\n\
        \x20 bargeIn: { pauseMs: soon, backChanelMaxMs: 3 }\n\
        \x20 endOfTurn: { firstAskMs: 900 }\n\
        speakers:\n\
        \x20 claude: { name: 2001, aliases: [Bob] }\n\
        \x20 guest: { name: bob }\n\
        \x20 gest: {}\n\
        segments:\n\
        \x20 - { minutes: -1, title: [a] }\n\
        ---\n\
        stray words\n\
        ## Everybody\n\
        ## Guest\n\
        ## guest\n";
    insta::assert_snapshot!(wrong(text), @r#"
    line 2: title: missing; expected the show's title
    line 2: titel: unknown key (did you mean title?); expected one of title, episode, language, terms, rules, speakers, providers, segments
    line 3: episode: "../../etc"; expected letters, digits, - _ and . with a letter or digit first
    line 4: language: "english"; expected a language tag such as en or en-GB
    line 5: terms: 7; expected a list of texts
    line 7: rules.answerSeconds: 9999; expected a whole number of seconds from 2 to 120
    line 8: rules.bargeIn.pauseMs: "soon"; expected a whole number of milliseconds from 40 to 2000
    line 8: rules.bargeIn.backChanelMaxMs: unknown key (did you mean backChannelMaxMs?); expected one of pauseMs, backChannelMaxMs, resumeAfterMs, duckDb, finishWordMs, warmUpMs, always, never
    line 9: rules.endOfTurn.firstAskMs: 900, 600 and 1600 in effect; expected firstAskMs ≤ secondAskMs ≤ ceilingMs
    line 11: speakers.claude.name: 2001; expected text: put it in "quotes"
    line 12: speakers.guest.name: "bob" is speakers.claude.aliases already; expected a name of its own
    line 13: speakers.gest: unknown key (did you mean guest?); expected one of you, claude, guest
    line 15: segments[1].title: a list; expected text
    line 15: segments[1].minutes: -1; expected a whole number of minutes from 0 to 600
    line 17: text above the first heading; expected ## Everyone, ## Claude or ## Guest
    line 18: ## Everybody: unknown heading; expected ## Everyone, ## Claude or ## Guest (### is free)
    line 20: ## guest: occurs twice; expected one such heading
    "#);
}

#[test]
fn a_name_nobody_gave_is_a_name_too() {
    let text = with_front("speakers: { claude: { name: Ada, aliases: [Guest] } }");
    assert!(
        wrong(&text).contains("\"Guest\" is speakers.claude.aliases already"),
        "{}",
        wrong(&text)
    );
    let told = wrong(&with_front("speakers: { claude: { name: Guest } }"));
    assert!(
        told.starts_with("line 1: speakers.guest.name: \"Guest\" is speakers.claude"),
        "{told}"
    );
}

#[test]
fn broken_yaml_names_its_line() {
    insta::assert_snapshot!(wrong(&with_front("terms: [a, b\nspeakers: }")), @"line 4: cannot be read as YAML: illegal placement of ':' indicator");
    insta::assert_snapshot!(wrong(&with_front("title: again")), @"line 3: cannot be read as YAML: duplicate mapping key: title not allowed here");
    insta::assert_snapshot!(wrong(&with_front("\tterms: x")), @"line 2: cannot be read as YAML: while scanning a plain scalar, found a tab");
}

#[test]
fn a_text_without_front_matter_says_what_it_should_look_like() {
    let expected =
        "line 1: no front matter; expected the keys between a first line --- and another line ---";
    for text in ["", "# Hello", "---\ntitle: x", "\n---\ntitle: x\n---\n"] {
        assert_eq!(wrong(text), expected, "{text:?}");
    }
}

#[test]
fn front_matter_that_is_no_group_of_keys_is_told() {
    assert!(wrong("---\n- a\n---\n").contains("line 2: a list; expected a group of keys"));
    assert!(wrong("---\n---\n").contains("title: missing"));
}

#[test]
fn line_ends_of_other_systems_and_byte_order_marks_are_understood() {
    let briefing = good("\u{feff}---\r\ntitle: A show\r\n---\r\n## Everyone\r\nOne.\r\nTwo.\r\n");
    assert_eq!(briefing.everyone, "One.\nTwo.");
}

#[test]
fn limits_hold() {
    for (before, after, most) in [
        ("episode: ", "", 64),
        ("terms: [", "]", 60),
        ("rules: { strike: [", "] }", 60),
        ("speakers: { you: { name: ", " } }", 40),
        ("speakers: { guest: { aliases: [", "] } }", 40),
        ("speakers: { you: { role: ", " } }", 80),
        ("speakers: { you: { persona: ", " } }", 1000),
        ("speakers: { you: { voice: ", " } }", 80),
        ("speakers: { you: { model: ", " } }", 120),
        ("providers: { tts: ", " }", 40),
        ("segments: [{ title: ", " }]", 120),
        ("segments: [{ title: a, goal: ", " }]", 500),
    ] {
        let of = |letters: usize| with_front(&format!("{before}{}{after}", "x".repeat(letters)));
        good(&of(most));
        let told = wrong(&of(most + 1));
        let expected = format!("{} characters; expected at most {most}", most + 1);
        assert!(told.contains(&expected), "{before}: {told}");
    }
    for (key, most) in [("terms: [", 100), ("speakers: { guest: { aliases: [", 8)] {
        let of = |entries: usize| {
            let entries: Vec<String> = (0..entries).map(|n| format!("t{n}")).collect();
            with_front(&format!(
                "{key}{}]{}",
                entries.join(", "),
                &" } }"[..key.matches('{').count() * 2]
            ))
        };
        good(&of(most));
        let expected = format!("{} entries; expected at most {most}", most + 1);
        assert!(wrong(&of(most + 1)).contains(&expected), "{}", wrong(&of(most + 1)));
    }
    let parts =
        |count: usize| with_front(&format!("segments: [{}]", "{ title: a },".repeat(count)));
    assert_eq!(good(&parts(30)).segments.len(), 30);
    assert!(wrong(&parts(31)).contains("31 entries; expected at most 30"));
    let title = |letters: usize| format!("---\ntitle: {}\n---\n", "x".repeat(letters));
    good(&title(120));
    assert_eq!(wrong(&title(121)), "line 2: title: 121 characters; expected at most 120");
    let exact = with_front("") + "## Everyone\n";
    let exact = exact.clone() + &"a".repeat(BRIEFING_BYTES_MAX - exact.len());
    good(&exact);
    assert!(wrong(&(exact + "a")).contains("65537 bytes; expected at most 65536"));
    let big = with_front("") + "## Everyone\n" + &"a ".repeat(BRIEFING_BYTES_MAX / 2);
    assert!(wrong(&big).contains("expected at most 65536"));
}

#[test]
fn a_key_that_no_group_has_is_told_in_every_group() {
    for (before, after) in [
        ("", ""),
        ("providers: { ", " }"),
        ("speakers: { ", " }"),
        ("speakers: { you: { ", " } }"),
        ("speakers: { guest: { rules: { ", " } } }"),
        ("segments: [{ title: a, ", " }]"),
        ("segments: [{ title: a, rules: { ", " } }]"),
        ("rules: { ", " }"),
        ("rules: { autopilot: { ", " } }"),
        ("rules: { prepare: { ", " } }"),
        ("rules: { endOfTurn: { ", " } }"),
        ("rules: { bargeIn: { ", " } }"),
        ("rules: { director: { ", " } }"),
    ] {
        let told = wrong(&with_front(&format!("{before}zzz: 1{after}")));
        assert!(told.contains("zzz: unknown key; expected one of "), "{before}: {told}");
    }
}

#[test]
fn a_setting_that_cannot_be_read_changes_nothing() {
    let briefing = good(&with_front(""));
    for (key, value) in
        [("bargeIn.pauseMs", "["), ("bargeIn.pauseMs", "1\n2"), ("", "1"), ("a b", "1")]
    {
        assert!(briefing.with_rule(key, value).is_err(), "{key}: {value:?}");
    }
    assert_eq!(briefing.with_rule("answerSeconds", "4").unwrap().rules.answer_seconds, 4);
}

#[test]
fn a_nest_of_anchors_ends_as_an_error() {
    let mut lines = "a0: &a0 [x, x]\n".to_owned();
    for n in 1..40 {
        writeln!(lines, "a{n}: &a{n} [*a{m}, *a{m}, *a{m}]", m = n - 1).unwrap();
    }
    assert!(wrong(&with_front(&lines)).starts_with("line "));
}

#[test]
fn headings_inside_code_are_text() {
    let briefing = good("---\ntitle: x\n---\n## Everyone\n```\n## Guest\n```\nafter\n");
    assert_eq!(briefing.everyone, "```\n## Guest\n```\nafter");
    assert_eq!(briefing.private(AiSpeaker::Guest), "");
}

#[test]
fn the_example_is_good_and_says_enough_to_talk_about() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/briefings");
    let example = briefings::load(folder.as_ref(), "example").unwrap().briefing;
    assert!(example.everyone.lines().count() >= 6);
    assert!(AiSpeaker::BOTH.iter().all(|&speaker| !example.private(speaker).is_empty()));
    assert!(example.segments.iter().all(|segment| !segment.goal.is_empty()));
}

#[test]
fn the_fixture_of_the_rehearsals_loads() {
    let Some(shared) = shared_dir() else {
        println!("skipped: no ../shared beside the project");
        return;
    };
    let briefing =
        briefings::load_path(&shared.join("fixtures/host/ada-and-grace.md")).unwrap().briefing;
    assert_eq!(briefing.speaker(Speaker::Guest).name, "Grace");
    assert_eq!(briefing.rules.autopilot_max_turns, 6);
    assert!(briefing.private(AiSpeaker::Claude).contains("a fifth of a second"));
}

#[test]
fn a_folder_lists_its_briefings_and_what_is_wrong_with_one_names_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("b.md", &with_front(""));
    write("a.md", "nothing");
    write("README.md", "# Not a briefing");
    write(".hidden.md", "");
    write("notes.txt", "");
    assert_eq!(briefings::names(folder.path()).unwrap(), ["a", "b"]);
    let list = briefings::list(folder.path()).unwrap();
    assert!(list[1].briefing.is_ok());
    let message = list[0].briefing.as_ref().unwrap_err().to_string();
    assert!(message.contains("a.md: line 1: no front matter"), "{message}");
    assert_eq!(briefings::names(&folder.path().join("absent")).unwrap(), Vec::<String>::new());
}

#[test]
fn no_name_leaves_the_folder() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("briefings");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(outer.path().join("secret.md"), with_front("")).unwrap();
    for name in [
        "../secret",
        "..",
        "",
        "/etc/passwd",
        "a/b",
        "a\\b",
        ".hidden",
        "C:x",
        "a\0b",
        &"x".repeat(101),
    ] {
        let error = briefings::load(&folder, name).unwrap_err();
        assert!(matches!(error, BriefingFileError::BadName { .. }), "{name:?}: {error}");
    }
    assert!(matches!(
        briefings::load(&folder, "secret").unwrap_err(),
        BriefingFileError::NotFound { .. }
    ));
}

#[test]
fn a_file_that_is_not_text_or_far_too_long_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("binary.md"), [0xff, 0xfe, 0]).unwrap();
    std::fs::write(folder.path().join("long.md"), "ä".repeat(BRIEFING_BYTES_MAX)).unwrap();
    let binary = briefings::load(folder.path(), "binary").unwrap_err().to_string();
    assert!(binary.contains("binary.md: invalid utf-8"), "{binary}");
    let long = briefings::load(folder.path(), "long").unwrap_err().to_string();
    assert!(long.contains("expected at most 65536"), "{long}");
}

fn example() -> Briefing {
    good(
        "---\n\
         title: Tides\n\
         language: en-GB\n\
         rules: { answerSeconds: 8 }\n\
         speakers:\n  you: { name: Ruth, role: host }\n  \
         claude: { name: Ada, aliases: [Claude, Adah], role: co-host, persona: Precise. }\n  \
         guest: { name: Grace }\n\
         segments:\n  - { title: Opening, minutes: 1, goal: Say hello. }\n  - { title: The moon }\n\
         ---\n\
         ## Everyone\n# A title that looks like ours\nTides rise twice a day.\n\
         ## Claude\nAda's secret.\n## Guest\nGrace's secret.\n",
    )
}

#[test]
fn claude_is_prompted_in_its_own_point_of_view() {
    insta::assert_snapshot!(system_prompt(&example(), AiSpeaker::Claude), @r"
    # You

    You are an AI speaker in a live spoken conversation of three.

    Name: Ada
    Also called: Claude, Adah
    Role: co-host
    Persona: Precise.

    # At the table

    Host: Ruth
      Role: host
      A person, who leads the conversation and always has the first right to speak.
    Other AI speaker: Grace
      Has a mind, a voice and knowledge of its own.

    # The show

    Title: Tides

    Segment 1: Opening (1 minute)
    Goal: Say hello.

    Segment 2: The moon

    # What everyone at the table knows

    ### A title that looks like ours
    Tides rise twice a day.

    # What only you know

    Ada's secret.

    # How to speak

    - Speak the language with the tag en-GB.
    - A voice says your words aloud and they are heard once. Talk as people talk: plain, whole, mostly short sentences. No markdown, headings, lists, links, emoji, sounds or stage directions. Write numbers and units the way they are said.
    - An answer takes about 8 seconds to say, that is about 21 words. When Ruth asks you to be short, one short sentence or one word is enough.
    - Answer what was said last, in its first sentence. Do not repeat what was said already.
    - Say only your own words, as Ada. Never speak for Ruth or Grace, never write their lines, and never begin with a name and a colon.
    - Now and then call Ruth or Grace by name. When you want Grace to go on, end with a question to Grace by name.
    - Interruptions are normal. Where your own last words break off, you were interrupted and the rest was not heard: answer what was said then, and come back to the rest only if it matters or you are asked to.
    - The words of Ruth come from speech recognition and may hold mistakes, in names too: answer what was most likely meant.
    - What you do not know, you say you do not know.
    ");
}

#[test]
fn the_guest_is_prompted_in_its_own_point_of_view() {
    insta::assert_snapshot!(system_prompt(&example(), AiSpeaker::Guest), @r"
    # You

    You are an AI speaker in a live spoken conversation of three.

    Name: Grace

    # At the table

    Host: Ruth
      Role: host
      A person, who leads the conversation and always has the first right to speak.
    Other AI speaker: Ada
      Also called: Claude, Adah
      Role: co-host
      Has a mind, a voice and knowledge of its own.

    # The show

    Title: Tides

    Segment 1: Opening (1 minute)
    Goal: Say hello.

    Segment 2: The moon

    # What everyone at the table knows

    ### A title that looks like ours
    Tides rise twice a day.

    # What only you know

    Grace's secret.

    # How to speak

    - Speak the language with the tag en-GB.
    - A voice says your words aloud and they are heard once. Talk as people talk: plain, whole, mostly short sentences. No markdown, headings, lists, links, emoji, sounds or stage directions. Write numbers and units the way they are said.
    - An answer takes about 8 seconds to say, that is about 21 words. When Ruth asks you to be short, one short sentence or one word is enough.
    - Answer what was said last, in its first sentence. Do not repeat what was said already.
    - Say only your own words, as Grace. Never speak for Ruth or Ada, never write their lines, and never begin with a name and a colon.
    - Now and then call Ruth or Ada by name. When you want Ada to go on, end with a question to Ada by name.
    - Interruptions are normal. Where your own last words break off, you were interrupted and the rest was not heard: answer what was said then, and come back to the rest only if it matters or you are asked to.
    - The words of Ruth come from speech recognition and may hold mistakes, in names too: answer what was most likely meant.
    - What you do not know, you say you do not know.
    ");
}

#[test]
fn a_part_of_a_prompt_that_has_nothing_to_say_is_left_out() {
    let system = system_prompt(&good(&with_front("")), AiSpeaker::Claude);
    let headings: Vec<&str> = system.lines().filter(|line| line.starts_with("# ")).collect();
    assert_eq!(headings, ["# You", "# At the table", "# The show", "# How to speak"]);
}

#[test]
fn the_fingerprints_of_two_prompts_differ_where_they_do() {
    let of = |lines: &str, name: &str| {
        let mut prompt = summary_prompt(&example(), AiSpeaker::Guest, lines);
        prompt.messages[0].name = name.into();
        prompt.fingerprint()
    };
    assert_eq!(of("Rain.", "Ruth"), of("Rain.", "Ruth"));
    assert_ne!(of("Rain.", "Ruth"), of("Snow.", "Ruth"));
    assert_ne!(
        of("hRain.", "Rut"),
        of("Rain.", "Ruth"),
        "words that move from one text to another"
    );
    assert_eq!(of("Rain.", "Ruth").len(), 16);
}

#[test]
fn an_ai_is_asked_to_sum_up_what_it_remembers() {
    let prompt = summary_prompt(&example(), AiSpeaker::Guest, "Ruth: What is a tide?\n");
    insta::assert_snapshot!(prompt.system, @r#"
    # You

    You are an AI speaker in a live spoken conversation of three.

    Name: Grace

    # How to sum up

    - Nobody hears this: it is what you will remember of the conversation's beginning.
    - Sum up the lines below in at most two hundred words, in the language with the tag en-GB: who said what, what was agreed and what was not, open questions, names and numbers as they were said.
    - Plain sentences about the others by name and about yourself as "I". Nothing that was not said. No headings, no lists, no brackets, no word about this request.
    "#);
    assert_eq!(prompt.messages.len(), 1);
    assert_eq!(prompt.messages[0].text, "Ruth: What is a tide?");
    assert_eq!(prompt.answer_seconds, 80);
}

#[test]
fn what_one_speaker_knows_never_reaches_the_other() {
    let briefing = example();
    for speaker in AiSpeaker::BOTH {
        let system = system_prompt(&briefing, speaker);
        assert!(system.contains(briefing.private(speaker)));
        assert!(!system.contains(briefing.private(speaker.other())));
    }
}

#[test]
fn the_parts_of_a_prompt_can_be_read_back() {
    let system = system_prompt(&example(), AiSpeaker::Guest);
    assert_eq!(line_of(part(&system, Part::You), lines::NAME), Some("Grace"));
    assert_eq!(line_of(part(&system, Part::Table), lines::HOST), Some("Ruth"));
    assert_eq!(line_of(part(&system, Part::Table), lines::OTHER), Some("Ada"));
    assert_eq!(line_of(part(&system, Part::Show), lines::GOAL), Some("Say hello."));
    assert_eq!(
        part(&system, Part::Everyone),
        "### A title that looks like ours\nTides rise twice a day."
    );
    assert_eq!(part(&system, Part::Private), "Grace's secret.");
    assert!(part(&system, Part::Manner).starts_with("- Speak the language"));
    assert_eq!(part("", Part::You), "");
}

#[test]
fn the_command_line_lists_and_checks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tides.md");
    std::fs::write(&path, with_front("segments: [{ title: One, minutes: 2 }]")).unwrap();
    let list = cli::briefings::list(folder.path());
    assert_eq!(
        (list.text.as_str(), list.exit_code),
        ("tides  A show (Claude and Guest, 1 segment, 2 min)", 0)
    );
    let check = cli::briefings::check(folder.path(), &path);
    assert!(check.text.contains("tides.md: good") && check.exit_code == 0, "{}", check.text);

    std::fs::write(folder.path().join("b.md"), with_front("langage: en")).unwrap();
    let list = cli::briefings::list(folder.path());
    assert!(list.text.starts_with("b      cannot be used\n    "), "{}", list.text);
    assert_eq!(list.exit_code, 1);
    let check = cli::briefings::check(folder.path(), &folder.path().join("b.md"));
    assert!(
        check.text.contains("b.md: line 3: langage: unknown key (did you mean language?)"),
        "{}",
        check.text
    );
    for absent in [folder.path().join("absent.md"), "absent.md".into(), "absent".into()] {
        let check = cli::briefings::check(folder.path(), &absent);
        assert!(check.text.ends_with("absent.md: no such briefing"), "{}", check.text);
        assert_eq!(check.exit_code, 1);
    }
}

#[test]
fn a_briefing_is_named_as_the_list_names_it_or_as_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tides.md");
    std::fs::write(&path, with_front("")).unwrap();
    for asked in ["tides".into(), "tides.md".into(), path.clone()] {
        let found = briefings::load_named(folder.path(), &asked).unwrap();
        assert_eq!((found.name.as_str(), &found.path), ("tides", &path), "{asked:?}");
    }
    let outside = briefings::load_named(&folder.path().join("elsewhere"), &path).unwrap();
    assert_eq!(outside.path, path);
}

#[test]
fn the_guide_for_hosts_shows_the_defaults_that_hold() {
    let rows = table_below(&guide(), "## Rules");
    let mut shown: Vec<(String, String)> =
        rows.iter().map(|row| (row[0].clone(), row[3].clone())).collect();
    shown.retain(|(key, _)| !TOLD_IN_WORDS.contains(&key.as_str()));
    let hold = values_of(&Rules::default());
    let hold: Vec<_> = hold.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    assert_eq!(shown, hold);
}

#[test]
fn each_key_of_the_rules_changes_what_it_names_and_nothing_else() {
    let briefing = good(&with_front(""));
    let all = |rules: &Rules| {
        let mut values = values_of(rules);
        values.push(("endOfTurn.thinking", rules.thinking_phrases.join(", ")));
        values.push(("bargeIn.always", rules.always_interrupt.join(", ")));
        values.push(("bargeIn.never", rules.never_interrupt.join(", ")));
        values
    };
    let before = all(&briefing.rules);
    for (place, (key, value)) in before.iter().enumerate() {
        let other = match value.parse::<i64>() {
            Ok(number) => (number + 1).to_string(),
            Err(_) if value == "true" => "false".to_owned(),
            Err(_) if value == "alternation" => "roles".to_owned(),
            Err(_) => "go on then".to_owned(),
        };
        let mut after = before.clone();
        after[place].1.clone_from(&other);
        assert_eq!(all(&briefing.with_rule(key, &other).unwrap().rules), after, "{key}");
    }
}

#[test]
fn an_episode_and_a_language_are_spelled_for_machines() {
    let is_good = |key: &str, value: &str| {
        let read = Briefing::parse(&with_front(&format!("{key}: {value}")));
        let told = read.err().map(|errors| errors.to_string()).unwrap_or_default();
        assert!(told.is_empty() || told.contains(&format!("\"{value}\"")), "{told}");
        told.is_empty()
    };
    for good in ["a", "1a", "tides-1_b.c"] {
        assert!(is_good("episode", good), "{good}");
    }
    for wrong in ["-a", ".a", "a b", "a/b", "ä"] {
        assert!(!is_good("episode", wrong), "{wrong}");
    }
    for good in ["en", "deu", "en-GB", "zh-Hant-TW", "de-12345678"] {
        assert!(is_good("language", good), "{good}");
    }
    for wrong in ["e", "engl", "e1", "en-", "en-123456789", "en_GB", "en-G.B"] {
        assert!(!is_good("language", wrong), "{wrong}");
    }
}

#[test]
fn text_below_an_unknown_heading_is_not_told_of() {
    let told = wrong("---\ntitle: Rain\n---\n## Nobody\nIt rains.\n");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.contains("## Nobody: unknown heading"), "{told}");
}

#[test]
fn what_is_no_key_of_a_rule_is_told() {
    let briefing = good(&with_front(""));
    for (key, value) in [("", "1"), ("duck Db", "1"), ("handOversMax", "1\nduckDb: 0")] {
        let told = briefing.with_rule(key, value).unwrap_err().to_string();
        assert!(
            told.ends_with("no key of rules; expected one like endOfTurn.firstAskMs"),
            "{told}"
        );
    }
}

/// A key may be as small and as large as the guide says, and no more; whole words where it names some.
#[test]
fn the_guide_for_hosts_shows_the_ranges_that_hold() {
    let briefing = good(&with_front(""));
    let refusal = |key: &str, value: &str| {
        briefing.with_rule(key, value).err().map(|errors| errors.to_string()).unwrap_or_default()
    };
    let mut numbers = 0;
    for row in table_below(&guide(), "## Rules") {
        let (key, range) = (&row[0], &row[2]);
        if range == "true or false" {
            assert!(refusal(key, "3").contains("expected true or false"), "{key}");
            continue;
        }
        let Some((least, rest)) = range.split_once(" to ") else { continue };
        let most = rest.split(' ').next().unwrap();
        let [least, most] = [least, most].map(|number| number.parse::<i64>().unwrap());
        let expected = |unit: &str| unit.ends_with(&format!("from {least} to {most}"));
        for within in [least, most] {
            let told = refusal(key, &within.to_string());
            assert!(!told.contains("a whole number"), "{key}: {within}: {told}");
        }
        for beyond in [least - 1, most + 1] {
            let told = refusal(key, &beyond.to_string());
            assert!(told.contains("a whole number") && expected(&told), "{key}: {beyond}: {told}");
        }
        numbers += 1;
    }
    assert_eq!(numbers, 27);
}

#[test]
fn the_guide_for_hosts_shows_the_presets_and_what_no_briefing_changes() {
    let ms = |span: Span| span.millis().to_string();
    let of_presets = |rules: &Rules| {
        [
            rules.done_score.to_string(),
            ms(rules.lean_silence),
            ms(rules.turn_ceiling),
            ms(rules.not_done_ceiling),
            ms(rules.thinking_ceiling),
            rules.habit_percent.to_string(),
            rules.slow_percent.to_string(),
            ms(rules.habit_max),
            ms(rules.back_channel_max),
            rules.hand_overs_max.to_string(),
            rules.answer_seconds.to_string(),
            ms(rules.ai_gap),
        ]
    };
    let presets = voice_studio::conversation::rules::PRESETS;
    let all: Vec<_> = std::iter::once(Rules::default())
        .chain(presets.map(|name| Rules::preset(name).unwrap()))
        .map(|rules| of_presets(&rules))
        .collect();
    let rows = table_below(&guide(), "### Presets");
    for (place, row) in rows.iter().enumerate() {
        let hold: Vec<&String> = all.iter().map(|values| &values[place]).collect();
        assert_eq!(row[1..].iter().collect::<Vec<_>>(), hold, "{}", row[0]);
    }
    assert_eq!(rows.len(), all[0].len());

    let rules = Rules::default();
    let hold = [
        ms(rules.plain_silence),
        ms(rules.transcript_late),
        rules.done_score_late.to_string(),
        rules.done_score_lean.to_string(),
        rules.surely_not_done.to_string(),
        ms(rules.model_speech_min),
        ms(rules.coverage_slack),
        ms(rules.sound_confirm),
        ms(rules.waver_pause),
        ms(rules.detector_lag),
        ms(rules.counted_lead),
        ms(rules.wordless_extra),
        ms(rules.first_word_weight),
        ms(rules.next_word_weight),
        ms(rules.gate_lag),
        ms(rules.late_words),
        ms(rules.duck_fade),
        ms(rules.stop_fade),
        ms(rules.flush_confirm),
        ms(rules.reply_first_text),
        ms(rules.voice_first_audio),
        ms(rules.playout_progress),
    ];
    let shown: Vec<String> = table_below(&guide(), "### Numbers that no briefing changes")
        .into_iter()
        .map(|row| row[1].clone())
        .collect();
    assert_eq!(shown, hold);
}

#[test]
fn a_preset_gives_its_numbers_and_the_other_keys_change_them() {
    let rules = |keys: &str| {
        Briefing::parse(&format!("---\ntitle: Show\nrules:\n{keys}---\n")).map(|it| it.rules)
    };
    let quick = rules("  preset: rapid-fire\n  answerSeconds: 7\n").unwrap();
    assert_eq!((quick.turn_ceiling.millis(), quick.answer_seconds), (1000, 7));
    for name in voice_studio::conversation::rules::PRESETS {
        let text = format!("  preset: {name}\n");
        assert_eq!(rules(&text).unwrap(), Rules::preset(name).unwrap(), "{name}");
    }
    let error = rules("  preset: slow\n").unwrap_err().to_string();
    assert!(error.contains("interview, debate, rapid-fire"), "{error}");
}

#[test]
fn a_part_of_the_show_and_a_speaker_have_rules_of_their_own() {
    let briefing = good(&with_front(
        "rules: { endOfTurn: { ceilingMs: 1800 } }\n\
         speakers:\n  you: { rules: { endOfTurn: { firstAskMs: 900, secondAskMs: 1200 } } }\n  \
         guest: { rules: { preset: debate, bargeIn: { always: [hold it] } } }\n\
         segments:\n  - { title: A, rules: { preset: rapid-fire, endOfTurn: { ceilingMs: 1400 } } }\n  - title: B",
    ));
    let settings = |rules: &[Setting]| -> Vec<String> {
        rules.iter().map(|Setting { key, value }| format!("{key}={value}")).collect()
    };
    assert_eq!(
        settings(&briefing.speaker(Speaker::You).rules),
        ["endOfTurn.firstAskMs=900", "endOfTurn.secondAskMs=1200"]
    );
    assert_eq!(
        settings(&briefing.speaker(Speaker::Guest).rules),
        ["preset=\"debate\"", "bargeIn.always=[\"hold it\"]"]
    );
    assert_eq!(
        settings(&briefing.segments[0].rules),
        ["preset=\"rapid-fire\"", "endOfTurn.ceilingMs=1400"]
    );
    let text = serde_json::to_string(&briefing).expect("JSON");
    assert_eq!(serde_json::from_str::<Briefing>(&text).expect("a briefing"), briefing);
}

#[test]
fn rules_that_are_no_affair_of_a_speaker_or_do_not_fit_are_told() {
    insta::assert_snapshot!(wrong(&with_front(
        "rules: { answers: loudest, director: { shareMax: 20 }, historyWords: 3 }\n\
         speakers:\n  you: { rules: { answerSeconds: 4 } }\n  claude: { rules: { handOversMax: 2, bargeIn: { pauseMs: 9000 } } }\n\
         segments: [{ title: A, rules: { preset: quiz, gapMs: 3 } }]",
    )), @r#"
    line 3: rules.answers: "loudest"; expected one of alternation, balance, roles
    line 3: rules.historyWords: 3; expected a whole number of words from 200 to 100000
    line 3: rules.director.shareMax: 20; expected a whole number of per mille from 500 to 1000
    line 5: speakers.you.rules.answerSeconds: no rule of this speaker; expected one of preset, endOfTurn
    line 6: speakers.claude.rules.bargeIn.pauseMs: 9000; expected a whole number of milliseconds from 40 to 2000
    line 6: speakers.claude.rules.handOversMax: no rule of this speaker; expected one of preset, answerSeconds, bargeIn, autopilot.gapMs
    line 7: segments[1].rules.preset: "quiz"; expected one of interview, debate, rapid-fire
    line 7: segments[1].rules.gapMs: unknown key; expected one of preset, answerSeconds, handOversMax, answers, followUps, strike, historyWords, director, autopilot, prepare, endOfTurn, bargeIn
    "#);
    insta::assert_snapshot!(wrong(&with_front(
        "speakers: { you: { rules: { endOfTurn: { ceilingMs: 700 } } } }\n\
         segments: [{ title: A, rules: { endOfTurn: { secondAskMs: 1000 } } }]",
    )), @"line 2: segments[1].rules: with speakers.you.rules: 200, 1000 and 700 in effect; expected firstAskMs ≤ secondAskMs ≤ ceilingMs");
}
