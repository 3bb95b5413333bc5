//! Three tracks on one time line.

use std::fs;
use std::io::{self, Cursor, Read as _, Seek, SeekFrom, Write};

use voice_studio::conversation::Speaker;
use voice_studio::recording::wav::WavFile;
use voice_studio::recording::webm::{CLUSTER_PACKETS, Sink, TrackHeader, TrackWriter};
use voice_studio::recording::{Closing, EpisodeRecorder, Manifest};
use voice_studio::time::SessionTime;

use super::{ReadTrack, converse, decode, lag_of, ms, peak, recorder, setup, sweep};

#[test]
fn sound_stands_within_a_millisecond_of_its_session_time_on_every_track() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    let sound = sweep(9600);
    let places = [
        (Speaker::You, SessionTime::from_samples(0)),
        (Speaker::Claude, SessionTime::from_samples(12_345)),
        (Speaker::Guest, SessionTime::from_samples(70_001)),
        (Speaker::You, SessionTime::from_samples(96_000)),
        (Speaker::Claude, SessionTime::from_samples(143_999)),
    ];
    for (speaker, at) in places {
        recorder.audio(speaker, at, &sound);
    }
    recorder.advance(ms(4000)).unwrap();
    let ready = recorder.finish(ms(4321), Closing::default()).unwrap();
    for (speaker, at) in places {
        let track = decode(&ready.dir, speaker);
        let lag = lag_of(&sound, &track, at.samples() as usize);
        println!("{speaker} at {at}: {lag} samples");
        assert!(lag.abs() <= 48, "{speaker} at {at} stands {lag} samples off");
    }
}

#[test]
fn every_length_decodes_to_the_same_whole_milliseconds_on_all_tracks() {
    for end in [0, 1, 13, 14, 20, 480, 493, 494, 500, 513, 514, 999, 1000, 1337] {
        let root = tempfile::tempdir().unwrap();
        let mut recorder = recorder(root.path());
        recorder.audio(Speaker::You, ms(0), &sweep(4800));
        let end_within = SessionTime::from_samples(ms(end).samples().saturating_sub(5));
        let ready = recorder.finish(end_within, Closing::default()).unwrap();
        assert_eq!(ready.samples, end.max(1) * 48, "rounded up to a millisecond, at least one");
        for speaker in Speaker::ALL {
            assert_eq!(
                decode(&ready.dir, speaker).len() as u64,
                ready.samples,
                "{speaker} of {end} ms"
            );
        }
    }
}

#[test]
fn as_wav_files_tracks_sound_as_players_play_them_and_the_mix_is_their_sum() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    converse(&mut recorder, 3000);
    let ready = recorder.finish(ms(3217), Closing::default()).unwrap();
    let samples = ms(3217).samples();
    let wav = |speaker| {
        let mut file = WavFile::open(&ready.dir, speaker, samples).unwrap();
        let mut bytes = Vec::new();
        while let Some(piece) = file.next_piece().unwrap() {
            bytes.extend(piece);
        }
        assert_eq!(bytes.len() as u64, WavFile::bytes_of(samples));
        let mut reader = hound::WavReader::new(bytes.as_slice()).unwrap();
        reader.samples::<i16>().map(Result::unwrap).collect::<Vec<_>>()
    };
    let tracks = Speaker::ALL.map(|speaker| {
        let track = wav(Some(speaker));
        assert!(track == decode(&ready.dir, speaker), "{speaker}");
        track
    });
    let mix = wav(None);
    assert_eq!(mix.len() as u64, samples);
    for (n, sample) in mix.iter().enumerate() {
        let sum: i32 = tracks.iter().map(|track| i32::from(track[n])).sum();
        assert_eq!(i32::from(*sample), sum.clamp(-32_768, 32_767), "sample {n}");
    }
    assert!(mix.iter().any(|sample| sample.unsigned_abs() > 1000), "it is not silent");
}

#[test]
fn silence_is_packets_and_packets_come_every_twenty_milliseconds() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    recorder.audio(Speaker::Guest, ms(1000), &sweep(48_000));
    let ready = recorder.finish(ms(10_000), Closing::default()).unwrap();
    for speaker in Speaker::ALL {
        let track = ReadTrack::open(&ready.dir, speaker);
        let expected: Vec<u64> = (0..track.packets.len() as u64).map(|index| index * 20).collect();
        assert_eq!(track.timestamps, expected, "{speaker}");
    }
    let guest = ReadTrack::open(&ready.dir, Speaker::Guest);
    let is_silent = |packet: &Vec<u8>| packet.as_slice() == [0xF8, 0xFF, 0xFE];
    assert!(guest.packets[..50].iter().all(is_silent), "before the sound");
    assert!(!guest.packets[50..100].iter().any(is_silent), "within it");
    assert!(
        guest.packets[102..].iter().all(is_silent),
        "once two frames have carried out the rest of it"
    );
    let sound = guest.decode();
    assert_eq!(peak(&sound, ms(0), ms(980)), 0, "nothing before the sound");
    assert_eq!(peak(&sound, ms(2040), ms(10_000)), 0, "nothing of it stays in the encoder");
}

#[test]
fn stretches_that_jitter_by_up_to_five_milliseconds_are_joined() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    let sound = sweep(48_000);
    let jitter = [0, 7, -9, 240, -240, 3, 0, -31, 100, -1];
    for (index, offset) in jitter.iter().enumerate() {
        let at = ms(1000 + index as u64 * 100).offset(*offset);
        recorder.audio(Speaker::Claude, at, &sound[index * 4800..(index + 1) * 4800]);
    }
    let after_a_pause = ms(3000);
    recorder.audio(Speaker::Claude, after_a_pause, &sound);
    let ready = recorder.finish(ms(5000), Closing::default()).unwrap();
    let track = decode(&ready.dir, Speaker::Claude);
    for (part, at) in [(0..48_000, 48_000), (24_000..48_000, 72_000), (0..48_000, 144_000)] {
        let lag = lag_of(&sound[part], &track, at);
        assert!(lag.abs() <= 1, "one unbroken sweep, not {lag} samples off at {at}");
    }
    assert_eq!(Manifest::read(&ready.dir).unwrap().unwrap().tracks[1].cut_samples, 0);
}

#[test]
fn larger_differences_are_holes_and_overlaps_are_cut_and_counted() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    let sound = sweep(9600);
    recorder.audio(Speaker::You, ms(0), &sound);
    let hole_of_ten = ms(210);
    recorder.audio(Speaker::You, hole_of_ten, &sound);
    let overlap_of_twenty = ms(390);
    recorder.audio(Speaker::You, overlap_of_twenty, &sound);
    recorder.advance(ms(1000)).unwrap();
    recorder.audio(Speaker::You, ms(990), &sound);
    let minutes_ahead = ms(120_000);
    recorder.audio(Speaker::You, minutes_ahead, &sound);
    let beyond_the_end = ms(1400);
    recorder.audio(Speaker::You, beyond_the_end, &sound);
    let ready = recorder.finish(ms(1500), Closing::default()).unwrap();
    let track = decode(&ready.dir, Speaker::You);
    assert!(lag_of(&sound, &track, hole_of_ten.samples() as usize).abs() <= 1);
    let kept = &sound[960..];
    assert!(
        lag_of(kept, &track, overlap_of_twenty.samples() as usize + 960).abs() <= 1,
        "its rest is at its place"
    );
    assert!(
        lag_of(&sound[480..], &track, ms(1000).samples() as usize).abs() <= 1,
        "late sound loses what is past"
    );
    let cut_samples = Manifest::read(&ready.dir).unwrap().unwrap().tracks[0].cut_samples;
    assert_eq!(cut_samples, 960 + 480 + 9600 + 4800);
}

#[test]
fn a_barge_in_after_one_millisecond_leaves_one_millisecond() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    recorder.audio(Speaker::Claude, ms(500), &[9000; 48]);
    let ready = recorder.finish(ms(2000), Closing::default()).unwrap();
    let track = decode(&ready.dir, Speaker::Claude);
    let heard = peak(&track, ms(500), ms(501));
    assert!(
        heard > 2 * peak(&track, ms(0), ms(499)) && heard > 2 * peak(&track, ms(502), ms(2000)),
        "at its place"
    );
    assert_eq!(peak(&track, ms(560), ms(2000)), 0, "and nothing after it");
}

#[test]
fn a_cluster_is_in_the_file_as_soon_as_its_time_is_known() {
    let root = tempfile::tempdir().unwrap();
    let mut recorder = recorder(root.path());
    let cluster = CLUSTER_PACKETS as u64;
    for clusters in 1..=6 {
        recorder.advance(ms(clusters * cluster * 20)).unwrap();
        for speaker in Speaker::ALL {
            let packets = ReadTrack::open(recorder.dir(), speaker).packets.len() as u64;
            assert_eq!(packets, clusters * cluster, "{speaker}");
        }
    }
}

#[test]
fn the_head_says_what_editors_and_decoders_need() {
    let root = tempfile::tempdir().unwrap();
    let names = ["A&B", "<script>alert(1)</script>", ""];
    let mut setup = setup(root.path());
    for (track, name) in setup.tracks.iter_mut().zip(names) {
        track.name = name.to_owned();
    }
    setup.title = "nul \0 and\nline".to_owned();
    let ready =
        EpisodeRecorder::create(setup).unwrap().finish(ms(700), Closing::default()).unwrap();
    for (speaker, name) in
        Speaker::ALL.into_iter().zip(["A&B", "<script>alert(1)</script>", "guest"])
    {
        let read = ReadTrack::open(&ready.dir, speaker);
        let track = &read.file.tracks()[0];
        assert_eq!(track.name(), Some(name));
        assert_eq!(track.language(), Some("eng"));
        assert_eq!((track.codec_id(), track.flag_lacing()), ("A_OPUS", false));
        assert_eq!(
            (track.codec_delay(), track.seek_pre_roll()),
            (Some(6_500_000), Some(80_000_000))
        );
        let opus_head = b"OpusHead\x01\x01\x38\x01\x80\xBB\x00\x00\x00\x00\x00";
        assert_eq!(track.codec_private(), Some(&opus_head[..]));
        assert_eq!(read.file.info().title(), Some("nul   and line"));
        assert_eq!(read.file.info().duration(), Some(700.0));
        let since_2001_ns = (super::STARTED_UNIX_MS as i64 - 978_307_200_000) * 1_000_000;
        assert_eq!(read.file.info().date_utc(), Some(since_2001_ns));
        assert_eq!(read.file.ebml_header().doc_type(), "webm");
    }
}

#[test]
fn a_finished_track_can_be_seeked() {
    let root = tempfile::tempdir().unwrap();
    let ready = recorder(root.path()).finish(ms(60_000), Closing::default()).unwrap();
    let mut track = ReadTrack::open(&ready.dir, Speaker::You).file;
    let mut frame = matroska_demuxer::Frame::default();
    for target in [0, 1_990, 30_000, 59_000] {
        track.seek(target).unwrap();
        assert!(track.next_frame(&mut frame).unwrap());
        assert!(
            frame.timestamp >= target && frame.timestamp < target + 40,
            "{} for {target}",
            frame.timestamp
        );
    }
}

/// A disk of so many bytes.
struct SmallDisk {
    data: Cursor<Vec<u8>>,
    bytes_max: usize,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.bytes_max.saturating_sub(self.data.position() as usize);
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.data.write(&bytes[..bytes.len().min(room)])
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SmallDisk {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.data.seek(to)
    }
}

impl Sink for &mut SmallDisk {
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_disk_that_fills_up_stops_the_writer_and_keeps_what_was_written() {
    let header = TrackHeader {
        name: "You".to_owned(),
        language: "eng".to_owned(),
        title: String::new(),
        started_unix_ms: 0,
        uid: 7,
        pre_skip: 312,
        tags: Vec::new(),
    };
    for bytes_max in [1500, 2000, 2500, 3000] {
        let mut disk = SmallDisk { data: Cursor::default(), bytes_max };
        let mut writer = TrackWriter::create(&mut disk, &header).unwrap();
        let refused = (0..1000).find_map(|_| writer.packet(&[0xF8, 0xFF, 0xFE]).err()).unwrap();
        assert_eq!(refused.kind(), io::ErrorKind::StorageFull);
        let mut bytes = Vec::new();
        disk.data.set_position(0);
        disk.data.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len(), bytes_max, "all that fits is there");
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("you.webm"), &bytes).unwrap();
        let track = ReadTrack::open_cut(root.path(), Speaker::You);
        assert!(
            track.packets.len() >= CLUSTER_PACKETS * ((bytes_max - 700) / 290),
            "{} packets",
            track.packets.len()
        );
    }
}

#[test]
fn a_take_never_goes_into_an_existing_folder_however_many_begin_at_once() {
    let root = tempfile::tempdir().unwrap();
    let start = std::sync::Barrier::new(8);
    let mut dirs: Vec<String> = std::thread::scope(|scope| {
        let begin = || {
            start.wait();
            let recorder = recorder(root.path());
            recorder.dir().file_name().unwrap().to_str().unwrap().to_owned()
        };
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    dirs.sort();
    let expected =
        ["pilot", "pilot-2", "pilot-3", "pilot-4", "pilot-5", "pilot-6", "pilot-7", "pilot-8"];
    assert_eq!(dirs, expected);
}

#[test]
fn a_recordings_folder_that_cannot_be_written_is_named_in_the_error() {
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("recordings");
    fs::write(&file, "a file in the way").unwrap();
    let error = EpisodeRecorder::create(setup(&file)).unwrap_err();
    assert_eq!(error.code(), "recording_unwritable");
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}
