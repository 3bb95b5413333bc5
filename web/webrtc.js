// The sound's own line beside the socket: microphone out, two voices in, by WebRTC.
//
// Tried whenever the server offers it and the host has not chosen the socket. What fails falls back to the socket by
// itself; a change of network is answered by a restart of ICE. Signalling goes over the socket, in messages.
import { LOST_MS, Pulse, STILL_MS } from './pulse.js';
import { RtpVoice } from './rtp-voice.js';
/** @import {AiSpeaker, ClientMessage, LineQuality, LineState, RtpGate, RtpReport, ServerMessage} from './types' */

/** From the offer to the first connection; then the socket keeps the sound. */
const CONNECT_MS = 10_000;
/** A connection that stutters is given so long before ICE begins anew, and so long again before it is given up. */
const PATIENCE_MS = 2_000;
/** A host who wants WebRTC and nothing else has it tried again so long after it failed. */
const RETRY_MS = 5_000;
/** Of a host who leaves the choice to the page a line that was up and was lost is tried again after this, then after twice as much. */
const RETRY_LOST_MS = 15_000;
const RETRY_LOST_MS_MAX = 120_000;
/** So long a sender may take for another track. A peer that was closed meanwhile never says that it will not. */
const REPLACE_MS = 2_000;
/** How often the browser is asked what it gave out: half of its own step. */
const POLL_MS = 10;
const STATS_MS = 1_000;
/** Errors that answer an offer. */
const REFUSALS = ['webrtc_offer_refused', 'webrtc_unavailable'];
/** The tracks' order in the offer, after the microphone. @type {AiSpeaker[]} */
const SPEAKERS = ['claude', 'guest'];

/** Whether this browser can. */
export function isWebRtcSupported() {
  return 'RTCPeerConnection' in globalThis && 'getSynchronizationSources' in RTCRtpReceiver.prototype;
}

/**
 * @typedef {object} LineEvents
 * @property {(message: ClientMessage) => void} send
 * @property {(speaker: AiSpeaker, report: RtpReport) => void} onReport
 * @property {(state: LineState) => void} onState
 * @property {(quality: LineQuality) => void} onQuality
 */

export class SoundLine {
  /** @type {RTCPeerConnection | null} */ #peer = null;
  /** The microphone's end. @type {RTCRtpSender | null} */ #sender = null;
  /** @type {RTCIceServer[] | null} */ #iceServers = null;
  /** @type {Partial<Record<AiSpeaker, {voice: RtpVoice, receiver: RTCRtpReceiver | null, gate: GainNode, duck: GainNode, meter: AnalyserNode}>>} */
  #ends = {};
  /** @type {ReturnType<typeof setTimeout>[]} */ #timers = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #patience;
  /** @type {HTMLAudioElement[]} */ #sinks = [];
  /** Offers of this page: the newest one's number. */ static #offers = 0;
  /** The peer's newest offer, and the newest that was answered; 0 for none. */ #offered = 0;
  #answered = 0;
  #pulse = new Pulse();
  /** Packets that the page has seen the browser give out, of both voices: the newest one's RTP times. @type {Partial<Record<AiSpeaker, number>>} */
  #newest = {};
  #seen = 0;
  /** How often a line that was up was lost. */ #losses = 0;
  /** ICE has begun anew, and nothing has come since. */ #isMending = false;
  #isUp = false;
  #isWanted = true;
  #isInsisted = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  #lostBefore = { lost: 0, received: 0 };
  /** Since the session began, of voices that spoke: packets that came too late, and holes that the browser filled. */
  #counts = { latePackets: 0, concealed: 0 };
  /** What the browser had counted of each voice's track when it was asked last. @type {Map<string, {late: number, concealed: number, spoke: boolean}>} */
  #counted = new Map();

  /**
   * @param {AudioContext} context
   * @param {MediaStream} microphone
   * @param {LineEvents} events
   */
  constructor(context, microphone, events) {
    this.context = context;
    this.microphone = microphone;
    this.events = events;
  }

  /** Whether the host's sound goes this way: the socket then carries none. */
  get isUp() {
    return this.#isUp;
  }

  /**
   * Takes what the server says about this line, and orders for turns that come by it.
   * @param {ServerMessage} message
   * @returns {boolean} Whether it was for this line alone.
   */
  take(message) {
    const now = performance.now();
    switch (message.type) {
      case 'webrtc.ready':
        this.#iceServers = message.iceServers;
        if (this.#isWanted) void this.#begin();
        return true;
      case 'webrtc.answer':
        void this.#answer(message.offer, message.sdp);
        return true;
      case 'webrtc.state':
        // Before the answer it is about a connection that was here before.
        if (!this.#answered) return true;
        if (message.connected) {
          this.#isUp = true;
          this.#show();
        } else {
          this.#fallBack(message.reason ?? '');
        }
        return true;
      case 'webrtc.segment':
        if (this.#answered) this.#voice(message.speaker)?.segment(message.turn, message.firstSample, message.rtpTimestamp, now);
        return true;
      case 'error':
        if (!REFUSALS.includes(message.code) || !this.#peer || this.#isUp) return false;
        this.#fallBack('refused');
        return true;
      case 'orb.state':
        if (message.speaker !== 'you' && message.state !== 'speaking' && message.state !== 'paused') {
          this.#ends[message.speaker]?.voice.rest();
        }
        return false;
      case 'audio.pause':
      case 'audio.flush': {
        const voice = this.#voice(message.speaker);
        const isHere = voice?.has(message.turn) ?? false;
        if (message.type === 'audio.pause') voice?.pause(message.turn, now);
        else voice?.flush(message.turn, now);
        return isHere;
      }
      case 'audio.resume':
        this.#ends[message.speaker]?.voice.resume(message.turn);
        // Whichever way the turn goes on: the playhead sounds only what comes over the socket, and then it begins there.
        return false;
      case 'audio.duck': {
        const end = this.#ends[message.speaker];
        if (!end?.voice.has(message.turn)) return false;
        ramp(end.duck, this.context, 10 ** (message.gainDb / 20), 0, message.fadeMs);
        return true;
      }
      default:
        return false;
    }
  }

  /**
   * The host's choice: not wanted is the socket alone, insisted on is tried again and again.
   * @param {boolean} wanted @param {boolean} insisted
   */
  choose(wanted, insisted) {
    this.#isWanted = wanted;
    this.#isInsisted = insisted;
    if (!wanted) this.#fallBack('chosen');
    else if (this.#iceServers && !this.#peer) void this.#begin();
  }

  /**
   * Sends another microphone from now on: nothing is negotiated anew, and the RTP time runs on.
   * @param {MediaStream} microphone
   */
  async use(microphone) {
    this.microphone = microphone;
    const sender = this.#sender;
    if (!sender) return;
    try {
      await within(REPLACE_MS, sender.replaceTrack(microphone.getAudioTracks()[0] ?? null));
    } catch {
      // What the browser would have to negotiate for: the socket takes the sound, and where WebRTC is insisted on it begins anew.
      // A peer that has taken the place of this one began with this microphone.
      if (sender === this.#sender) this.#fallBack('microphone');
    }
  }

  /** Loudness of each voice, 0 to 1. */
  levels() {
    const level = (/** @type {AiSpeaker} */ speaker) => {
      const meter = this.#ends[speaker]?.meter;
      if (!meter) return 0;
      const samples = new Float32Array(meter.fftSize);
      meter.getFloatTimeDomainData(samples);
      return Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    };
    return { claude: level('claude'), guest: level('guest') };
  }

  /** The socket is gone, and the seat with it. The next `webrtc.ready` begins anew. */
  drop() {
    this.#iceServers = null;
    this.#losses = 0;
    this.#end();
    this.#show();
  }

  async #begin() {
    this.#end();
    if (!isWebRtcSupported() || !this.#iceServers) return;
    const peer = new RTCPeerConnection({ iceServers: this.#iceServers, bundlePolicy: 'max-bundle' });
    this.#peer = peer;
    const [track] = this.microphone.getAudioTracks();
    this.#sender = peer.addTransceiver(track ?? 'audio', { direction: 'sendonly', streams: [this.microphone] }).sender;
    for (const speaker of SPEAKERS) this.#prepare(speaker, peer.addTransceiver('audio', { direction: 'recvonly' }));
    peer.onconnectionstatechange = () => this.#onConnection(peer);
    this.#patience = setTimeout(() => this.#fallBack('no connection'), CONNECT_MS);
    this.#timers = [setInterval(() => this.#poll(peer), POLL_MS), setInterval(() => void this.#measure(peer), STATS_MS)];
    await this.#offer(peer, false);
  }

  /** @param {RTCPeerConnection} peer @param {boolean} restart */
  async #offer(peer, restart) {
    try {
      await peer.setLocalDescription(await peer.createOffer({ iceRestart: restart }));
      if (peer !== this.#peer) return;
      this.#offered = ++SoundLine.#offers;
      this.events.send({ type: 'webrtc.offer', sdp: peer.localDescription?.sdp ?? '', restart, offer: this.#offered });
    } catch {
      if (peer === this.#peer) this.#fallBack('offer');
    }
  }

  /** @param {number} offer Which it answers. @param {string} sdp */
  async #answer(offer, sdp) {
    const peer = this.#peer;
    // One that was overtaken, by another offer or by the host's choice.
    if (!peer || offer !== this.#offered) return;
    this.#answered = offer;
    try {
      await peer.setRemoteDescription({ type: 'answer', sdp });
    } catch {
      if (peer === this.#peer) this.#fallBack('answer');
    }
  }

  /** @param {AiSpeaker} speaker @param {RTCRtpTransceiver} transceiver */
  #prepare(speaker, transceiver) {
    const { receiver } = transceiver;
    const stream = new MediaStream([receiver.track]);
    // Chromium gives a remote stream to WebAudio only while an element plays it, too.
    const sink = new Audio();
    sink.muted = true;
    sink.srcObject = stream;
    void sink.play().catch(() => {});
    this.#sinks.push(sink);
    const gate = new GainNode(this.context, { gain: 1 });
    const duck = new GainNode(this.context, { gain: 1 });
    const meter = new AnalyserNode(this.context, { fftSize: 1024 });
    this.context.createMediaStreamSource(stream).connect(gate).connect(duck).connect(meter).connect(this.context.destination);
    const voice = new RtpVoice(
      (/** @type {RtpGate} */ { open, inMs, fadeMs }) => ramp(gate, this.context, open ? 1 : 0, inMs, fadeMs),
      (report) => this.events.onReport(speaker, report));
    this.#ends[speaker] = { voice, receiver, gate, duck, meter };
  }

  /** @param {RTCPeerConnection} peer */
  #onConnection(peer) {
    if (peer !== this.#peer) return;
    clearTimeout(this.#patience);
    switch (peer.connectionState) {
      case 'disconnected':
        this.#patience = setTimeout(() => {
          if (peer !== this.#peer) return;
          this.#patience = setTimeout(() => this.#fallBack('lost'), 4 * PATIENCE_MS);
          void this.#mend(peer);
        }, PATIENCE_MS);
        break;
      case 'failed':
        this.#fallBack('failed');
        break;
      case 'connecting':
      case 'new':
        this.#patience = setTimeout(() => this.#fallBack('no connection'), CONNECT_MS);
        break;
    }
    this.#show();
  }

  /** ICE begins anew, once. @param {RTCPeerConnection} peer */
  async #mend(peer) {
    if (this.#isMending) return;
    this.#isMending = true;
    await this.#offer(peer, true);
  }

  /** @param {RTCPeerConnection} peer */
  #poll(peer) {
    const now = performance.now();
    for (const speaker of SPEAKERS) this.#voice(speaker)?.tick(now);
    // Before the line is up nothing is expected of it.
    if (!this.#isUp) this.#seen += 1;
    const stillMs = this.#pulse.look(this.#seen, now);
    if (stillMs === 0) this.#isMending = false;
    else if (stillMs >= LOST_MS) this.#fallBack('lost');
    else if (stillMs >= STILL_MS) void this.#mend(peer);
  }

  /**
   * A voice that knows what the browser gave out until now, however long the page was busy.
   * @param {AiSpeaker} speaker
   */
  #voice(speaker) {
    const end = this.#ends[speaker];
    if (!end) return null;
    const { voice, receiver } = end;
    voice.latency = (this.context.outputLatency || this.context.baseLatency || 0) * 1000;
    const [source] = receiver?.getSynchronizationSources() ?? [];
    if (source) {
      const at = pageTime(source.timestamp);
      if (source.rtpTimestamp !== this.#newest[speaker]) this.#seen += 1;
      this.#newest[speaker] = source.rtpTimestamp;
      voice.source(source.rtpTimestamp, at, performance.now());
    }
    return voice;
  }

  /** @param {RTCPeerConnection} peer */
  async #measure(peer) {
    const quality = { rttMs: 0, jitterMs: 0, bufferMs: 0, lossUp: 0, lossDown: 0 };
    const sums = { lost: 0, received: 0 };
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type === 'remote-inbound-rtp') {
        quality.rttMs = Math.round((entry.roundTripTime ?? 0) * 1000);
        quality.lossUp = Math.round((entry.fractionLost ?? 0) * 100);
      } else if (entry.type === 'inbound-rtp') {
        sums.lost += entry.packetsLost ?? 0;
        sums.received += entry.packetsReceived ?? 0;
        this.#count(entry);
        quality.jitterMs = Math.max(quality.jitterMs, Math.round((entry.jitter ?? 0) * 1000));
        const emitted = entry.jitterBufferEmittedCount || 1;
        quality.bufferMs = Math.max(quality.bufferMs, Math.round(((entry.jitterBufferDelay ?? 0) / emitted) * 1000));
      }
    }
    if (peer !== this.#peer) return;
    const [lost, received] = [sums.lost - this.#lostBefore.lost, sums.received - this.#lostBefore.received];
    this.#lostBefore = sums;
    quality.lossDown = Math.round((100 * Math.max(0, lost)) / Math.max(1, lost + received));
    this.events.onQuality({ ...quality, ...this.#counts });
  }

  /**
   * A hole in the silence between turns is heard by nobody: only of a voice that speaks is it an underrun.
   * @param {RTCInboundRtpStreamStats} entry
   */
  #count({ trackIdentifier, packetsDiscarded: late = 0, concealmentEvents: concealed = 0 }) {
    const end = Object.values(this.#ends).find(({ receiver }) => receiver?.track.id === trackIdentifier);
    if (!end) return;
    const spoke = end.voice.isSpeaking;
    const before = this.#counted.get(trackIdentifier);
    if (before && (spoke || before.spoke)) {
      this.#counts.latePackets += Math.max(0, late - before.late);
      this.#counts.concealed += Math.max(0, concealed - before.concealed);
    }
    this.#counted.set(trackIdentifier, { late, concealed, spoke });
  }

  /** @param {string} reason */
  #fallBack(reason) {
    if (!this.#peer) return;
    const wasUp = this.#isUp;
    // The socket goes on where this line left off.
    for (const speaker of SPEAKERS) this.#voice(speaker)?.report(performance.now());
    this.events.send({ type: 'webrtc.close' });
    this.#end();
    this.#show(reason);
    const again = () => { if (this.#isWanted && !this.#peer) void this.#begin(); };
    if (this.#isInsisted) {
      this.#retry = setTimeout(again, RETRY_MS);
    } else if (this.#isWanted && wasUp) {
      this.#retry = setTimeout(again, Math.min(RETRY_LOST_MS * 2 ** this.#losses, RETRY_LOST_MS_MAX));
      this.#losses += 1;
    }
  }

  #end() {
    clearTimeout(this.#patience);
    clearTimeout(this.#retry);
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    this.#peer?.close();
    this.#peer = this.#sender = null;
    this.#isUp = false;
    this.#offered = this.#answered = 0;
    for (const end of Object.values(this.#ends)) end.meter.disconnect();
    for (const sink of this.#sinks) sink.srcObject = null;
    this.#sinks = [];
    this.#ends = {};
    this.#lostBefore = { lost: 0, received: 0 };
    this.#counted.clear();
  }

  #show(reason = '') {
    this.events.onState({ way: this.#isUp ? 'webrtc' : 'socket', isTrying: this.#peer !== null && !this.#isUp, reason });
  }
}

/** @template T @param {number} ms @param {Promise<T>} promise @returns {Promise<T>} @throws After `ms`. */
async function within(ms, promise) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const limit = new Promise((_, reject) => { timer = setTimeout(() => reject(new Error(`not within ${ms} ms`)), ms); });
  try {
    return await Promise.race([promise, /** @type {Promise<never>} */ (limit)]);
  } finally {
    clearTimeout(timer);
  }
}

/** A reading of the page's clock: browsers give these times since 1970, or since the page began. @param {number} ms */
function pageTime(ms) {
  return ms > 1e11 ? ms - performance.timeOrigin : ms;
}

/** @param {GainNode} node @param {AudioContext} context @param {number} to @param {number} inMs @param {number} fadeMs */
function ramp({ gain }, context, to, inMs, fadeMs) {
  const at = context.currentTime + inMs / 1000;
  gain.cancelScheduledValues(context.currentTime);
  gain.setValueAtTime(gain.value, context.currentTime);
  gain.setValueAtTime(gain.value, at);
  gain.linearRampToValueAtTime(to, at + Math.max(1, fadeMs) / 1000);
}
