// Where the earthquakes come from: the daemon's event stream, or, in an exported page that
// stands alone, the USGS itself.

import { openStream } from '../stream.js';
import { quakeOfFeature, quakeOfRecord } from './store.js';

const EVENTS_URL = '/api/v1/events?topic=sismos&from=earliest&table=estadisticas&status=1';
const USGS_URL = 'https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/all_day.geojson';
const USGS_EVERY_MS = 60000;
const USGS_TIMEOUT_MS = 20000;
const QUIET_MS = 1000;
const HISTORY_AT_MOST_MS = 4000;

function metaContent(name) {
  return document.querySelector(`meta[name="${name}"]`)?.content ?? '';
}

/** True in an exported page (the exporter sets <meta name="azud-source" content="usgs">). */
export function isStandalone() {
  return metaContent('azud-source') === 'usgs';
}

/**
 * Starts the source. on has: quakes(list, fresh), skipped(count), state({kind, since}), and,
 * with the daemon only, table(table) and status(status). fresh says that the quakes came after
 * the history that was there when the page opened.
 */
export function startSource(on) {
  if (isStandalone()) pollUsgs(on);
  else streamRecords(on);
}

function streamRecords(on) {
  const history = historyWatch();
  openStream(EVENTS_URL, {
    records({ topic, records }) {
      if (topic !== 'sismos') return;
      const quakes = records.map(quakeOfRecord);
      const readable = quakes.filter(Boolean);
      on.quakes(readable, history.isOver());
      if (readable.length < quakes.length) on.skipped(quakes.length - readable.length);
    },
    table: on.table,
    status: on.status,
  }, (state) => {
    if (state.kind === 'live') history.begin();
    on.state(state);
  });
}

/**
 * Tells history from news: what the topic already held comes in one burst after the first
 * connection; the first second of silence, or a few seconds in any case, ends it.
 */
function historyWatch() {
  let begun = 0;
  let last = 0;
  let over = false;
  return {
    begin() {
      if (!begun) begun = last = performance.now();
    },
    isOver() {
      const now = performance.now();
      over ||= begun > 0 && (now - last > QUIET_MS || now - begun > HISTORY_AT_MOST_MS);
      last = now;
      return over;
    },
  };
}

async function pollUsgs(on) {
  let since = Date.now();
  let fresh = false;
  on.state({ kind: 'connecting', since });
  for (;;) {
    try {
      const quakes = await fetchUsgs();
      on.quakes(quakes, fresh);
      fresh = true;
      since = Date.now();
      on.state({ kind: 'live', since });
    } catch (error) {
      console.warn('the USGS does not answer:', error.message);
      on.state({ kind: 'offline', since });
    }
    await new Promise((resolve) => { setTimeout(resolve, USGS_EVERY_MS); });
  }
}

async function fetchUsgs() {
  const response = await fetch(USGS_URL, { cache: 'no-cache', signal: AbortSignal.timeout(USGS_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const body = await response.json();
  return body.features.map(quakeOfFeature).filter(Boolean);
}
