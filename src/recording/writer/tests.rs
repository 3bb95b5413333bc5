//! The queue's levels and the thread's failures, which no disk here would show on demand.

use super::*;
use crate::recording::{EpisodeId, SpeakerKind, TrackSetup};

fn setup(root: &Path) -> EpisodeSetup {
    let kinds = [SpeakerKind::Human, SpeakerKind::Ai, SpeakerKind::Ai];
    EpisodeSetup {
        root: root.to_owned(),
        episode: EpisodeId::parse("pilot").unwrap(),
        session_id: "s".to_owned(),
        title: String::new(),
        language: "en".to_owned(),
        started_unix_ms: 0,
        tracks: kinds.map(|kind| TrackSetup {
            name: String::new(),
            kind,
            model: None,
            voice: None,
        }),
    }
}

/// A handle whose disk takes nothing until the test does.
fn stalled() -> (WriterHandle, Inbox) {
    let (sender, receiver) = channel();
    let handle = WriterHandle {
        sender,
        queued_messages: Arc::default(),
        queued_samples: Arc::default(),
        finish_order: FinishOrder::default(),
        is_half_full: false,
        dir: PathBuf::from("recordings/pilot"),
        thread: std::thread::spawn(|| ()),
        blocked: BlockedMark::default(),
    };
    let inbox = Inbox {
        receiver,
        queued_messages: Arc::clone(&handle.queued_messages),
        queued_samples: Arc::clone(&handle.queued_samples),
        finish_order: Arc::clone(&handle.finish_order),
    };
    (handle, inbox)
}

fn take(inbox: &Inbox, count: usize) {
    for _ in 0..count {
        inbox.took(&inbox.receiver.recv().unwrap());
    }
}

#[test]
fn a_queue_says_once_that_it_is_half_full_and_refuses_when_it_is_full() {
    let (mut handle, inbox) = stalled();
    let advance = || RecordMessage::Advance(SessionTime::ZERO);
    for round in 0..2 {
        for index in 1..=QUEUE_MESSAGES_MAX {
            let queued = handle.try_send(advance()).unwrap();
            let is_half = index == QUEUE_MESSAGES_MAX / 2;
            assert_eq!(queued == Queued::HalfFull, is_half, "message {index} of round {round}");
        }
        assert!(matches!(
            handle.try_send(advance()),
            Err(QueueRefusal::Full(RecordMessage::Advance(_)))
        ));
        take(&inbox, QUEUE_MESSAGES_MAX);
        // One message under a quarter re-arms the warning.
        assert_eq!(handle.try_send(advance()).unwrap(), Queued::Accepted);
        take(&inbox, 1);
    }
    assert_eq!(handle.stalled().code(), "disk_stalled");
    drop(inbox);
    assert!(matches!(handle.try_send(advance()), Err(QueueRefusal::Closed(_))));
}

#[test]
fn long_stretches_fill_the_queue_by_their_samples() {
    let (mut handle, inbox) = stalled();
    let second: Arc<[i16]> = vec![1; SESSION_RATE_HZ as usize].into();
    let mut send = || {
        let samples = Arc::clone(&second);
        handle.try_send(RecordMessage::Audio {
            speaker: Speaker::You,
            at: SessionTime::ZERO,
            samples,
        })
    };
    let answers: Vec<_> = (0..QUEUE_SECONDS * 3).map(|_| send().unwrap()).collect();
    assert_eq!(answers.iter().filter(|answer| **answer == Queued::HalfFull).count(), 1);
    assert!(matches!(send(), Err(QueueRefusal::Full(_))));
    take(&inbox, 1);
    assert_eq!(send().unwrap(), Queued::Accepted);
}

/// The reports of a thread whose work on a fresh folder fails so.
fn reports_of(
    work: impl FnOnce(&Path) -> Result<RecordingReady, RecordingError>,
) -> Vec<RecorderReport> {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = EpisodeRecorder::create(setup(root.path())).unwrap();
    recorder.advance(SessionTime::from_millis(1000)).unwrap();
    let dir = recorder.dir().to_owned();
    drop(recorder);
    let reports = Mutex::new(Vec::new());
    run(&dir, &|report| reports.lock().unwrap().push(report), || work(&dir));
    reports.into_inner().unwrap()
}

#[test]
fn a_panic_is_reported_and_what_was_written_is_repaired_at_once() {
    let reports = reports_of(|_| panic!("a broken invariant"));
    let [RecorderReport::Failed(error), RecorderReport::Ready(ready)] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert_eq!(error.code(), "recording_panicked");
    assert!(error.to_string().contains("a broken invariant"), "{error}");
    // Two whole clusters of 400 ms; the third was not yet full. Less the look-ahead, a whole number of milliseconds.
    assert_eq!(ready.samples, 793 * 48);
}

#[test]
fn a_full_disk_is_reported_by_its_code_and_what_was_written_is_repaired_at_once() {
    let reports = reports_of(|dir| {
        let source = std::io::ErrorKind::StorageFull.into();
        Err(RecordingError::File { action: "write", path: dir.join("you.webm"), source })
    });
    let [RecorderReport::Failed(error), RecorderReport::Ready(_)] = &reports[..] else {
        panic!("{reports:?}")
    };
    assert_eq!(error.code(), "disk_full");
}
