//! What the other side reports of our sound.
//!
//! The stack keeps reports to the interceptors that it makes of them, so one of ours stands among those: it looks at what
//! passes and changes nothing. Only what was decrypted passes here, so whatever is noted is authentic.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::sansio::Protocol;
use rtc::shared::error::Error;

/// A report that tells of no loss.
const UNTOLD: u32 = 256;
/// No report.
const NONE: u32 = 257;

/// The last report that nobody has taken yet. Reader and peer are on one thread; the stack asks for more.
#[derive(Debug)]
pub(super) struct Noted(AtomicU32);

impl Default for Noted {
    fn default() -> Self {
        Self(AtomicU32::new(NONE))
    }
}

impl Noted {
    /// Whether there was a report since the last look, and the loss it told in percent.
    pub(super) fn take(&self) -> Option<Option<u8>> {
        match self.0.swap(NONE, Ordering::Relaxed) {
            NONE => None,
            UNTOLD => Some(None),
            // In 256ths.
            lost => Some(u8::try_from(lost * 100 / 256).ok()),
        }
    }

    fn note(&self, lost: Option<u8>) {
        self.0.store(lost.map_or(UNTOLD, u32::from), Ordering::Relaxed);
    }
}

/// See the module's text.
pub(super) struct ReportReader {
    noted: Arc<Noted>,
    /// Of which streams loss is of interest: ours.
    streams: [u32; 2],
    reads: VecDeque<TaggedPacket>,
    writes: VecDeque<TaggedPacket>,
}

impl ReportReader {
    pub(super) fn new(noted: Arc<Noted>, streams: [u32; 2]) -> Self {
        Self { noted, streams, reads: VecDeque::new(), writes: VecDeque::new() }
    }

    fn lost(&self, packet: &dyn rtc::rtcp::Packet) -> Option<u8> {
        let any = packet.as_any();
        let blocks: &[ReceptionReport] =
            any.downcast_ref::<ReceiverReport>().map(|report| report.reports.as_slice()).or_else(
                || any.downcast_ref::<SenderReport>().map(|report| report.reports.as_slice()),
            )?;
        let of_ours = blocks.iter().filter(|block| self.streams.contains(&block.ssrc));
        of_ours.map(|block| block.fraction_lost).max()
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for ReportReader {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, message: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(packets) = &message.message.packet {
            self.noted.note(packets.iter().filter_map(|packet| self.lost(packet.as_ref())).max());
        }
        self.reads.push_back(message);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.reads.pop_front()
    }

    fn handle_write(&mut self, message: TaggedPacket) -> Result<(), Error> {
        self.writes.push_back(message);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.writes.pop_front()
    }
}

impl Interceptor for ReportReader {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}
