// Types shared by the page's modules. Never shipped; the wire's text is docs/protocol.md.

export type Speaker = 'you' | 'claude' | 'guest';
export type AiSpeaker = 'claude' | 'guest';
export type OrbState =
  | 'idle' | 'connecting' | 'listening' | 'thinking' | 'speaking' | 'paused' | 'interrupted' | 'muted' | 'failed';

export interface CaptionWord { text: string; start: number; end: number }

/** A caption as the server sends it. Times are session milliseconds. */
export interface Caption {
  id: number;
  speaker: Speaker;
  turn: number;
  text: string;
  pending?: string;
  isFinal: boolean;
  start: number;
  end: number;
  estimated: boolean;
  cut: boolean;
  words: CaptionWord[];
}

export interface RecordedFile { name: string; url: string; bytes: number; sha256: string }

export interface SessionFacts {
  sessionId: string;
  episodeId: string;
  title: string;
  names: [string, string, string];
  /** BCP 47 tag of the show's language; a studio that does not say so leaves it out. */
  language?: string;
  adapters: [string, string, string];
  nowMs: number;
  muted: boolean;
  recording: boolean;
}

export interface TurnMetrics {
  turn: number;
  speaker: AiSpeaker | null;
  endOfTurnMs: number | null;
  firstTextMs: number | null;
  firstAudioMs: number | null;
  firstSentMs: number | null;
  firstHeardMs: number | null;
  inputTokens?: number;
  outputTokens?: number;
  cachedTokens?: number;
  characters?: number;
  /** Millionths of a US dollar; null where the price is not known. */
  costMicroUsd?: number | null;
  /** Whether any of the counts is estimated. */
  estimated?: boolean;
}

export type WebRtcMessage =
  | { type: 'webrtc.ready'; iceServers: { urls: string; username?: string; credential?: string }[] }
  | { type: 'webrtc.answer'; sdp: string; offer: number }
  | { type: 'webrtc.state'; connected: boolean; reason?: string }
  | { type: 'webrtc.segment'; speaker: AiSpeaker; turn: number; firstSample: number; rtpTimestamp: number };

/** Which way the sound goes, and why not by the other. */
export interface LineState { way: 'webrtc' | 'socket'; isTrying: boolean; reason: string }

/** What a voice's playhead counts: blocks of sound that came, those that came after they should have sounded, and times
 *  the voice ran dry. */
export interface VoiceCounts { blocks: number; lateBlocks: number; underruns: number }

/** WebRTC's quality: times in ms, losses in per cent of the last second, the rest since the session began. */
export interface LineQuality {
  rttMs: number; jitterMs: number; bufferMs: number; lossUp: number; lossDown: number;
  latePackets: number; concealed: number;
}

/** What is known of the way to the studio: the time there and back (`null`: not asked yet, without end: no answer), frames
 *  of the microphone that were not sent, what the playheads counted, and WebRTC's own word while it carries the sound. */
export interface LinkFacts { roundTripMs: number | null; skipped: number; voices: VoiceCounts; line: LineQuality | null }

/** A voice may or may not be heard, from so many ms from now on. */
export interface RtpGate { open: boolean; inMs: number; fadeMs: number }

/** What a voice by WebRTC tells: samples of the turn heard at `at`, in ms of the page's clock. */
export interface RtpReport { turn: number; played: number; at: number; flushed: boolean; stalled: boolean }

export type PlayoutOrder =
  | { type: 'audio.duck'; speaker: AiSpeaker; turn: number; gainDb: number; fadeMs: number }
  | { type: 'audio.pause'; speaker: AiSpeaker; turn: number; fadeMs: number }
  | { type: 'audio.resume'; speaker: AiSpeaker; turn: number; fromSample: number }
  | { type: 'audio.flush'; speaker: AiSpeaker; turn: number; fadeMs: number };

/** Every text message of the server; each also carries a rising `seq`. */
export type ServerMessage = (
  | { type: 'session.ready'; sessionId: string; resumeToken: string; episodeId: string; resumed: boolean;
      names: [string, string, string]; hostCodecs?: string[] }
  | { type: 'server.ack'; message: string }
  | { type: 'state.snapshot'; orbStates: Record<Speaker, OrbState>; captions: Caption[]; autopilot: boolean;
      session: SessionFacts; segment?: CurrentSegment | null; strikes?: Strike[] }
  | { type: 'orb.state'; speaker: Speaker; state: OrbState }
  | ({ type: 'caption' } & Caption)
  | { type: 'autopilot'; enabled: boolean }
  | PlayoutOrder
  | WebRtcMessage
  | ({ type: 'turn.metrics' } & TurnMetrics)
  | { type: 'floor.grant'; turn: number; speaker: AiSpeaker; reason: string; scores?: Scores }
  | { type: 'floor.deny'; speaker: AiSpeaker; reason: string; scores?: Scores }
  | { type: 'director'; turn: number; speaker: AiSpeaker; step: string; reason: string; scores?: Scores }
  | ({ type: 'segment' } & CurrentSegment)
  | ({ type: 'strike'; scope: string; turns: number[] } & Strike)
  | ({ type: 'whisper' } & Whisper)
  | { type: 'level'; speaker: Speaker; level: number }
  | { type: 'recording.ready'; episodeId: string; files: RecordedFile[] }
  | { type: 'error'; code: string; message: string; hint: string }
) & { seq: number };

export interface Hello {
  participantName: string;
  episodeId: string;
  briefing?: string;
  audio?: { codec: 'pcm' | 'opus'; sampleRate: number };
  resumeToken?: string;
  lastSeq?: number;
  reports?: true;
  soundCheck?: HelloSoundCheck;
  protocol?: 1;
}

export type ClientMessage =
  | ({ type: 'hello' } & Hello)
  | { type: 'client.toggle-autopilot'; enabled: boolean }
  | { type: 'client.request-state' }
  | { type: 'client.interrupt' }
  | { type: 'client.mute'; muted: boolean }
  | { type: 'client.playout'; speaker: AiSpeaker; turn: number; playedSamples: number; captureSample?: number;
      flushed?: boolean; stalled?: boolean; clock?: { at: number; sent: number } }
  | { type: 'webrtc.offer'; sdp: string; restart: boolean; offer: number }
  | { type: 'webrtc.close' }
  | { type: 'client.push-to-talk'; held: boolean }
  | { type: 'client.nominate'; speaker: AiSpeaker }
  | { type: 'client.say'; text: string }
  | { type: 'client.marker'; label?: string }
  | { type: 'client.whisper'; speaker: AiSpeaker; text: string }
  | { type: 'client.strike'; seconds?: number }
  | { type: 'client.segment'; index: number }
  | { type: 'client.end' };

/** A frame of the microphone, with room for the header before its sound: PCM, or a packet of Opus. */
export interface HostFrame { buffer: ArrayBuffer; first: number; muted: boolean; isOpus?: boolean }

/** The host's choice of the sound's way. */
export type SoundChoice = 'auto' | 'webrtc' | 'opus' | 'socket';

/** One binary frame of an AI's voice. */
export interface AiFrame { speaker: AiSpeaker; turn: number; firstSample: number; pcm: ArrayBuffer }

/** Something went wrong, in words a host can act on. */
export interface Failure { title: string; advice: string }

/** What the page's own controls and the socket tell the reducer beside server messages. */
export type LocalEvent =
  | { type: 'local.start' }
  | { type: 'local.start-failed'; failure: Failure }
  | { type: 'local.mute'; muted: boolean }
  | { type: 'local.autopilot'; enabled: boolean }
  | { type: 'local.talk'; held: boolean }
  | { type: 'local.nominate'; speaker: AiSpeaker }
  | { type: 'local.marker'; ms: number; label: string }
  | { type: 'local.plan'; segments: Segment[]; language: string }
  | { type: 'local.shelf' }
  | { type: 'local.take'; episodeId: string }
  | { type: 'local.lobby' }
  | { type: 'local.retry'; at: number }
  | { type: 'local.end' }
  | { type: 'local.notice'; text: string }
  | { type: 'local.problem'; failure: Failure }
  | { type: 'local.microphone'; failure: Failure | null }
  | { type: 'local.dismiss' }
  | { type: 'local.reconnect' }
  | { type: 'local.closed'; code: number }
  | { type: 'local.gave-up' };

export type Screen = 'start' | 'connecting' | 'live' | 'finishing' | 'ended' | 'shelf';

export interface StudioState {
  screen: Screen;
  sessionId: string;
  episodeId: string;
  title: string;
  names: Record<Speaker, string>;
  orbs: Record<Speaker, OrbState>;
  /** In order of first appearance, at most `CAPTIONS_MAX`. */
  captions: Caption[];
  autopilot: boolean;
  muted: boolean;
  recording: boolean;
  /** Session time at the last snapshot, and the page's clock at that instant. */
  clock: { sessionMs: number; pageMs: number } | null;
  notice: string;
  failure: Failure | null;
  /** The host is not heard in a session that goes on: no microphone can be had. */
  microphoneGone: Failure | null;
  /** The socket went away while the session was live. */
  lost: boolean;
  /** Whether the lost session can be gone on with. */
  canResume: boolean;
  metrics: TurnMetrics | null;
  /** Figures of the last answers to the host's own turns, and the engine's last decisions, oldest first. */
  history: TurnMetrics[];
  decisions: Decision[];
  /** Whether the studio takes whispers, strikes and moves in the plan: its snapshots tell of them. */
  canDirect: boolean;
  /** Where in the plan the show is; `null` where there is no plan, or the studio does not say. */
  segment: CurrentSegment | null;
  /** What is cut from the show. */
  strikes: Strike[];
  /** What was whispered and taken, oldest first. */
  whispers: Whisper[];
  markers: { ms: number; label: string }[];
  /** The briefing's segments, and the language in which the show is held; empty where the page does not know it. */
  plan: Segment[];
  language: string;
  /** Whom the host gave the next word, until it is taken. */
  nominee: AiSpeaker | null;
  /** The talk key is down. */
  held: boolean;
  /** When the connection is tried again by itself, on the page's clock. */
  retryAt: number | null;
  files: RecordedFile[];
}

export interface Segment { title: string; minutes: number; goal: string }
/** The part of the plan that the show is in. Times are session milliseconds. */
export interface CurrentSegment extends Segment { index: number; since: number; reason?: string }
/** A stretch that is cut from the show, session ms. */
export interface Strike { from: number; to: number }
/** What the engine looked at before it decided: numbers by name. */
export type Scores = Record<string, unknown>;
export interface PlanPart extends Segment { state: 'done' | 'now' | 'next'; progress: number }
/** A decision of the engine about who speaks. */
export type Decision =
  | { kind: 'grant'; turn: number; speaker: AiSpeaker; reason: string; scores?: Scores }
  | { kind: 'deny'; speaker: AiSpeaker; reason: string; scores?: Scores }
  | { kind: 'move'; turn: number; speaker: AiSpeaker; step: string; reason: string; scores?: Scores };
export interface Whisper { speaker: AiSpeaker; text: string }
export interface Share { ms: number; share: number }

export interface Briefing {
  name: string; title: string; episode: string; language: string; speakers: string[]; roles: string[]; voices: string[];
  segments: Segment[];
}

/** `cut`: the speaker was interrupted here. A studio that does not say so leaves it out. */
export interface Cue { speaker: string; startMs: number; endMs: number; text: string; cut?: boolean }

export interface ListedRecording {
  episodeId: string; title: string; state: 'finished' | 'on-air' | 'unfinished'; startedUtc: string | null;
  durationMs: number | null; bytes: number; speakers: string[]; markers: number; recovered: boolean;
  matchCount: number; matches: Cue[];
}

/** One adapter as `/health` has it. */
export interface AdapterFacts { kind: string; name: string; state: 'ready' | 'loading' | 'unavailable'; reason?: string }

export interface ShelfPage { recordings: ListedRecording[]; total: number }

export interface Recording {
  episodeId: string; title: string; state: 'finished' | 'on-air' | 'unfinished'; startedUtc: string | null;
  durationMs: number | null; language: string; recovered: boolean;
  speakers: { speaker: Speaker; name: string; track: string }[];
  markers: { at_s: number; label: string }[];
  /** What was struck from the show, as the manifest has it; absent where the studio does not tell. */
  cuts?: { fromMs: number; toMs: number }[];
  captions: Cue[];
  files: TakenFile[];
}

/** A file of a recording; one that is made when it is asked for has no hash. */
export interface TakenFile { name: string; url: string; bytes: number; sha256: string | null }

export interface Waveforms { durationMs: number; tracks: Record<Speaker, number[]> }

/** What the sound check measured: dB of full scale, ms. */
export interface SoundCheck {
  noiseDb: number; echoDb: number; levelDb: number; peakDb: number; roundTripMs: number;
  /** What the recogniser understood of the read sentence: its words, and their share; `null` where it gave none. */
  understood: { text: string; share: number } | null;
}
/** The same as `hello` tells it. */
export interface HelloSoundCheck {
  levelDbfs: number; peakDbfs: number; noiseDbfs: number; echoDbfs: number; roundTripMs: number; headphones: boolean;
  recognisedPerMille?: number;
}
export interface Advice { what: string; text: string; isGood: boolean }

/** What a playhead tells the page about a turn. `frame` counts frames of the audio context. */
export interface PositionReport { turn: number; played: number; frame: number; flushed: boolean }

export type PlaybackCommand =
  | { type: 'frame'; turn: number; firstSample: number; pcm: ArrayBuffer }
  | { type: 'latency'; seconds: number }
  | PlayoutOrder;

export type PlaybackReport =
  | ({ type: 'position' } & PositionReport)
  | ({ type: 'counts' } & VoiceCounts)
  | { type: 'level'; level: number };

export type CaptureReport =
  | { type: 'started'; frame: number }
  | { type: 'frame'; first: number; muted: boolean; level: number; buffer: ArrayBuffer };

export interface OrbLook {
  shape: Speaker;
  state: OrbState;
  /** 0 to 1. */
  level: number;
  /** Seconds; any origin. */
  time: number;
  /** Edge of the square that is drawn into, in CSS pixels. */
  size: number;
  color: string;
  /** Colour of the marks that are laid over the body. */
  ink: string;
  /** Nothing moves; the level is a still arc. */
  still: boolean;
}

declare global {
  // The global scope of an audio worklet, which TypeScript's DOM library leaves out.
  const currentFrame: number;
  const sampleRate: number;
  class AudioWorkletProcessor { readonly port: MessagePort; constructor(options?: unknown) }
  function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;
}
