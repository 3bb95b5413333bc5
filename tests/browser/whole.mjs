// What the tests of the whole studio share: the real binary, a real Chromium, the tap, and reading what was recorded.
import assert from 'node:assert/strict';
import { execFileSync, execSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const HERE = dirname(fileURLToPath(import.meta.url));
export const ROOT = join(HERE, '../..');
export const SHOTS = join(ROOT, 'target/page');
const STUDIO = join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug/studio');

/** Starts the studio on a port of the system's choice and waits for the line that names it. */
export async function startStudio() {
  assert.ok(existsSync(STUDIO), `${STUDIO} is there: ./dev builds it first`);
  mkdirSync(SHOTS, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'studio-whole-'));
  const studio = spawn(STUDIO, ['serve'], {
    cwd: work,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: '0', RECORDING_DIR: join(work, 'recordings'),
      BRIEFINGS_DIR: join(ROOT, 'briefings'), STUDIO_MODELS_DIR: join(ROOT, 'models') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const address = await new Promise((resolve, reject) => {
    let said = '';
    studio.stdout.setEncoding('utf8');
    studio.stdout.on('data', (text) => {
      said += text;
      const found = said.match(/Listening on (http:\/\/\S+)/);
      if (found) resolve(found[1]);
    });
    studio.once('exit', (code) => reject(new Error(`the studio ended with ${code}: ${said}`)));
  });
  return {
    work,
    address,
    async stop() {
      const isOver = new Promise((resolve) => studio.once('exit', resolve));
      studio.kill('SIGTERM');
      assert.equal(await isOver, 0, 'the studio stops in order');
      rmSync(work, { recursive: true, force: true });
    },
  };
}

export function launch(work, more) {
  return chromium.launchPersistentContext(join(work, 'profile'), {
    executablePath: process.env.CHROMIUM ?? execSync('command -v chromium').toString().trim(),
    headless: true,
    bypassCSP: true,
    viewport: { width: 1280, height: 800 },
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', ...more],
  });
}

/** A worklet's module is not seen by the test's routes, so it comes from the page itself; hence no policy here. */
export async function tapInto(page) {
  await page.addInitScript((code) => { window.__tapModule = URL.createObjectURL(new Blob([code], { type: 'text/javascript' })); },
    readFileSync(join(HERE, 'tap-worklet.js'), 'utf8'));
  await page.addInitScript({ path: join(HERE, 'tap.js') });
}

export const decode = (file) => {
  const bytes = execFileSync('ffmpeg', ['-v', 'error', '-i', file, '-ac', '1', '-f', 'f32le', '-'], { maxBuffer: 1 << 28 });
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};
