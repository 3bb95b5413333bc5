//! What a crowd that misbehaves costs the real binary: memory that is bounded while it is there.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use voice_studio::open_files::make_room;
use voice_studio::transport::protocol::{ClientMessage, Hello};

use crate::support::comes;
use crate::support::process::Process;
use crate::support::web::handshake_text;

/// Connections of a crowd, each costing a file on either side.
const CROWD: usize = 2_000;
/// Pings of one who asks and does not read, of 125 bytes each: eight megabytes, were each answer kept.
const PINGS: usize = 50_000;

/// Files that the studio may have open beside a crowd that wants more.
const FILES: usize = 320;

/// Memory of a process, in KiB.
fn resident_kib(process: &Process) -> u64 {
    let status = format!("/proc/{}/status", process.child.id());
    let status = std::fs::read_to_string(status).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("its memory");
    line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
}

async fn open(process: &Process, request: &str) -> TcpStream {
    let mut socket = TcpStream::connect(process.address).await.expect("a connection");
    socket.write_all(request.as_bytes()).await.expect("sent");
    socket
}

/// A crowd comes, says nothing and is sent away. Returns the memory while it was there and afterwards.
async fn crowd(process: &Process) -> (u64, u64) {
    // The other ends of all these connections are in this process.
    assert!(make_room(CROWD / 16) > CROWD, "few files may be open here");
    let request = handshake_text(process.address);
    let mut crowd = Vec::new();
    for number in 0..CROWD {
        // Not a byte; half a request; a whole handshake and then nothing.
        let part = [0, request.len() / 2, request.len()][number % 3];
        crowd.push(open(process, &request[..part]).await);
    }
    // All of them have been taken: the last handshake is answered.
    let mut last = open(process, &request).await;
    let mut answer = [0; 12];
    comes("an answer", last.read_exact(&mut answer)).await.expect("a handshake");
    assert_eq!(&answer, b"HTTP/1.1 101");
    let with_crowd = resident_kib(process);
    for socket in &mut crowd {
        let mut bytes = Vec::new();
        // A reset is an end as well.
        drop(comes("the end", socket.read_to_end(&mut bytes)).await);
    }
    (with_crowd, resident_kib(process))
}

#[actix::test]
async fn a_crowd_that_says_nothing_costs_little_and_a_second_one_much_less() {
    let process = Process::start();
    process.is_ready().await;
    let before = resident_kib(&process);
    let (with_first, after_first) = crowd(&process).await;
    let (with_second, after_second) = crowd(&process).await;
    let each = with_first.saturating_sub(before) / CROWD as u64;
    println!(
        "{CROWD} connections: {each} KiB each; {before} KiB before, {with_first} and {with_second} KiB with a \
         crowd, {after_first} and {after_second} KiB after it"
    );
    assert!(each <= 64, "{each} KiB a connection");
    // What is never given back would cost the same each time. The allocator's own slack halves from crowd to crowd: of
    // seven, 25, 9, 4, 1.7, 0.9, 0.3 and 0.2 MB.
    let first = after_first.saturating_sub(before);
    let second = after_second.saturating_sub(after_first);
    assert!(
        second * 2 <= first.max(4_096),
        "{first} KiB for the first crowd, {second} KiB for the second"
    );
    let mut guest = process.join().await;
    guest.is_well().await;
    assert_eq!(guest.end().await, "table");
}

#[actix::test]
async fn one_who_pings_without_reading_costs_no_memory_and_is_closed() {
    let process = Process::start();
    process.is_ready().await;
    let before = resident_kib(&process);
    let socket = open(&process, &handshake_text(process.address)).await;
    let (mut heard, mut told) = socket.into_split();
    // Masked with zeros.
    let mut ping = vec![0x89, 0x80 | 125, 0, 0, 0, 0];
    ping.extend([b'x'; 125]);
    let mut sent = 0;
    while sent < PINGS && told.write_all(&ping).await.is_ok() {
        sent += 1;
    }
    let grown = resident_kib(&process).saturating_sub(before);
    let mut bytes = Vec::new();
    drop(comes("the end", heard.read_to_end(&mut bytes)).await);
    let said = String::from_utf8_lossy(&bytes);
    let pongs = bytes.windows(2).filter(|head| *head == [0x8A, 125]).count();
    println!("{sent} pings, {pongs} pongs, {grown} KiB more");
    assert!(said.contains("too_fast"), "a reason on the wire");
    assert!((1..=1_200).contains(&pongs), "{pongs} pongs");
    assert!(grown <= 4_096, "{grown} KiB");
    let mut guest = process.join().await;
    guest.is_well().await;
    assert_eq!(guest.end().await, "table");
}

#[actix::test]
async fn a_crowd_never_takes_the_files_that_a_recording_needs() {
    // For two sessions 160 are kept; the crowd is larger than all there are.
    let process = Process::start_limited(FILES, &[("STUDIO_MAX_SESSIONS", "2")]);
    process.is_ready().await;
    let mut guest = process.join().await;
    guest.is_well().await;
    let request = handshake_text(process.address);
    let mut crowd = Vec::new();
    for _ in 0..400 {
        crowd.push(open(&process, &request).await);
    }
    // The files of a recording are opened by and by: those at its end when the crowd is at its largest.
    guest.say(ClientMessage::Say { text: "Ada, are you there?".to_owned() }).await;
    guest.is_well().await;
    let files = std::fs::read_dir(format!("/proc/{}/fd", process.child.id()));
    let files = files.expect("a process").count();
    println!("{files} of {FILES} files are open");
    assert!((FILES / 2..FILES - 32).contains(&files), "{files} of {FILES} files are open");
    assert_eq!(guest.end().await, "table");
    assert!(process.recording().join("session.yml").exists(), "it is finished");
    // Whoever waits is served when the silent ones have been sent away.
    drop(crowd);
    let mut next =
        process.join_as(Hello { episode_id: "next".to_owned(), ..Hello::default() }).await;
    next.is_well().await;
    assert_eq!(next.end().await, "next");
}
