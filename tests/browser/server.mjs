// A scripted studio: serves web/ under the product's headers and speaks the wire protocol as a test tells it to.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { WebSocketServer } from 'ws';

/** As `src/http/page.rs` sends it; `page.test.mjs` compares the two. */
export const POLICY = "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const NAMES = ['Mona', 'Ada', 'Grace'];
export const RATE = 48_000;
const FRAME = 960;

export const now = () => performance.timeOrigin + performance.now();

/** What every studio says of itself unless a test says otherwise: all is well. */
const HEALTH = JSON.stringify({ status: 'ok', adapters: { available: [{ kind: 'stt', name: 'moonshine', state: 'ready' }] } });

/** Starts on a free port. `files` are extra answers by path: a body, or a function that answers by itself. */
export async function startServer(webDir, files) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://x').pathname;
    const headers = { 'content-security-policy': POLICY, 'cache-control': 'no-cache' };
    try {
      if (typeof files[path] === 'function') return void files[path](request, response);
      const body = files[path] ?? (path === '/health' ? HEALTH : null) ?? await readFile(join(webDir, path === '/' ? 'index.html' : path));
      const type = path.startsWith('/api/') || path === '/health' ? 'application/json' : TYPES[extname(path) || '.html'];
      response.writeHead(200, { ...headers, 'content-type': `${type}; charset=utf-8` }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  const sockets = new WebSocketServer({ server, path: '/ws' });
  const waiting = [];
  const arrived = [];
  sockets.on('connection', (socket) => {
    const client = new Client(socket);
    const taker = waiting.shift();
    if (taker) taker(client);
    else arrived.push(client);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** The next page that connects. */
    client: () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise((resolve) => waiting.push(resolve))),
    close() {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One page, seen from the server. */
export class Client {
  texts = [];
  frames = [];
  #seq = 0;
  #waits = [];

  constructor(socket) {
    this.socket = socket;
    socket.on('message', (data, isBinary) => {
      if (isBinary) {
        this.frames.push({
          kind: data[0], muted: (data[1] & 1) === 1, sequence: data.readUInt32LE(4),
          first: Number(data.readBigUInt64LE(8)), samples: (data.length - 16) / 2,
          isSilent: data.subarray(16).every((byte) => byte === 0),
          peak: data[0] === 1 ? Math.max(...new Int16Array(data.buffer.slice(data.byteOffset + 16, data.byteOffset + data.length))) / 32_768 : 0,
        });
      } else {
        this.texts.push({ ...JSON.parse(data), wall: now() });
      }
      this.#waits = this.#waits.filter((wait) => !wait());
    });
  }

  send(type, fields = {}) {
    this.#seq += 1;
    this.socket.send(JSON.stringify({ type, seq: this.#seq, ...fields }));
    return now();
  }

  /** Resolves with the first value that is not falsy, asked again at every message. */
  until(find, what, limitMs = 8000) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`never came: ${what}`)), limitMs).unref();
      const ask = () => {
        const found = find(this);
        if (!found) return false;
        clearTimeout(timer);
        resolve(found);
        return true;
      };
      if (!ask()) this.#waits.push(ask);
    });
  }

  text(type, matches = () => true) {
    return this.until(({ texts }) => texts.find((text) => text.type === type && matches(text)), type);
  }

  ready() {
    this.send('session.ready', {
      sessionId: 's1', resumeToken: 'token-1', episodeId: 'first-night', resumed: false, names: NAMES,
    });
    this.send('state.snapshot', {
      orbStates: { you: 'listening', claude: 'idle', guest: 'idle' }, captions: [], autopilot: false, segment: null, strikes: [],
      session: { sessionId: 's1', episodeId: 'first-night', title: 'Why night trains came back', names: NAMES,
        adapters: ['moonshine', 'rehearsal', 'flite'], nowMs: 0, muted: false, recording: true },
    });
  }

  caption(id, speaker, fields) {
    this.send('caption', { id, speaker, turn: id, text: '', isFinal: false, start: 0, end: 0, estimated: false, cut: false, words: [], ...fields });
  }

  audio(speaker, turn, firstSample, pcm) {
    const frame = Buffer.alloc(16 + pcm.length * 2);
    frame[0] = 16;
    frame[1] = speaker === 'claude' ? 1 : 2;
    frame.writeUInt32LE(turn, 4);
    frame.writeBigUInt64LE(BigInt(firstSample), 8);
    pcm.forEach((sample, i) => frame.writeInt16LE(sample, 16 + i * 2));
    this.socket.send(frame);
  }

  /**
   * Sends a turn as the studio does: never more than 200 ms ahead of what the page reports as heard.
   * `stop()` ends it, as the floor does when it revokes a turn.
   */
  speak(speaker, turn, pcm, from = 0) {
    let sent = from;
    let heard = from;
    let isStopped = false;
    const send = () => {
      while (!isStopped && sent < pcm.length && sent < heard + RATE / 5) {
        const frame = pcm.subarray(sent, Math.min(sent + FRAME, pcm.length));
        this.audio(speaker, turn, sent, frame);
        sent += frame.length;
      }
    };
    this.until(({ texts }) => {
      const last = texts.findLast((text) => text.type === 'client.playout' && text.turn === turn);
      if (last) heard = Math.max(heard, last.playedSamples);
      send();
      return isStopped || sent >= pcm.length;
    }, `the end of turn ${turn}`, 60_000).catch(() => {});
    return { stop: () => { isStopped = true; return sent; } };
  }

  positions(turn) {
    return this.texts.filter((text) => text.type === 'client.playout' && text.turn === turn);
  }
}
