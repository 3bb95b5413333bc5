//! Which sessions are held: what the host says in each, and what it is there to show.

use std::path::{Path, PathBuf};

use voice_studio::client::rehearsal::HostFile;

use crate::support::shared_dir;
use crate::support::sound::wav_16k;

/// What a session is there to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// One question.
    Question,
    /// A request, and an interruption while it is answered.
    BargeIn,
    /// A request, and murmurs while it is answered.
    BackChannels,
    /// A pause inside a sentence.
    Pause,
    /// A line for Ada, one for Grace, one for both.
    ThreeTurns,
    /// Somebody reads from a book; the reference is known.
    Reading,
    /// Somebody who has nothing to do with this project speaks.
    People,
}

/// A session to be held.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) case: Case,
    /// Name of its recording.
    pub(super) episode: String,
    /// Name of its briefing.
    pub(super) briefing: &'static str,
    pub(super) host: Host,
    /// What the host says, where words are counted.
    pub(super) reference: String,
}

/// The host's voice.
#[derive(Debug)]
pub(super) enum Host {
    /// A file, as it is.
    File(PathBuf),
    /// Files and quiet, joined at 16 kHz.
    Joined(Vec<Part>),
}

#[derive(Debug)]
pub(super) enum Part {
    QuietMs(usize),
    Line(PathBuf),
}

impl Host {
    /// What the host's microphone hears.
    pub(super) fn voice(&self) -> HostFile {
        match self {
            Self::File(path) => {
                let mut reader = hound::WavReader::open(path).unwrap();
                let samples = reader.samples::<i16>().map(Result::unwrap).collect();
                HostFile::new(reader.spec().sample_rate, samples)
            }
            Self::Joined(parts) => {
                let sound = parts.iter().flat_map(|part| match part {
                    Part::QuietMs(ms) => vec![0; 16 * ms],
                    Part::Line(line) => wav_16k(line),
                });
                HostFile::new(16_000, sound.collect())
            }
        }
    }
}

/// All sessions: what every checkout can hold, and what recordings beside it allow.
pub(super) fn plans(models: &Path) -> Vec<Plan> {
    let mut plans = made_lines();
    plans.extend(two_cities(models));
    match shared_dir() {
        Some(shared) => {
            plans.extend(fixtures(&shared));
            plans.extend(read_clips(&shared));
            plans.extend(people(&shared));
        }
        None => println!("no shared recordings: only the lines of tests/audio are judged"),
    }
    // The longest first, so that none is left alone at the end.
    plans.sort_by_key(|plan| (plan.case != Case::Reading, plan.case != Case::ThreeTurns));
    plans
}

fn made_lines() -> Vec<Plan> {
    use Part::QuietMs;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/audio");
    let line = |name: &str| Part::Line(folder.join(name).with_extension("wav"));
    let cases = [
        (Case::Question, vec![QuietMs(1000), line("question")]),
        (
            Case::BargeIn,
            vec![QuietMs(1000), line("request"), QuietMs(5000), line("barge-in"), QuietMs(2000)],
        ),
        (
            Case::BackChannels,
            vec![
                QuietMs(1000),
                line("request"),
                QuietMs(4000),
                line("mm-hmm"),
                QuietMs(2000),
                line("right"),
                QuietMs(4000),
            ],
        ),
        (Case::Pause, vec![QuietMs(1000), line("pause"), QuietMs(2000)]),
        (
            Case::ThreeTurns,
            vec![
                QuietMs(1000),
                line("ada"),
                QuietMs(6000),
                line("grace"),
                QuietMs(6000),
                line("both"),
                QuietMs(2000),
            ],
        ),
    ];
    cases
        .into_iter()
        .map(|(case, parts)| Plan {
            case,
            episode: format!("made-{case:?}").to_lowercase(),
            briefing: "table",
            host: Host::Joined(parts),
            reference: String::new(),
        })
        .collect()
}

fn two_cities(models: &Path) -> Option<Plan> {
    let recording = models.join("two-cities/two_cities.wav");
    recording.is_file().then(|| Plan {
        case: Case::Reading,
        episode: "two-cities".to_owned(),
        briefing: "table",
        host: Host::File(recording),
        reference: String::new(),
    })
}

fn fixtures(shared: &Path) -> Vec<Plan> {
    [
        (Case::Question, "host-one-question"),
        (Case::BargeIn, "host-barge-in"),
        (Case::BackChannels, "host-backchannel"),
        (Case::Pause, "host-pause-mid-sentence"),
        (Case::ThreeTurns, "host-three-turns"),
    ]
    .into_iter()
    .map(|(case, name)| Plan {
        case,
        episode: name.to_owned(),
        briefing: "ada-and-grace",
        host: Host::File(shared.join("fixtures/host").join(name).with_extension("wav")),
        reference: String::new(),
    })
    .collect()
}

/// Sessions that the read clips are dealt to.
const READINGS: usize = 4;
/// Quiet between two clips: the AI is about to answer, or has begun to, when the next one comes.
const BETWEEN_CLIPS_MS: usize = 2500;

fn read_clips(shared: &Path) -> Vec<Plan> {
    let table = std::fs::read_to_string(shared.join("speech/MANIFEST.tsv")).unwrap();
    let clips: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .map(|line| line.split('\t').collect::<Vec<_>>())
        .filter(|cells| cells[4] == "read" && !cells[7].starts_with("machine"))
        .collect();
    (0..READINGS)
        .map(|reading| {
            let mut parts = vec![Part::QuietMs(1000)];
            let mut reference = Vec::new();
            for cells in clips.iter().skip(reading).step_by(READINGS) {
                parts.push(Part::Line(shared.join("speech").join(cells[0])));
                parts.push(Part::QuietMs(BETWEEN_CLIPS_MS));
                reference.push(cells[6]);
            }
            Plan {
                case: Case::Reading,
                episode: format!("reading-{reading}"),
                briefing: "ada-and-grace",
                host: Host::Joined(parts),
                reference: reference.join(" "),
            }
        })
        .collect()
}

fn people(shared: &Path) -> Vec<Plan> {
    ["jfk", "brooklyn", "unm-dog"]
        .into_iter()
        .map(|name| Plan {
            case: Case::People,
            episode: format!("people-{name}"),
            briefing: "ada-and-grace",
            host: Host::File(shared.join("speech").join(name).with_extension("wav")),
            reference: String::new(),
        })
        .collect()
}
