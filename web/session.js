// The socket: says hello, numbers what goes out, remembers what a lost connection needs to go on.
import { readAiFrame, readServerMessage, writeHostHeader } from './protocol.js';
/** @import {AiFrame, ClientMessage, Hello, HostFrame, ServerMessage} from './types' */

/** Audio waiting in the browser beyond this, 2.7 s at 48 kHz, is not sent: it would only be late. */
const BACKLOG_BYTES_MAX = 256 * 1024;

/**
 * @typedef {object} SessionEvents
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(frame: AiFrame) => void} onAudio
 * @property {(code: number) => void} onClose Once, after the last message.
 */

export class Session {
  /** @type {WebSocket | null} */ #socket = null;
  #sequence = 0;
  #resumeToken = '';
  #lastSeq = 0;
  #isReady = false;
  /** Frames that the connection was too slow for. */
  skippedFrames = 0;

  /**
   * @param {string} url
   * @param {Hello} hello
   * @param {SessionEvents} events
   */
  constructor(url, hello, events) {
    this.url = url;
    this.hello = hello;
    this.events = events;
  }

  /**
   * Goes on with a session of this page before it was loaded again.
   * @param {string} resumeToken
   */
  resume(resumeToken) {
    this.#resumeToken = resumeToken;
    this.connect();
  }

  /** Opens the connection, or opens it again and asks to go on where it was lost. */
  connect() {
    const socket = new WebSocket(this.url);
    this.#socket?.close();
    this.#socket = socket;
    this.#isReady = false;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => {
      const resume = this.#resumeToken ? { resumeToken: this.#resumeToken, lastSeq: this.#lastSeq } : {};
      this.send({ type: 'hello', ...this.hello, ...resume, reports: true, protocol: 1 });
    };
    socket.onmessage = ({ data }) => {
      if (this.#socket === socket) this.#receive(data);
    };
    socket.onclose = ({ code }) => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.#isReady = false;
      this.events.onClose(code);
    };
  }

  /** @param {ClientMessage} message Dropped while there is no connection. */
  send(message) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(message));
  }

  /**
   * Sends a frame of the microphone once the session is ready; the header is written in its place.
   * @param {HostFrame} frame
   */
  sendAudio({ buffer, first, muted, isOpus = false }) {
    if (!this.#isReady || !this.#socket) return;
    if (this.#socket.bufferedAmount > BACKLOG_BYTES_MAX) {
      this.skippedFrames += 1;
      return;
    }
    writeHostHeader(buffer, { sequence: this.#sequence, captureSample: first, muted, isOpus });
    this.#sequence += 1;
    this.#socket.send(buffer);
  }

  /** Closes without asking to end the session. */
  close() {
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    socket?.close();
  }

  /** @param {string | ArrayBuffer} data */
  #receive(data) {
    if (data instanceof ArrayBuffer) {
      const frame = readAiFrame(data);
      if (frame) this.events.onAudio(frame);
      return;
    }
    const message = readServerMessage(data);
    if (!message) return;
    if (typeof message.seq === 'number') this.#lastSeq = message.seq;
    if (message.type === 'session.ready') {
      this.#resumeToken = message.resumeToken;
      this.#isReady = true;
    }
    this.events.onMessage(message);
  }
}

/**
 * Where the studio's socket is, seen from the page.
 * @param {string} pageUrl
 */
export function socketUrl(pageUrl) {
  const url = new URL('/ws', pageUrl);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  return url.href;
}
