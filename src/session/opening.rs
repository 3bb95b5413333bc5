//! Opening a session: all of it that blocks, before there is an actor. Runs on the pool for blocking work.

use std::sync::Arc;

use super::actor::Identity;
use super::cast::Cast;
use super::directory::StartSession;
use super::house::{House, RecordRequest, StartError};
use super::profile_keeper::ProfileKeeper;
use super::recorder::OpenRecord;
use super::revival::{Continues, Earlier, token_hash};
use crate::audio::SampleRate;
use crate::clock::{Clock, SessionClock};
use crate::conversation::briefing::Briefing;
use crate::conversation::{Setup, Speaker};
use crate::faults;
use crate::hex::hex;
use crate::recording::SoundCheckEntry;
use crate::time::SessionTime;

/// A session that has everything but an actor.
pub(super) struct Opened {
    pub(super) identity: Identity,
    pub(super) setup: Setup,
    pub(super) host_rate: SampleRate,
    pub(super) cast: Cast,
    pub(super) record: OpenRecord,
    pub(super) clock: SessionClock,
    pub(super) earlier: Option<Earlier>,
    pub(super) sound_check: Option<SoundCheckEntry>,
    pub(super) keeper: Option<ProfileKeeper>,
}

/// A new session: reads the briefing, makes the folder.
pub(super) fn open(
    house: &Arc<dyn House>,
    request: &StartSession,
    clock: &Clock,
) -> Result<Opened, StartError> {
    let mut briefing = house.briefing(&request.briefing)?;
    let name = request.participant_name.trim();
    if !name.is_empty() {
        briefing.speakers[0].name = name.chars().take(40).collect();
    }
    // 53 bits: any reader of the log keeps them, also one that has floating-point numbers only.
    let seed = u64::from_le_bytes(random_bytes()?) >> 11;
    let table = Table { briefing, seed, host_rate: request.host_rate, token: random_id("r")? };
    let mut opened = begin(house, table, &request.episode_id, clock)?;
    opened.sound_check = request.sound_check;
    Ok(opened)
}

/// A session whose process died, under the token that its host still has: the same table in a new take.
pub(super) fn open_again(
    house: &Arc<dyn House>,
    resume_token: &str,
    clock: &Clock,
) -> Result<Opened, StartError> {
    let survivor = house
        .survivor(&token_hash(resume_token), clock.unix_ms())?
        .ok_or(StartError::ResumeUnknown)?;
    let table = Table {
        briefing: survivor.briefing,
        seed: survivor.seed,
        host_rate: SampleRate::new(survivor.host_rate_hz).unwrap_or(SampleRate::HZ_48000),
        token: resume_token.to_owned(),
    };
    let mut opened = begin(house, table, &survivor.episode, clock)?;
    let begun_unix_ms = opened.clock.unix_ms_of(SessionTime::ZERO);
    let gap_ms = begun_unix_ms.saturating_sub(survivor.ended_unix_ms);
    let continues =
        Continues { session_id: survivor.session_id, episode_id: survivor.folder, gap_ms };
    opened.earlier = Some(Earlier { memory: survivor.memory, continues });
    Ok(opened)
}

/// Who sits down, and under which token.
struct Table {
    briefing: Briefing,
    seed: u64,
    host_rate: SampleRate,
    token: String,
}

fn begin(
    house: &Arc<dyn House>,
    table: Table,
    episode_id: &str,
    clock: &Clock,
) -> Result<Opened, StartError> {
    let Table { briefing, seed, host_rate, token } = table;
    faults::point("open", episode_id);
    let cast = house.cast(&briefing)?;
    let keeper = ProfileKeeper::of(house, &briefing.speaker(Speaker::You).name);
    let profile = keeper.as_ref().map(ProfileKeeper::read).unwrap_or_default();
    let session_clock = SessionClock::start(clock);
    let session_id = random_id("s")?;
    let record = OpenRecord::create(
        house.episode(&RecordRequest {
            briefing: &briefing,
            cast: &cast,
            episode_id,
            session_id: &session_id,
            started_unix_ms: session_clock.unix_ms(),
        })?,
        session_clock.clone(),
    )?;
    let episode_id = record.episode_id();
    Ok(Opened {
        identity: Identity { session_id, resume_token: token, episode_id },
        setup: Setup { briefing: Arc::new(briefing), seed, profile },
        host_rate,
        cast,
        record,
        clock: session_clock,
        earlier: None,
        sound_check: None,
        keeper,
    })
}

fn random_bytes<const N: usize>() -> Result<[u8; N], StartError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| StartError::NoRandomness(error.to_string()))?;
    Ok(bytes)
}

/// 128 random bits in hex: nobody guesses them.
fn random_id(prefix: &str) -> Result<String, StartError> {
    Ok(format!("{prefix}-{}", hex(&random_bytes::<16>()?)))
}
