// What every page shares: header, language, theme, connection state, demo banner.

import { fmtAgo, fmtClock } from './format.js';
import { t, startLanguage } from './i18n.js';
import { startTheme } from './theme.js';
import { byId, setText } from './dom.js';

let connection = { kind: 'connecting', since: Date.now() };
let lastData = NaN;
let demo = false;

/** Wires the header. Call once, before anything else draws. */
export function startApp() {
  startLanguage([...document.querySelectorAll('[data-lang]')]);
  startTheme(byId('theme'));
  document.addEventListener('azud:lang', drawApp);
  setInterval(drawConnection, 1000);
  drawApp();
}

/** state: {kind: connecting|live|reconnecting|offline, since: ms}. */
export function showConnection(state) {
  connection = state;
  drawConnection();
}

/** Notes that data came just now, for "live · 3 s ago". */
export function noteData() {
  lastData = Date.now();
  drawConnection();
}

export function showStatus(status) {
  demo = status.demo === true;
  const version = document.getElementById('version');
  if (version && status.version) setText(version, `azud ${status.version}`);
  drawApp();
}

function drawApp() {
  byId('demo').hidden = !demo;
  drawConnection();
}

function drawConnection() {
  const chip = byId('connection');
  chip.dataset.state = connection.kind;
  const texts = {
    connecting: () => t('connecting'),
    live: () => t('live'),
    reconnecting: () => t('reconnecting'),
    offline: () => t('offlineSince', { time: fmtClock(connection.since) }),
  };
  setText(byId('connection-text'), texts[connection.kind]());
  const seen = Number.isFinite(lastData) ? t('lastData', { ago: fmtAgo(lastData) }) : t('noDataYet');
  setText(byId('connection-data'), seen);
}
