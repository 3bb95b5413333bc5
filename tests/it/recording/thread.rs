//! The recorder behind its queue.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use voice_studio::conversation::Speaker;
use voice_studio::recording::{
    Closing, Manifest, RecordMessage, RecorderReport, RecordingReady, WriterHandle,
};

use super::{caption, decode, event, ms, setup, stamp, sweep};

/// A writer and its reports.
fn start(root: &std::path::Path) -> (WriterHandle, Receiver<RecorderReport>) {
    let (sender, reports) = channel();
    let handle =
        WriterHandle::start(setup(root), move |report| sender.send(report).unwrap()).unwrap();
    (handle, reports)
}

fn ready(report: RecorderReport) -> RecordingReady {
    match report {
        RecorderReport::Ready(ready) => ready,
        RecorderReport::Failed(error) => panic!("{error}"),
        RecorderReport::Space(space) => panic!("{space:?}"),
    }
}

#[test]
fn what_was_queued_before_the_end_is_in_the_recording() {
    let root = tempfile::tempdir().unwrap();
    let (mut handle, reports) = start(root.path());
    let samples: Arc<[i16]> = sweep(4800).into();
    for index in 0..20 {
        let at = ms(index * 100);
        handle
            .try_send(RecordMessage::Audio {
                speaker: Speaker::You,
                at,
                samples: Arc::clone(&samples),
            })
            .unwrap();
        handle.try_send(RecordMessage::Advance(at)).unwrap();
    }
    let words = Box::new(caption(1, Speaker::You, &[("Hello", 0, 900)]));
    handle.try_send(RecordMessage::Caption { stamp: stamp(900), caption: words }).unwrap();
    let label = "intro".to_owned();
    handle.try_send(RecordMessage::Marker { stamp: stamp(950), label, at: ms(10) }).unwrap();
    handle
        .try_send(RecordMessage::Event(Box::new(event(2000, "session.end", serde_json::json!({})))))
        .unwrap();
    handle.finish(ms(2000), Closing::default()).wait();
    let ready = ready(reports.recv().unwrap());
    assert_eq!(decode(&ready.dir, Speaker::You).len(), 96_000);
    let manifest = Manifest::read(&ready.dir).unwrap().unwrap();
    assert_eq!((manifest.captions[0].cues, manifest.markers.len(), manifest.log.events), (1, 1, 4));
    assert!(reports.recv().is_err(), "one answer, and the thread is gone");
}

#[test]
fn a_handle_that_is_dropped_ends_the_recording_at_its_watermark() {
    let root = tempfile::tempdir().unwrap();
    let (mut handle, reports) = start(root.path());
    handle.try_send(RecordMessage::Advance(ms(640))).unwrap();
    drop(handle);
    assert_eq!(ready(reports.recv().unwrap()).samples, 640 * 48);
}
