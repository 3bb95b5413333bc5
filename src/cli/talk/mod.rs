//! `studio talk`: a session from the terminal, with this machine's own microphone and loudspeaker.
//!
//! Starts a studio of its own unless it is told where one runs, and speaks to either over the real WebSocket. Wear
//! headphones: nothing here takes the loudspeaker's sound out of the microphone.
//!
//! Exit codes: 0 done, 1 not done, 69 no sound device to talk through.

mod devices;
mod terminal;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, bail};
use tokio::sync::mpsc;

use self::devices::Sound;
use self::terminal::Terminal;
use super::signal::StopSignals;
use super::{own_studio, print};
use crate::briefings;
use crate::client::talk::{Door, KEYS_MAX, Key, Talked, talk};
use crate::config::{Config, LogLevel};
use crate::conversation::briefing::Briefing;
use crate::transport::protocol::Hello;

/// There is no sound device, or it cannot be used: `EX_UNAVAILABLE` of sysexits.h.
const EXIT_NO_SOUND: u8 = 69;

/// What a talk needs.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The microphone: an id of --list-devices, or a part of its name
    #[arg(long, value_name = "DEVICE")]
    input: Option<String>,
    /// The loudspeaker or headphones, in the same way
    #[arg(long, value_name = "DEVICE")]
    output: Option<String>,
    /// List the sound devices and end
    #[arg(long)]
    list_devices: bool,
    /// The briefing: a file, or the name of one of the studio's; its first one unless given
    #[arg(long, value_name = "FILE.md|NAME", default_value = "", hide_default_value = true)]
    briefing: String,
    /// Your name; the briefing's unless given
    #[arg(long, default_value = "", hide_default_value = true)]
    name: String,
    /// Name of the recording; the briefing's unless given
    #[arg(long, value_name = "ID", default_value = "", hide_default_value = true)]
    episode: String,
    /// Talk to a studio that runs, instead of one of its own; `STUDIO_ACCESS_TOKEN` is shown to it
    #[arg(long, value_name = "HOST:PORT")]
    studio: Option<String>,
}

/// Holds the talk.
pub(super) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let _silence = devices::silence();
    if arguments.list_devices {
        return no_sound_or(devices::list().map(|listed| print_devices(&listed)));
    }
    let mut config = Config::load()?;
    let sound = match devices::open(arguments.input.as_deref(), arguments.output.as_deref()) {
        Ok(sound) => sound,
        Err(error) => return no_sound_or(Err(error)),
    };
    let terminal = Terminal::new();
    // On a screen that is drawn over and over a log would be lost, and break what is drawn.
    let level = if terminal.is_screen() { LogLevel::Error } else { config.log_level };
    super::log::start(level);
    super::panics::log_panics();
    let runtime = actix::System::new();
    if let Some(address) = &arguments.studio {
        let door = Door {
            address: find(address)?,
            token: config.access_token.as_ref().map(|token| token.expose().to_owned()),
            hello: arguments.hello(&arguments.briefing),
            rate: sound.rate,
        };
        let talked = runtime.block_on(hold(&door, sound, terminal))?;
        tell(&talked, None)?;
    } else {
        own_studio::keep_to_itself(&mut config);
        let (briefing, name) = arguments.own_briefing(&config.briefings_dir)?;
        let hello = arguments.hello(name);
        let talked = runtime.block_on(hold_here(&config, briefing, hello, sound, terminal))?;
        tell(&talked, Some(&config.recording_dir))?;
    }
    Ok(ExitCode::SUCCESS)
}

impl Arguments {
    fn hello(&self, briefing: &str) -> Hello {
        Hello {
            participant_name: self.name.clone(),
            episode_id: self.episode.clone(),
            briefing: Some(briefing.to_owned()).filter(|name| !name.is_empty()),
            ..Hello::default()
        }
    }

    /// The briefing as a file, or the name of one of the studio's in `folder`.
    fn own_briefing(&self, folder: &Path) -> anyhow::Result<(Option<Briefing>, &str)> {
        let path = Path::new(&self.briefing);
        if path.extension().is_some_and(|extension| extension == "md") {
            return Ok((Some(briefings::load_named(folder, path)?.briefing), ""));
        }
        Ok((None, &self.briefing))
    }
}

fn find(address: &str) -> anyhow::Result<SocketAddr> {
    let found = address.to_socket_addrs().with_context(|| format!("find the studio {address}"))?;
    let Some(address) = { found }.next() else { bail!("{address} has no address") };
    Ok(address)
}

async fn hold_here(
    config: &Config,
    briefing: Option<Briefing>,
    hello: Hello,
    sound: Sound,
    terminal: Terminal,
) -> anyhow::Result<Talked> {
    let running = own_studio::start(config, briefing).await?;
    let door = Door { address: running.address, token: None, hello, rate: sound.rate };
    let talked = hold(&door, sound, terminal).await;
    running.stop().await;
    talked
}

async fn hold(door: &Door, sound: Sound, terminal: Terminal) -> anyhow::Result<Talked> {
    let (press, keys) = mpsc::channel(KEYS_MAX);
    let mut signals = StopSignals::listen().context("listen to signals")?;
    let ending = press.clone();
    let screen = terminal.enter(press);
    let Sound { line, input, output, .. } = sound;
    let mut show = screen;
    let talking = talk(door, line, keys, &mut show);
    let talked = tokio::select! {
        talked = talking => talked,
        () = async {
            signals.next().await;
            if ending.send(Key::End).await.is_ok() {
                signals.next().await;
            }
        } => Err(anyhow::anyhow!("broken off; the studio keeps what was recorded")),
    };
    // The card's threads end before the terminal is given back.
    drop((input, output));
    talked
}

fn tell(talked: &Talked, recordings: Option<&Path>) -> anyhow::Result<()> {
    let episode = &talked.view.episode_id;
    let place =
        recordings.map_or_else(|| episode.clone(), |dir| dir.join(episode).display().to_string());
    print::line(&format!("Recorded: {place}"))?;
    for file in &talked.view.files {
        print::line(&format!("  {} {} bytes", file.name, file.bytes))?;
    }
    let Talked { faults, dropped_frames, comebacks, .. } = talked;
    if faults.lost_samples + faults.told + dropped_frames + comebacks > 0 {
        print::aside(&format!(
            "{} samples of the microphone were lost, {dropped_frames} frames of the AIs could not be played, the sound card told of {} errors, the connection broke {comebacks} times",
            faults.lost_samples, faults.told
        ));
    }
    Ok(())
}

fn print_devices(listed: &[devices::Listed]) -> anyhow::Result<()> {
    for device in listed {
        print::line(&device.to_string())?;
    }
    Ok(())
}

fn no_sound_or(outcome: Result<anyhow::Result<()>, devices::NoSound>) -> anyhow::Result<ExitCode> {
    match outcome {
        Ok(printed) => printed.map(|()| ExitCode::SUCCESS),
        Err(error) => {
            print::aside(&format!("error: {error}"));
            Ok(ExitCode::from(EXIT_NO_SOUND))
        }
    }
}
