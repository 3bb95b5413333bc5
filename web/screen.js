// A second screen: captions only or orbs only, for an audience and for broadcasting software. Sees, and does nothing.
//
// `?show=captions|orbs`, `?session=` an id (the session that began last unless said).
import { Captions } from './captions.js';
import { Stage } from './stage.js';
import { initialState, reduce } from './state.js';
/** @import {ServerMessage, Speaker} from './types' */

/** Between two looks whether there is a session. */
const AGAIN_MS = 2000;
/** The wire's loudest level. */
const LEVEL_FULL = 1000;
/** The stage expects effective values; what fills an orb there is 0.18. */
const LEVEL_SCALE = 0.18;

const query = new URLSearchParams(location.search);
const address = `/live/${encodeURIComponent(query.get('session') ?? 'current')}/events`;
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
  waiting.hidden = isOn;
  stagePart.hidden = !isOn || show !== 'orbs';
  captionsPart.hidden = !isOn || show !== 'captions';
}

function look() {
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
      onAir(true);
    }
    state = reduce(state, message, performance.now());
    stage.render(state);
    captions.render(state);
  };
  events.onerror = () => {
    events.close();
    onAir(false);
    setTimeout(look, AGAIN_MS);
  };
}

onAir(false);
if (show === 'orbs') stage.start(() => levels);
look();
