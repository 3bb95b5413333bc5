"""aiortc, a WebRTC in Python, as a listener of the real studio: offer and answer over the studio's socket, sound both
ways over its one UDP port. Asks the question in a WAV file, hears the answer out, ends the session.

Arguments: the socket's address, a WAV file (mono, 16 bits), a file to write what was heard to (48 kHz, 16 bits, mono).
Prints one line of JSON, then `ok`.
"""
import array
import asyncio
import fractions
import json
import sys
import time
import wave

import aioice.ice
import aiortc.exceptions
import websockets
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCSessionDescription,
)
from av import AudioFrame, AudioResampler
from common import done, expect

HZ = 48_000
FRAME = 960
SPEAKERS = ["claude", "guest"]
# The line is up and heard for so long before the question is asked.
LEAD_S = 1.5

# aioice leaves the loopback out of its own addresses, and a machine may have no other.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def samples_of(path):
    """A mono WAV file at 48 kHz."""
    with wave.open(path) as reader:
        expect((reader.getnchannels(), reader.getsampwidth()), (1, 2))
        frame = AudioFrame(format="s16", layout="mono", samples=reader.getnframes())
        frame.sample_rate = reader.getframerate()
        frame.planes[0].update(reader.readframes(reader.getnframes()))
    resampler = AudioResampler(format="s16", layout="mono", rate=HZ)
    sound = array.array("h")
    for part in resampler.resample(frame) + resampler.resample(None):
        sound.frombytes(bytes(part.planes[0])[: part.samples * 2])
    return sound


def in_every_section(answer):
    """An answer names its candidates in the first section of a bundle (RFC 9143, section 7.1.3); aiortc 1.16 looks for
    them in the last."""
    head, first, *others = answer.split("m=audio")
    candidates = "".join(line + "\r\n" for line in first.splitlines() if line.startswith("a=candidate"))
    return "m=audio".join([head, first, *(other + candidates for other in others)])


def first_loud(sound):
    return next((at for at, sample in enumerate(sound) if abs(sample) > 600), None)


class Microphone(MediaStreamTrack):
    """Silence, then the question, then silence; 20 ms every 20 ms."""

    kind = "audio"

    def __init__(self, question):
        super().__init__()
        self.sound = array.array("h", [0] * int(LEAD_S * HZ)) + question
        self.place = 0
        self.start = None

    def asked_at(self):
        """When the question's first sound was captured: a frame leaves when its last sample is there."""
        return self.start + (first_loud(self.sound) - FRAME) / HZ

    async def recv(self):
        if self.start is None:
            self.start = time.monotonic()
        await asyncio.sleep(max(0, self.start + self.place / HZ - time.monotonic()))
        part = self.sound[self.place : self.place + FRAME]
        part.extend([0] * (FRAME - len(part)))
        frame = AudioFrame(format="s16", layout="mono", samples=FRAME)
        frame.planes[0].update(part.tobytes())
        frame.pts, frame.sample_rate = self.place, HZ
        frame.time_base = fractions.Fraction(1, HZ)
        self.place += FRAME
        return frame


class Voice:
    """One AI's track: what came of it, and where it has got to."""

    def __init__(self, receiver):
        self.receiver = receiver
        self.heard = array.array("h")
        self.segments = []
        self.frames = 0
        self.place = None
        self.place_at = None
        self.first_loud_s = None
        self.least_s = float("inf")

    async def listen(self):
        to_mono = AudioResampler(format="s16", layout="mono", rate=HZ)
        while True:
            try:
                frame = await self.receiver.track.recv()
            except aiortc.mediastreams.MediaStreamError:
                return
            self.frames += 1
            now = time.monotonic()
            # Frames come late, never early: their clock lies at the least that one of them took.
            self.least_s = min(self.least_s, now - (frame.pts + frame.samples) / HZ)
            for part in to_mono.resample(frame):
                sound = array.array("h", bytes(part.planes[0])[: part.samples * 2])
                self.heard.extend(sound)
                if self.first_loud_s is None and (loud := first_loud(sound)) is not None:
                    self.first_loud_s = (frame.pts + frame.samples - len(sound) + loud) / HZ
            # Frames count from the first packet; the studio names places by RTP time, as packets do.
            mapper = self.receiver._RTCRtpReceiver__timestamp_mapper
            self.place = (mapper._origin + frame.pts + frame.samples) % 2**32
            self.place_at = now

    def began_at(self):
        """When the first sound was heard."""
        return self.first_loud_s + self.least_s

    def position(self):
        """Turn and sample of the turn that was heard last."""
        for turn, first, rtp in reversed(self.segments):
            into = (self.place - rtp) % 2**32 if self.place is not None else 2**31
            if into < 2**31:
                return turn, first + into
        return None


class Call:
    def __init__(self, socket, heard_path):
        self.socket = socket
        self.heard_path = heard_path
        self.captions = []
        self.spoke = set()
        self.frames_on_socket = 0
        self.facts = {}
        self.voices = {}
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))

    async def say(self, **message):
        await self.socket.send(json.dumps(message))

    async def until(self, wanted):
        """The next message of this type; others are noted on the way."""
        while True:
            data = await self.socket.recv()
            if isinstance(data, bytes):
                self.frames_on_socket += 1
                continue
            message = json.loads(data)
            self.note(message)
            if wanted(message):
                return message

    def note(self, message):
        kind = message["type"]
        if kind == "caption" and message["isFinal"]:
            self.captions.append([message["speaker"], message["text"]])
        elif kind == "webrtc.segment":
            segment = (message["turn"], message["firstSample"], message["rtpTimestamp"])
            self.voices[message["speaker"]].segments.append(segment)
        elif kind == "orb.state" and message["state"] == "speaking":
            self.spoke.add(message["speaker"])
        elif kind == "error":
            raise SystemExit(f"the studio refused: {message}")

    async def connect(self, question):
        await self.until(lambda message: message["type"] == "webrtc.ready")
        self.microphone = Microphone(question)
        self.pc.addTransceiver(self.microphone, direction="sendonly")
        for speaker in SPEAKERS:
            self.voices[speaker] = Voice(self.pc.addTransceiver("audio", direction="recvonly").receiver)
        await self.pc.setLocalDescription(await self.pc.createOffer())
        offered = time.monotonic()
        await self.say(type="webrtc.offer", sdp=self.pc.localDescription.sdp)
        answer = await self.until(lambda message: message["type"] == "webrtc.answer")
        self.facts["answer_ms"] = round((time.monotonic() - offered) * 1000)
        await self.pc.setRemoteDescription(RTCSessionDescription(in_every_section(answer["sdp"]), "answer"))
        await self.until(lambda message: message["type"] == "webrtc.state" and message["connected"])
        self.facts["connected_ms"] = round((time.monotonic() - offered) * 1000)

    async def report(self):
        """What was heard, twenty times a second, as docs/protocol.md asks."""
        while True:
            await asyncio.sleep(0.05)
            for speaker, voice in self.voices.items():
                if place := voice.position():
                    turn, played = place
                    # A program that was held up tells what held when it last heard something.
                    clock = {"at": int(voice.place_at * HZ), "sent": int(time.monotonic() * HZ)}
                    await self.say(type="client.playout", speaker=speaker, turn=turn, playedSamples=played, clock=clock)

    async def hold(self):
        tasks = [asyncio.ensure_future(work) for work in
                 [self.report(), *(voice.listen() for voice in self.voices.values())]]
        # The figures of a reply come when its turn is over.
        await self.until(lambda message: message["type"] == "turn.metrics" and message.get("speaker") in self.spoke)
        await self.say(type="client.end")
        ready = await self.until(lambda message: message["type"] == "recording.ready")
        for task in tasks:
            task.cancel()
        await self.pc.close()
        return ready

    def check(self, ready):
        expect(self.frames_on_socket, 0)
        [speaker] = self.spoke - {"you"}
        [silent] = set(SPEAKERS) - {speaker}
        loud = {name: sum(abs(sample) > 300 for sample in voice.heard) for name, voice in self.voices.items()}
        if loud[speaker] < HZ // 2 or loud[silent] > 0:
            raise SystemExit(f"the wrong voices were heard: {loud} samples, {speaker} spoke")
        for name, voice in self.voices.items():
            if voice.frames < 100:
                raise SystemExit(f"{voice.frames} frames of {name}")
        with open(self.heard_path, "wb") as file:
            file.write(self.voices[speaker].heard.tobytes())
        waited = self.voices[speaker].began_at() - self.microphone.asked_at()
        self.facts["asked_to_heard_ms"] = round(waited * 1000)
        self.facts |= {"speaker": speaker, "captions": self.captions, "episode": ready["episodeId"]}
        print(json.dumps(self.facts))


async def main():
    address, question, heard_path = sys.argv[1:4]
    async with websockets.connect(address, proxy=None, max_size=None) as socket:
        call = Call(socket, heard_path)
        await call.say(type="hello", participantName="Mona", episodeId="python", reports=True)
        await call.connect(samples_of(question))
        call.check(await call.hold())
    done()


asyncio.run(main())
