//! What is learned of a host is kept for the next show, logged at its start, and forgotten when asked.

use std::path::Path;

use voice_studio::conversation::HostProfile;
use voice_studio::recording::{keep_profile, read_events, read_profile, reset_profile};
use voice_studio::transport::protocol::Hello;

use crate::support::comes;
use crate::support::stand_ins::StandIns;
use crate::support::studio::Studio;

const KNOWN: HostProfile = HostProfile { shows: 3, pause_ms: 1234, pace_wpm: 150 };

/// What the log of a take says was known of its host at the start.
fn logged(recordings: &Path, take: &str) -> HostProfile {
    let path = recordings.join(take).join("events.jsonl");
    let first = read_events(&path).expect("a log").next().expect("a line").expect("an event");
    assert_eq!(first.kind, "session.start");
    serde_json::from_value(first.fields["hostProfile"].clone()).expect("a profile")
}

/// Holds a show with a host of this name, and waits for what is kept of it.
async fn show(studio: &Studio, name: &str, shows: u32) -> String {
    let hello = Hello { participant_name: name.to_owned(), ..Hello::default() };
    let mut guest = studio.join(hello).await;
    guest.snapshot().await;
    let sessions = studio.get("/api/sessions").await.json();
    let take = sessions["sessions"][0]["episodeId"].as_str().expect("an episode").to_owned();
    guest.end().await;
    let recordings = studio.dir.path().join("recordings");
    comes("the profile", async {
        while read_profile(&recordings, name).shows < shows {
            studio.get("/ready").await;
        }
    })
    .await;
    take
}

#[actix::test]
async fn a_host_who_comes_again_is_known_until_forgotten() {
    let studio = Studio::start(StandIns::new(&[], &["A moon is a rock."])).await;
    let recordings = studio.dir.path().join("recordings");
    let first = show(&studio, "Zoë", 1).await;
    assert_eq!(logged(&recordings, &first), HostProfile::default());

    keep_profile(&recordings, "Zoë", KNOWN).expect("kept");
    let second = show(&studio, "zoë", 4).await;
    assert_eq!(logged(&recordings, &second), KNOWN, "logged whole, so that a replay is the same");
    assert_eq!(read_profile(&recordings, "Zoë"), HostProfile { shows: 4, ..KNOWN });

    assert!(reset_profile(&recordings, "Zoë").expect("forgotten"));
    let third = show(&studio, "Zoë", 1).await;
    assert_eq!(logged(&recordings, &third), HostProfile::default());
}

#[actix::test]
async fn profiles_are_no_recordings() {
    let studio = Studio::start(StandIns::new(&[], &["A moon is a rock."])).await;
    show(&studio, "Ann", 1).await;
    let listed = studio.get("/api/recordings").await.json();
    assert_eq!(listed["recordings"].as_array().map(Vec::len), Some(1), "{listed}");
}
