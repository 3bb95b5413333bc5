// A network that behaves badly between the page and a studio: connections of the socket are cut, delayed, halved, left
// half open and swallowed, by seeded chance; everything else passes. `tests/it/support/proxy.rs` does the same without
// a browser.
import { connect, createServer } from 'node:net';

/** Chance that repeats: mulberry32. */
function diceOf(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { between: (from, to) => from + Math.floor(next() * (to - from + 1)), pick: (list) => list[Math.floor(next() * list.length)] };
}

/**
 * Starts on a port of the system's choice.
 * @param {string} target `http://host:port` of the studio
 * @param {{seed: number, lifeMs: [number, number], slowPercent: number, slowMs: number}} weather
 */
export async function startWeather(target, { seed, lifeMs, slowPercent, slowMs }) {
  const { hostname, port } = new URL(target);
  const dice = diceOf(seed);
  const counts = { cuts: 0, pieces: 0, sockets: 0 };
  const sockets = new Set();
  let isCalm = false;

  /** Carries bytes one way, in order, halved and late by chance. */
  function pump(from, to, state) {
    const waiting = [];
    let isBusy = false;
    const step = () => {
      if (waiting.length === 0 || to.destroyed) {
        isBusy = false;
        return;
      }
      isBusy = true;
      const bytes = waiting.shift();
      const at = state.isSocket && bytes.length > 1 && !isCalm ? dice.between(1, bytes.length) : bytes.length;
      if (at < bytes.length) waiting.unshift(bytes.subarray(at));
      to.write(bytes.subarray(0, at));
      counts.pieces += 1;
      const isSlow = state.isSocket && !isCalm && dice.between(1, 100) <= slowPercent;
      if (isSlow) setTimeout(step, dice.between(1, slowMs));
      else setImmediate(step);
    };
    from.on('data', (bytes) => {
      if (state.isDeaf && from === state.studio) return;
      waiting.push(bytes);
      if (!isBusy) step();
    });
  }

  function end(state) {
    if (isCalm) return;
    counts.cuts += 1;
    const { page, studio } = state;
    const both = () => [page, studio].forEach((socket) => socket.destroy());
    switch (dice.pick(['cut', 'cut', 'half-open', 'deaf'])) {
      case 'cut': return both();
      // The page loses it; the studio thinks that it is still there.
      case 'half-open':
        page.destroy();
        return setTimeout(both, dice.between(100, 900));
      // What the studio says is swallowed for a while before both lose it.
      default:
        state.isDeaf = true;
        return setTimeout(both, dice.between(50, 400));
    }
  }

  const server = createServer((page) => {
    const studio = connect(Number(port), hostname);
    const state = { page, studio, isSocket: false, isDeaf: false };
    for (const [socket, other] of [[page, studio], [studio, page]]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // A reset is an end as well.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        if (socket === studio || !state.isSocket) other.destroy();
      });
    }
    page.once('data', (first) => {
      state.isSocket = first.toString('latin1').startsWith('GET /ws');
      // Its life begins once it is up: a handshake that breaks is logged by the browser as an error of the page.
      if (!state.isSocket) return;
      // The first of all lives longest: a page that was never in a session has none to come back to.
      const life = counts.sockets === 0 ? lifeMs[1] : dice.between(...lifeMs);
      counts.sockets += 1;
      studio.once('data', () => setTimeout(() => end(state), life));
    });
    pump(page, studio, state);
    pump(studio, page, state);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}`,
    counts,
    /** From here on connections live. */
    calmDown() { isCalm = true; },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
