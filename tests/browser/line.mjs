// What tests of the whole studio share: the real binary, a real Chromium with a file as its microphone, a voice whose every
// sample can be told, and what is heard and said in the page.
import { execFileSync, execSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

export const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, '../..');
export const RATE = 48_000;
export const LIMIT = { timeout: 40_000 };
/**
 * From an order to silence at the page's output. The goal is 60 ms; the tap, and the clock that an order is read by, go in steps
 * of a quantum, 3 ms. Seen are 10, the fade: both are counted in samples from when the order is in the page, so that a busy
 * machine changes nothing.
 */
export const ORDER_MS_MAX = 60 + 3;

/** Starts the binary with these settings; resolves with its address and how it is stopped. */
export function startStudio(work, settings = {}) {
  const binary = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/studio');
  if (!existsSync(binary)) throw new Error(`${binary} is not there: ./dev builds it first`);
  const studio = spawn(binary, ['serve'], {
    cwd: work,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', RECORDING_DIR: join(work, 'recordings'),
      BRIEFINGS_DIR: join(ROOT, 'briefings'), STUDIO_MODELS_DIR: process.env.STUDIO_MODELS_DIR ?? join(ROOT, 'models'), ...settings },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve) => studio.once('exit', resolve));
  return new Promise((resolve, reject) => {
    let said = '';
    studio.stdout.setEncoding('utf8');
    studio.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/Listening on (http:\/\/\S+)/);
      if (found) resolve({ address: found[1], stop: () => { studio.kill('SIGTERM'); return ended; } });
    });
    ended.then((code) => reject(new Error(`the studio ended with ${code}: ${said}`)));
  });
}

/** A Chromium whose microphone plays this file once. */
export function launch(work, microphone) {
  return chromium.launchPersistentContext(join(work, 'profile'), {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    bypassCSP: true,
    viewport: { width: 1280, height: 800 },
    // A machine may have no network but itself; browsers leave that out of their addresses unless told.
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--allow-loopback-in-peer-connection',
      '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      `--use-file-for-fake-audio-capture=${microphone}%noloop`],
  });
}

/** A question after so much silence, or silence alone. */
export function microphone(work, leadMs, question = 'question.wav') {
  const wav = join(work, `host-${leadMs}.wav`);
  const source = question ? ['-i', join(ROOT, 'tests/audio', question)] : ['-f', 'lavfi', '-i', 'anullsrc=r=48000:cl=mono', '-t', '1'];
  execFileSync('ffmpeg', ['-v', 'error', ...source, '-ar', `${RATE}`, '-af', `adelay=${leadMs},apad=pad_dur=60`, wav]);
  return wav;
}

/** How long each pitch of the telling voice lasts, and from where to where they go. */
const STEP_S = 0.05;
const [LOWEST_HZ, HIGHEST_HZ] = [400, 2000];

/** A voice that never pauses and never repeats itself: a tone whose pitch changes by chance every 50 ms. */
export function tellingVoice(rate, seconds) {
  const pcm = new Float32Array(rate * seconds);
  let [state, phase, hz] = [12_345, 0, LOWEST_HZ];
  const step = rate * STEP_S;
  let next = 0;
  for (let n = 0; n < pcm.length; n++) {
    if (n >= next) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      hz = LOWEST_HZ + ((state >>> 8) % (HIGHEST_HZ - LOWEST_HZ));
      next += step;
    }
    pcm[n] = 0.4 * Math.sin(phase);
    phase += (2 * Math.PI * hz) / rate;
  }
  return pcm;
}

/** The telling voice behind Piper's HTTP interface: whatever is to be said, it is that, from its beginning. */
export function startVoice(seconds) {
  const rate = 22_050;
  const pcm = tellingVoice(rate, seconds);
  const wav = Buffer.alloc(44 + pcm.length * 2);
  wav.write('RIFF', 0); wav.writeUInt32LE(36 + pcm.length * 2, 4); wav.write('WAVEfmt ', 8);
  wav.writeUInt32LE(16, 16); wav.writeUInt16LE(1, 20); wav.writeUInt16LE(1, 22); wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28); wav.writeUInt16LE(2, 32); wav.writeUInt16LE(16, 34);
  wav.write('data', 36); wav.writeUInt32LE(pcm.length * 2, 40);
  pcm.forEach((sample, i) => wav.writeInt16LE(Math.round(sample * 32_767), 44 + i * 2));
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(200, { 'content-type': 'audio/wav' }).end(wav));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({
    url: `http://127.0.0.1:${server.address().port}`,
    close: () => { server.closeAllConnections(); server.close(); },
  })));
}

/** In the page, before its own code: what crosses the socket, with the page's clock and the audio context's. */
export function listenIn() {
  const Context = window.AudioContext;
  window.AudioContext = class extends Context {
    constructor(...options) {
      super(...options);
      window.__context = this;
    }
  };
  const stamp = () => {
    const output = window.__context?.getOutputTimestamp() ?? {};
    return { at: performance.now(), wall: performance.timeOrigin + performance.now(),
      context: window.__context?.currentTime ?? 0, outputContext: output.contextTime ?? 0, outputAt: output.performanceTime ?? 0 };
  };
  window.__wire = { received: [], sent: [], sources: [], statistics: [], clocks: [] };
  setInterval(() => { if (window.__context && window.__wire.clocks.length < 20_000) window.__wire.clocks.push(stamp()); }, 20);
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (data) {
    window.__socket = this;
    const message = typeof data === 'string' ? JSON.parse(data) : { type: 'binary', kind: new Uint8Array(data)[0], bytes: data.byteLength };
    window.__wire.sent.push({ ...stamp(), ...message });
    return send.call(this, data);
  };
  const handler = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...handler,
    set(take) {
      const heed = (event) => {
        const { data } = event;
        const message = typeof data === 'string' ? JSON.parse(data) : { type: 'binary' };
        if (message.type !== 'level') window.__wire.received.push({ ...stamp(), ...message });
        take.call(this, event);
      };
      window.__order = (message) => heed({ data: JSON.stringify(message) });
      handler.set.call(this, heed);
    },
  });
  const sources = RTCRtpReceiver.prototype.getSynchronizationSources;
  RTCRtpReceiver.prototype.getSynchronizationSources = function () {
    const found = sources.call(this);
    if (found[0] && window.__wire.sources.length < 60_000) {
      window.__wire.sources.push({ at: performance.now(), rtp: found[0].rtpTimestamp, given: found[0].timestamp, track: this.track.id });
    }
    return found;
  };
  // A relay may stand between the page and the port that the answer names.
  const describe = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function (description) {
    window.__peer = this;
    const relay = window.__relayPort;
    let sdp = relay ? description.sdp.replace(/(a=candidate:\S+ \d+ udp \d+ \S+) \d+ /gi, `$1 ${relay} `) : description.sdp;
    if (window.__isUdpOnly) sdp = sdp.replace(/a=candidate:\S+ \d+ tcp .*\r\n/gi, '');
    return describe.call(this, { ...description, type: description.type, sdp });
  };
  setInterval(async () => {
    const peer = window.__peer;
    if (!peer || peer.connectionState !== 'connected') return;
    for (const entry of (await peer.getStats()).values()) {
      if (entry.type !== 'inbound-rtp') continue;
      window.__wire.statistics.push({ at: performance.now(), stamp: entry.timestamp - performance.timeOrigin, track: entry.trackIdentifier,
        emitted: entry.jitterBufferEmittedCount, received: entry.totalSamplesReceived, estimated: entry.estimatedPlayoutTimestamp });
    }
  }, 100);
}

/** A page of the studio that is live, with what it plays and says written down. */
export async function enter(context, address, { way = 'auto', relayPort = 0, isUdpOnly = false } = {}) {
  const page = await context.newPage();
  page.complaints = [];
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  // A worklet's module is not seen by the test's routes, so it comes from the page itself; hence no policy here.
  await page.addInitScript((code) => { window.__tapModule = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); },
    readFileSync(join(HERE, 'tap-worklet.js'), 'utf8'));
  await page.addInitScript({ path: join(HERE, 'tap.js') });
  await page.addInitScript(listenIn);
  await page.addInitScript(([way, port, isUdpOnly]) => {
    localStorage.setItem('studio.sound-way', way);
    window.__relayPort = port;
    window.__isUdpOnly = isUdpOnly;
  }, [way, relayPort, isUdpOnly]);
  await page.goto(address);
  await page.fill('#name', 'Mona');
  await page.check('input[name=headphones][value=yes]', { force: true });
  await page.click('button[type=submit]');
  await page.waitForSelector('body[data-screen="live"]', LIMIT);
  return page;
}

/** Ends the session; resolves when its files are there. */
export async function end(page) {
  await page.click('#end');
  await page.click('#end-confirm');
  await page.waitForSelector('body[data-screen="ended"]', LIMIT);
}

/** What the page has played since it began to: samples, and the audio context's frame of the first. */
export const heard = (page) => tapped(page, 'blocks');

/** What the page had of the microphone, on the same clock. */
export const spoken = (page) => tapped(page, 'microphone');

async function tapped(page, what) {
  const blocks = await page.evaluate((what) => window.__heard[what].map(({ first, pcm }) => [first, [...pcm]]), what);
  const origin = blocks[0][0];
  const pcm = new Float32Array(blocks.at(-1)[0] + 128 - origin);
  for (const [first, samples] of blocks) pcm.set(samples, first - origin);
  return { pcm, origin };
}

export const decode = (file) => {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

export const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** The greatest part of `hundredths` per cent of the values. */
export const percentile = (values, hundredths) =>
  [...values].sort((a, b) => a - b)[Math.max(0, Math.ceil((values.length * hundredths) / 100) - 1)];

/** Where in `whole`, from `from` on, `part` lies best, and how well: 1 for the same shape. */
export function find(part, whole, from = 0, until = whole.length - part.length) {
  let best = { match: 0, at: from };
  let energy = 0;
  for (const sample of part) energy += sample * sample;
  for (let at = from; at <= until; at++) {
    let [ab, bb] = [0, 0];
    for (let i = 0; i < part.length; i++) {
      const sample = whole[at + i];
      ab += part[i] * sample; bb += sample * sample;
    }
    const match = ab / Math.sqrt(energy * bb || 1);
    if (match > best.match) best = { match, at };
  }
  return best;
}

/** The telling voice is looked up in every fourth sample, at 12 kHz: its pitches lie below 2 kHz. */
const THIN = 4;
const PER_MS = RATE / THIN / 1000;
const thin = (pcm) => pcm.filter((_, n) => n % THIN === 0);
/** So far from its place a voice that goes on may lie, and what is less is no break. 30 ms. */
const WAVER = 30 * PER_MS;
/** So much without a sound is silence: a tone of the voice is louder within half a period. */
const QUIET = 2 * PER_MS;

/**
 * Follows the telling voice through what was played or recorded of one turn. Every 10 ms a piece of 50 is looked up, and
 * compared with the one that ended before it: `breaks` are where the voice was silent or left something out, in ms;
 * `skippedMs` is negative where something came again. Where it does not go on it is found by twice as much: what a browser
 * makes up to fill a hole has one pitch, the voice has two there.
 */
export function follow(pcm, voice) {
  const [sound, source] = [thin(pcm), thin(voice)];
  const [step, part] = [10 * PER_MS, STEP_S * 1000 * PER_MS];
  const ms = (samples) => Math.round(samples / PER_MS);
  const places = [];
  const breaks = [];
  for (let at = Math.max(0, sound.findIndex((sample) => Math.abs(sample) > 0.05)); at + 2 * part < sound.length; at += step) {
    const look = (length, from, until) => {
      const piece = sound.subarray(at, at + length);
      if (silence(piece) > 0) return -1;
      const { match, at: place } = find(piece, source, Math.max(0, from), Math.min(until, source.length - length));
      return match < 0.9 ? -1 : place;
    };
    const last = places.at(-1);
    const expected = last ? last.place + at - last.at : 0;
    let place = look(part, expected - WAVER, expected + WAVER);
    const goesOn = last && at - last.at === step && place >= 0;
    if (place < 0 && last) place = look(2 * part, last.place - 1000 * PER_MS, expected + 1000 * PER_MS);
    if (place < 0) continue;
    const before = places.findLast((earlier) => earlier.at + part <= at);
    if (before && !goesOn) {
      // Between the two: silence, less than a step of the voice before and after it, and what was made up.
      const between = at - before.at - part;
      const silent = silence(sound.subarray(before.at + part - step, at + step));
      const skipped = place - before.place - part - Math.min(between - silent, 2 * step);
      if (silent > WAVER || Math.abs(skipped) > 2 * step) {
        breaks.push({ atMs: ms(at), silentMs: ms(silent), skippedMs: ms(skipped) });
      }
    }
    places.push({ at, place });
  }
  return { soundedMs: places.length * 10, breaks };
}

/** Samples of a thinned sound that are silence. */
function silence(pcm) {
  let [all, run] = [0, 0];
  for (let n = 0; n <= pcm.length; n++) {
    if (n < pcm.length && Math.abs(pcm[n]) < 0.01) { run += 1; continue; }
    if (run >= QUIET) all += run;
    run = 0;
  }
  return all;
}

/** A number from 0 to 1 by a fixed sequence, so that a line loses the same packets every time. */
function chance(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A bad line between a page and the studio's UDP port. `line` may be changed while it runs: `lossPercent`, `jitterMs` and
 * `heldPercent` (kept for 65 ms, so that successors overtake) both ways, `isDead` for a hole. `move()` gives the page
 * other ports, as the studio sees it: one for each address that the page tries.
 */
export async function startRelay(targetPort) {
  const line = { lossPercent: 0, jitterMs: 0, heldPercent: 0, isDead: false };
  const counts = { up: 0, down: 0, lost: 0 };
  const next = chance(7);
  const front = createSocket('udp4');
  const backs = new Map();
  const sockets = [front];
  const carry = (way, send) => {
    counts[way] += 1;
    if (line.isDead || next() * 100 < line.lossPercent) { counts.lost += 1; return; }
    const delay = next() * line.jitterMs + (next() * 100 < line.heldPercent ? 65 : 0);
    if (delay > 0) setTimeout(send, delay);
    else send();
  };
  const backOf = (page) => {
    const name = `${page.address}:${page.port}`;
    if (!backs.has(name)) {
      const socket = createSocket('udp4');
      socket.on('message', (data) => carry('down', () => { if (backs.get(name) === socket) front.send(data, page.port, page.address); }));
      backs.set(name, socket);
      sockets.push(socket);
    }
    return backs.get(name);
  };
  front.on('message', (data, page) => carry('up', () => backOf(page).send(data, targetPort, '127.0.0.1')));
  await new Promise((resolve) => front.bind(0, '127.0.0.1', resolve));
  return {
    line, counts, port: front.address().port,
    move: () => backs.clear(),
    close: () => sockets.forEach((socket) => socket.close()),
  };
}
