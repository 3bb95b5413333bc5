// A second screen: captions only or orbs only, for an audience and for broadcasting software. Sees, and does nothing.
//
// `?show=captions|orbs`, `?session=` an id (the session that began last unless said).
//
// Whatever stands on it may be on air, so while it waits it shows nothing; that it waits, and for what, is told to
// whoever sits before it and moves the mouse, and always in the title of its tab.
import { ApiFailure, sessions } from './api.js';
import { Captions } from './captions.js';
import { Stage } from './stage.js';
import { initialState, reduce } from './state.js';
/** @import {ServerMessage, Speaker} from './types' */

/** Between two looks whether there is a session. */
const AGAIN_MS = 2000;
/** The same where the studio wants its token first: nothing changes by itself there. */
const LOCKED_MS = 30_000;
/** How long the words of waiting stay after the mouse moved. */
const WORDS_MS = 10_000;
/** The wire's loudest level. */
const LEVEL_FULL = 1000;
/** The stage expects effective values; what fills an orb there is 0.18. */
const LEVEL_SCALE = 0.18;

const query = new URLSearchParams(location.search);
const wanted = query.get('session') ?? '';
const address = `/live/${encodeURIComponent(wanted || 'current')}/events`;
const show = query.get('show') === 'orbs' ? 'orbs' : 'captions';
const find = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const [stagePart, captionsPart, waiting] = [find('stage'), find('captions'), find('waiting')];

/** @type {Record<Speaker, number>} */
const levels = { you: 0, claude: 0, guest: 0 };
let state = initialState();
const stage = new Stage(stagePart);
const captions = new Captions(captionsPart, find('captions-final'), find('captions-interim'));
document.body.dataset.show = show;

/** @param {boolean} isOn */
function onAir(isOn) {
  document.body.dataset.on = String(isOn);
  stagePart.hidden = !isOn || show !== 'orbs';
  captionsPart.hidden = !isOn || show !== 'captions';
}

/** @param {string} text */
function wait(text) {
  onAir(false);
  if (waiting.textContent !== text) waiting.textContent = text;
  document.title = `${text} Voice Studio`;
}

let hiding = 0;
function somebodyIsThere() {
  clearTimeout(hiding);
  document.body.dataset.watched = 'true';
  hiding = setTimeout(() => { delete document.body.dataset.watched; }, WORDS_MS);
}

/** Asked before it is watched: a stream that is not there is an error in the console, an empty list is none. */
async function look() {
  let again = AGAIN_MS;
  try {
    const { sessions: onTheAir } = await sessions(document.URL);
    if (onTheAir.some(({ sessionId }) => !wanted || wanted === 'current' || sessionId === wanted)) return watch();
    wait('Waiting for a session…');
  } catch (error) {
    const isLocked = error instanceof ApiFailure && error.code === 'access_denied';
    if (isLocked) again = LOCKED_MS;
    wait(isLocked ? 'This studio asks for its access token. Open the studio in this browser, sign in, then load this page again.'
      : 'The studio does not answer. This page goes on trying.');
  }
  setTimeout(() => void look(), again);
}

function watch() {
  const events = new EventSource(address);
  events.onmessage = ({ data }) => {
    /** @type {ServerMessage} */
    const message = JSON.parse(data);
    if (message.type === 'level') {
      levels[message.speaker] = (message.level / LEVEL_FULL) * LEVEL_SCALE;
      return;
    }
    if (message.type === 'state.snapshot') {
      if (message.session.sessionId !== state.sessionId) {
        state = { ...initialState(), sessionId: message.session.sessionId };
        captions.clear();
      }
      find('title').textContent = message.session.title;
      document.title = 'Voice Studio: second screen';
      onAir(true);
    }
    state = reduce(state, message, performance.now());
    stage.render(state);
    captions.render(state);
  };
  events.onerror = () => {
    events.close();
    wait('Waiting for a session…');
    setTimeout(() => void look(), AGAIN_MS);
  };
}

for (const sign of ['pointermove', 'pointerdown', 'keydown']) addEventListener(sign, somebodyIsThere);
wait('Waiting for a session…');
if (show === 'orbs') stage.start(() => levels);
void look();
