// Minds and voices of a script, as services on this machine: each word of each speaker is a tone of its own, so what a
// loudspeaker gave out tells who said which word, and whether anybody spoke over anybody.
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

/** Rate of the voice service, in Hz. */
const VOICE_RATE = 22_050;
/** Tones lie so far apart, in Hz: more than a window of 30 ms can confuse. */
const STEP_HZ = 50;
const FIRST_HZ = { ada: 400, grace: 2_700 };
/** So long is a letter, and the gap after a word. A studio that is told no times spreads a line by its letters. */
const LETTER_MS = 55;
const WORDS_MAX = 45;

const wordsOf = (text) => text.toLowerCase().match(/[a-z']+/g) ?? [];

/**
 * @param {{of: RegExp, ada: string, grace: string}[]} lines What each answers to which words of the host; the line whose
 * words were said last counts, and the last line where none were.
 */
export async function startScript(lines) {
  const book = Object.fromEntries(['ada', 'grace'].map((who) => {
    const words = [...new Set(lines.flatMap((line) => wordsOf(line[who])))];
    if (words.length > WORDS_MAX) throw new Error(`${who} has ${words.length} words, and tones for ${WORDS_MAX}`);
    return [who, words];
  }));
  const frequency = (who, word) => FIRST_HZ[who] + STEP_HZ * book[who].indexOf(word);
  const asked = [];

  const answer = (who, messages) => {
    const last = JSON.stringify(messages.findLast(({ role }) => role === 'user') ?? '');
    asked.push({ who, last });
    // One message holds all that was said since this mind spoke.
    const places = lines.slice(0, -1).map((line) => ({ line, at: [...last.matchAll(new RegExp(line.of, 'gi'))].at(-1)?.index ?? -1 }));
    const latest = places.reduce((a, b) => (b.at > a.at ? b : a));
    return (latest.at < 0 ? lines.at(-1) : latest.line)[who];
  };

  const server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += part;
    const { messages, text, voice, stream } = body ? JSON.parse(body) : {};
    if (request.url === '/synthesize') {
      response.writeHead(200, { 'content-type': 'audio/wav' }).end(wav(spoken(voice, text)));
    } else if (request.url === '/v1/messages') {
      anthropic(response, answer('ada', messages), stream);
    } else if (request.url === '/v1/chat/completions') {
      chat(response, answer('grace', messages), stream);
    } else {
      response.writeHead(404).end();
    }
  });

  /** The tones of a text, each with soft edges. */
  function spoken(who, text) {
    const parts = wordsOf(text).map((word) => {
      const tone = new Int16Array(Math.round((VOICE_RATE * LETTER_MS * word.length) / 1000));
      const edge = VOICE_RATE / 200;
      tone.forEach((_, i) => {
        const soft = Math.min(1, i / edge, (tone.length - i) / edge);
        tone[i] = 9_000 * soft * Math.sin((2 * Math.PI * frequency(who, word) * i) / VOICE_RATE);
      });
      return [tone, new Int16Array(Math.round((VOICE_RATE * LETTER_MS) / 1000))];
    }).flat();
    const all = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  return {
    asked,
    settings: {
      USE_REAL_ADAPTERS: 'true', STT_PROVIDER: 'moonshine', TTS_PROVIDER: 'piper', PIPER_HTTP_URL: base, GUEST_PROVIDER: 'local',
      LOCAL_LLAMA_ENDPOINT: `${base}/v1`, ANTHROPIC_BASE_URL: base, ANTHROPIC_API_KEY: 'a-key-of-this-test',
      // Asked for though the server is used; any file serves.
      PIPER_MODEL_PATH: fileURLToPath(import.meta.url), STUDIO_STT_FALLBACK: 'none', STUDIO_TTS_FALLBACK: 'none',
    },
    words: (who, text) => wordsOf(text).map((word) => ({ who, word })),
    /** The words that sound in a recording at 48 kHz: who, which, from and until which ms; `both` where two sounded at once. */
    read: (pcm) => read(pcm, book, frequency),
    close: () => server.close(),
  };
}

/** A window of 30 ms every 10 ms. */
const [WINDOW, HOP] = [1440, 480];
/** A tone at −30 dB of full scale is heard; voices have −11. */
const HEARD = 0.03;

function read(pcm, book, frequency) {
  const tones = Object.entries(book).flatMap(([who, words]) => words.map((word) => ({ who, word, hz: frequency(who, word) })));
  const strength = (at, hz) => {
    // Goertzel: one tone's share of the window.
    const turn = 2 * Math.cos((2 * Math.PI * hz) / 48_000);
    let [one, two] = [0, 0];
    for (let i = at; i < at + WINDOW; i++) [two, one] = [one, pcm[i] + turn * one - two];
    return Math.sqrt(Math.max(0, one * one + two * two - turn * one * two)) / (WINDOW / 2);
  };
  const said = [];
  let both = 0;
  for (let at = 0; at + WINDOW <= pcm.length; at += HOP) {
    let energy = 0;
    for (let i = at; i < at + WINDOW; i += 8) energy += pcm[i] * pcm[i];
    if (Math.sqrt((energy * 8) / WINDOW) < HEARD / 2) continue;
    const heard = tones.map((tone) => ({ ...tone, level: strength(at, tone.hz) }));
    const best = Object.keys(book).map((who) => heard.filter((tone) => tone.who === who).reduce((a, b) => (b.level > a.level ? b : a)));
    const [loud, soft] = best.toSorted((a, b) => b.level - a.level);
    if (loud.level < HEARD) continue;
    // Leakage into the other's band stays far below a tone of its own.
    if (soft.level > loud.level / 3) both += 1;
    const ms = (at / 48_000) * 1000;
    const last = said.at(-1);
    if (last && last.who === loud.who && last.word === loud.word && ms - last.untilMs < 25) last.untilMs = ms;
    else said.push({ who: loud.who, word: loud.word, fromMs: ms, untilMs: ms });
  }
  // At the edge between two words a window may be of neither: a word lasts longer.
  return { said: said.filter(({ fromMs, untilMs }) => untilMs - fromMs >= 20), both };
}

function wav(samples) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0); head.writeUInt32LE(36 + samples.byteLength, 4); head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16); head.writeUInt16LE(1, 20); head.writeUInt16LE(1, 22); head.writeUInt32LE(VOICE_RATE, 24);
  head.writeUInt32LE(VOICE_RATE * 2, 28); head.writeUInt16LE(2, 32); head.writeUInt16LE(16, 34);
  head.write('data', 36); head.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([head, Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength)]);
}

function anthropic(response, reply, isStream) {
  const usage = { input_tokens: 10, output_tokens: 10 };
  const message = { id: 'msg_1', type: 'message', role: 'assistant', model: 'scripted', content: [], stop_reason: null, stop_sequence: null, usage };
  if (!isStream) {
    response.writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ ...message, content: [{ type: 'text', text: reply }], stop_reason: 'end_turn' }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (data) => response.write(`event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`);
  send({ type: 'message_start', message });
  send({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } });
  for (const word of reply.split(/(?<= )/)) send({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: word } });
  send({ type: 'content_block_stop', index: 0 });
  send({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage });
  send({ type: 'message_stop' });
  response.end();
}

function chat(response, reply, isStream) {
  const head = { id: 'c1', model: 'scripted', created: 1_795_220_000 };
  if (!isStream) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ ...head, object: 'chat.completion',
      choices: [{ index: 0, message: { role: 'assistant', content: reply }, finish_reason: 'stop' }] }));
    return;
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const send = (delta, finish) => response.write(`data: ${JSON.stringify({ ...head, object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`);
  send({ role: 'assistant', content: '' }, null);
  for (const word of reply.split(/(?<= )/)) send({ content: word }, null);
  send({}, 'stop');
  response.end('data: [DONE]\n\n');
}
