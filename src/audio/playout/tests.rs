//! What the ledger of one AI's sound promises, whatever is pushed, heard and told.

use proptest::prelude::*;

use super::*;

/// Any name of a turn will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct TurnId(u32);

const T1: TurnId = TurnId(1);
const T2: TurnId = TurnId(2);

fn ms(millis: u64) -> SessionTime {
    SessionTime::from_millis(millis)
}

/// A turn whose every sample is known by its place.
fn sound(from: u64, samples: u64) -> Vec<i16> {
    (from..from + samples).map(|place| i16::try_from(place * 7919 % 30_011).unwrap()).collect()
}

fn playing(samples: u64, reports: Reports) -> Playout<TurnId> {
    let mut playout = Playout::new(reports);
    playout.open(T1);
    playout.push(T1, &sound(0, samples));
    playout.close(T1);
    playout.start(T1, ms(1000));
    playout
}

fn due(playout: &mut Playout<TurnId>, now: SessionTime) -> Vec<DueFrame<TurnId>> {
    let mut frames = Vec::new();
    playout.due(now, &mut frames);
    frames
}

#[test]
fn nothing_leaves_before_the_start_and_200_ms_leave_at_once_after_it() {
    let mut playout = Playout::default();
    playout.open(T1);
    assert_eq!(playout.push(T1, &sound(0, 48_000)), Pushed::Accepted { wants_more: true });
    assert_eq!(due(&mut playout, ms(900)), []);
    playout.start(T1, ms(1000));
    let frames = due(&mut playout, ms(1000));
    assert_eq!(frames.len(), 10);
    assert_eq!(frames[9].first_sample, 9 * FRAME);
    assert_eq!(frames[9].samples[..], sound(9 * FRAME, FRAME)[..]);
    assert_eq!(due(&mut playout, ms(1100)), [], "no credit without a report");
}

#[test]
fn a_report_turns_sent_sound_into_heard_sound_and_gives_credit() {
    let mut playout = playing(48_000, Reports::Expected);
    due(&mut playout, ms(1000));
    let span = playout.heard(T1, 1500, ms(1040), ms(1050)).unwrap();
    assert_eq!((span.from_sample, span.until_sample, span.at), (0, 1500, ms(1040)));
    assert_eq!(span.samples[..], sound(0, 1500)[..]);
    assert_eq!(due(&mut playout, ms(1050)).len(), 1, "1500 samples are credit for one whole frame");
    assert_eq!(playout.heard(T1, 1200, ms(1060), ms(1060)), None, "hearing never goes back");
    let span = playout.heard(T1, 1_000_000, ms(1060), ms(1060)).unwrap();
    assert_eq!(span.until_sample, 11 * FRAME, "nobody hears what was not sent");
}

#[test]
fn a_pause_holds_the_turn_and_resume_goes_on_at_the_same_sample() {
    let mut playout = playing(96_000, Reports::Expected);
    due(&mut playout, ms(1000));
    playout.pause(T1, ms(1100));
    assert!(!playout.permits(T1));
    playout.heard(T1, 4800, ms(1100), ms(1120));
    assert_eq!(due(&mut playout, ms(1200)), []);
    playout.resume(T1, ms(1900));
    let frames = due(&mut playout, ms(1900));
    assert_eq!(frames[0].first_sample, 9600);
    assert_eq!(frames.len(), 5);
}

#[test]
fn a_flush_drops_the_unsent_at_once_and_the_unheard_when_it_settles() {
    let mut playout = playing(48_000, Reports::Expected);
    due(&mut playout, ms(1000));
    playout.flush(T1, ms(1100));
    assert_eq!(playout.unheard_samples(), 48_000 - 9600);
    assert_eq!(due(&mut playout, ms(1100)), []);
    assert_eq!(playout.push(T1, &[0; 10]), Pushed::Stale);
    playout.resume(T1, ms(1100));
    assert_eq!(due(&mut playout, ms(1100)), [], "a flushed turn never comes back");
    let span = playout.heard(T1, 5000, ms(1104), ms(1110)).unwrap();
    assert_eq!(span.samples.len(), 5000, "the listener faded out over sound it had");
    let settled = Settled { turn: T1, heard: 5000, heard_at: Some(ms(1104)), unheard: 43_000 };
    assert_eq!(playout.settle(T1), Some(settled));
    assert_eq!(playout.heard(T1, 6000, ms(1200), ms(1200)), None);
    assert_eq!(playout.unheard_samples(), 43_000);
    assert_eq!(playout.stale_samples(), 10);
}

#[test]
fn a_turn_that_is_told_where_to_end_ends_there_whatever_more_is_made_of_it() {
    let mut playout = Playout::default();
    playout.open(T1);
    playout.push(T1, &sound(0, 20_000));
    playout.start(T1, ms(1000));
    let mut last = due(&mut playout, ms(1000)).len() as u64 * FRAME;
    playout.end_at(T1, 24_000);
    assert!(!playout.is_all_heard(T1));
    playout.push(T1, &sound(20_000, 9_000));
    assert_eq!(playout.push(T1, &[0; 10]), Pushed::Stale, "the turn is whole");
    for round in 0..10 {
        let now = ms(1020 + 100 * round);
        if let Some(frame) = due(&mut playout, now).last() {
            last = frame.first_sample + frame.samples.len() as u64;
        }
        playout.heard(T1, last, now, now);
    }
    assert_eq!(last, 24_000);
    assert!(playout.is_all_heard(T1));
    assert_eq!((playout.unheard_samples(), playout.stale_samples()), (5_000, 10));
}

#[test]
fn a_turn_does_not_end_before_what_was_sent_of_it() {
    let mut playout = playing(48_000, Reports::Expected);
    due(&mut playout, ms(1000));
    playout.end_at(T1, 1_000);
    playout.heard(T1, 9_600, ms(1200), ms(1200));
    assert!(playout.is_all_heard(T1));
    assert_eq!(playout.unheard_samples(), 48_000 - 9_600);
}

#[test]
fn opening_a_turn_forgets_the_one_before() {
    let mut playout = playing(4800, Reports::Expected);
    let settled = playout.open(T2).unwrap();
    assert_eq!((settled.turn, settled.unheard), (T1, 4800));
    assert_eq!(playout.push(T1, &[0; 960]), Pushed::Stale);
    playout.start(T1, ms(1000));
    assert_eq!(due(&mut playout, ms(1000)), []);
    assert_eq!(playout.snapshot().unwrap().turn, T2);
}

#[test]
fn the_last_frame_of_a_piece_and_of_the_turn_may_be_short() {
    let mut playout = Playout::default();
    playout.open(T1);
    playout.start(T1, ms(0));
    playout.push(T1, &sound(0, 1000));
    assert_eq!(due(&mut playout, ms(0)).len(), 1, "40 samples wait for more of their piece");
    playout.end_piece(T1);
    assert_eq!(due(&mut playout, ms(0))[0].samples.len(), 40);
    playout.push(T1, &sound(1000, 100));
    assert_eq!(due(&mut playout, ms(0)), []);
    playout.close(T1);
    assert_eq!(due(&mut playout, ms(0))[0].samples.len(), 100);
    playout.heard(T1, 1100, ms(30), ms(30));
    assert!(playout.is_all_heard(T1));
}

#[test]
fn more_than_five_seconds_are_not_taken() {
    let mut playout = Playout::default();
    playout.open(T1);
    let mut pushed = 0;
    while playout.wants_more() {
        playout.push(T1, &sound(pushed, 4800));
        pushed += 4800;
    }
    assert_eq!(pushed, AHEAD_MAX.samples());
    assert_eq!(playout.push(T1, &[1]), Pushed::Full);
    playout.start(T1, ms(0));
    due(&mut playout, ms(0));
    playout.heard(T1, 960, ms(20), ms(20));
    assert!(playout.wants_more());
}

#[test]
fn without_reports_the_pacing_hears() {
    let mut playout = playing(48_000, Reports::Absent);
    assert_eq!(due(&mut playout, ms(1000)).len(), 10);
    assert_eq!(playout.next_due(ms(1000)), Some(ms(1020)));
    let span = playout.assume_heard(ms(1040)).unwrap();
    assert_eq!((span.until_sample, span.at), (1920, ms(1040)));
    assert_eq!(due(&mut playout, ms(1040)).len(), 2);
    // A stalled server: the listener ran dry at 1240, and what comes then is heard from then on.
    let span = playout.assume_heard(ms(1500)).unwrap();
    assert_eq!((span.until_sample, span.at), (12 * FRAME, ms(1240)));
    due(&mut playout, ms(1500));
    let span = playout.assume_heard(ms(1510)).unwrap();
    assert_eq!((span.until_sample, span.at), (12 * FRAME + 480, ms(1510)));
}

#[test]
fn a_listener_that_stops_reporting_is_stood_in_for_after_500_ms_until_it_reports_again() {
    let mut playout = playing(96_000, Reports::Expected);
    due(&mut playout, ms(1000));
    assert_eq!(playout.assume_heard(ms(1499)), None);
    assert_eq!(playout.next_due(ms(1499)), Some(ms(1500)));
    let span = playout.assume_heard(ms(1500)).unwrap();
    assert_eq!((span.until_sample, span.at), (9600, ms(1200)));
    due(&mut playout, ms(1500));
    assert_eq!(playout.assume_heard(ms(1520)).unwrap().until_sample, 9600 + 960, "no second wait");
    assert!(playout.heard(T1, 11_000, ms(1530), ms(1540)).is_some());
    assert_eq!(playout.assume_heard(ms(1600)), None, "reports are back");
}

#[test]
fn what_a_listener_that_promised_reports_does_not_report_was_not_heard() {
    let mut playout = playing(96_000, Reports::Promised);
    due(&mut playout, ms(1000));
    assert_eq!(playout.assume_heard(ms(60_000)), None, "the connection may be dead");
    assert_eq!(playout.next_due(ms(60_000)), None);
    assert_eq!(playout.heard(T1, 960, ms(60_000), ms(60_010)).unwrap().until_sample, 960);
    assert_eq!(due(&mut playout, ms(60_010))[0].first_sample, 9600);
}

#[test]
fn a_pause_stops_the_pacing_too() {
    let mut playout = playing(48_000, Reports::Absent);
    due(&mut playout, ms(1000));
    playout.pause(T1, ms(1050));
    assert_eq!(playout.assume_heard(ms(1900)), None);
    playout.resume(T1, ms(2000));
    let span = playout.assume_heard(ms(2010)).unwrap();
    assert_eq!((span.until_sample, span.at), (60 * 48, ms(2010)));
}

#[test]
fn after_a_lost_connection_the_unheard_is_sent_again() {
    let mut playout = playing(48_000, Reports::Expected);
    due(&mut playout, ms(1000));
    playout.heard(T1, 2000, ms(1050), ms(1060));
    playout.pause(T1, ms(1100));
    playout.rewind_to_heard(T1);
    assert_eq!(
        playout.heard(T1, 5000, ms(1100), ms(1200)),
        None,
        "the lost listener's late report has no effect"
    );
    playout.resume(T1, ms(9000));
    let frames = due(&mut playout, ms(9000));
    assert_eq!((frames.len(), frames[0].first_sample), (10, 2000));
    assert_eq!(frames[0].samples[..], sound(2000, FRAME)[..]);
}

#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Push(u64),
    EndPiece,
    Close,
    Due,
    Report(u64),
    Assume,
    Pause,
    Resume,
    Rewind,
    Flush,
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_u64..100).prop_map(Step::Wait),
        4 => (0_u64..6000).prop_map(Step::Push),
        1 => Just(Step::EndPiece),
        1 => Just(Step::Close),
        6 => Just(Step::Due),
        4 => (0_u64..12_000).prop_map(Step::Report),
        2 => Just(Step::Assume),
        1 => Just(Step::Pause),
        2 => Just(Step::Resume),
        1 => Just(Step::Rewind),
        1 => Just(Step::Flush),
        1 => Just(Step::Settle),
    ]
}

proptest! {
    #[test]
    fn nothing_is_doubled_lost_or_sent_out_of_place(
        reports in prop_oneof![
            Just(Reports::Expected), Just(Reports::Absent), Just(Reports::Promised),
        ],
        steps in proptest::collection::vec(step(), 1..200),
    ) {
        let mut playout = Playout::new(reports);
        playout.open(T1);
        let mut now = ms(1000);
        playout.start(T1, now);
        let (mut pushed, mut sent, mut heard, mut heard_at) = (0, 0, 0, SessionTime::ZERO);
        let (mut flushed, mut paused, mut settled) = (false, false, false);
        for step in steps {
            let mut span = None;
            match step {
                Step::Wait(millis) => now = now + Span::from_millis(millis),
                Step::Push(count) => {
                    if let Pushed::Accepted { .. } = playout.push(T1, &sound(pushed, count)) {
                        prop_assert!(!flushed && !settled);
                        pushed += count;
                    }
                }
                Step::EndPiece => playout.end_piece(T1),
                Step::Close => playout.close(T1),
                Step::Due => {
                    let mut frames = Vec::new();
                    playout.due(now, &mut frames);
                    prop_assert!(frames.is_empty() || !(paused || flushed || settled));
                    for frame in frames {
                        prop_assert_eq!(frame.first_sample, sent);
                        let count = frame.samples.len() as u64;
                        prop_assert!((1..=FRAME).contains(&count));
                        prop_assert_eq!(&frame.samples[..], &sound(sent, count)[..]);
                        sent += count;
                    }
                }
                Step::Report(ahead) => span = playout.heard(T1, heard + ahead, now - Span::from_millis(30), now),
                Step::Assume => span = playout.assume_heard(now),
                Step::Pause => { playout.pause(T1, now); paused = true; }
                Step::Resume => { playout.resume(T1, now); paused = false; }
                Step::Rewind => {
                    playout.rewind_to_heard(T1);
                    if !flushed { sent = heard; }
                }
                Step::Flush => { playout.flush(T1, now); flushed = true; }
                Step::Settle => if flushed && let Some(end) = playout.settle(T1) {
                    prop_assert_eq!((end.heard, end.unheard), (heard, pushed - heard));
                    prop_assert_eq!(playout.unheard_samples(), pushed - heard);
                    settled = true;
                },
            }
            if let Some(span) = span {
                prop_assert_eq!(span.from_sample, heard);
                prop_assert!(span.until_sample <= sent && span.at >= heard_at && span.at <= now);
                prop_assert_eq!(&span.samples[..], &sound(heard, span.until_sample - heard)[..]);
                (heard, heard_at) = (span.until_sample, span.at);
            }
            if let Some(state) = playout.snapshot() {
                prop_assert_eq!((state.pushed, state.sent, state.heard), (pushed, sent, heard));
                prop_assert!(sent - heard <= CREDIT.samples());
                prop_assert!(pushed - heard < AHEAD_MAX.samples() + 6000);
            }
            if let Some(next) = playout.next_due(now) {
                prop_assert!(next >= now);
            }
        }
    }
}
