// Server-sent events with a state that can be shown: connecting, live, reconnecting, offline.

const OFFLINE_AFTER_MS = 10000;
const RETRY_MIN_MS = 1000;
const RETRY_MAX_MS = 15000;

/**
 * Opens url as an event stream. handlers maps event names to functions that get the parsed
 * data; onState gets {kind, since} on each change, since in ms of the epoch.
 *
 * While the connection merely drops, EventSource comes back by itself and resumes at its last
 * event id. It gives up for good on an HTTP error; then a new one is opened with growing
 * pauses, which starts from the beginning: handlers must be idempotent.
 *
 * Returns a function that closes the stream.
 */
export function openStream(url, handlers, onState) {
  let source = null;
  let state = null;
  let pause = RETRY_MIN_MS;
  let retryTimer = 0;
  let offlineTimer = 0;

  const setState = (kind, since = Date.now()) => {
    if (state?.kind === kind) return;
    state = { kind, since };
    onState(state);
  };

  const lost = () => {
    const since = Date.now();
    setState(state?.kind === 'offline' ? 'offline' : 'reconnecting', since);
    if (!offlineTimer) offlineTimer = setTimeout(() => setState('offline', since), OFFLINE_AFTER_MS);
    if (source.readyState !== EventSource.CLOSED) return;
    clearTimeout(retryTimer);
    retryTimer = setTimeout(connect, pause);
    pause = Math.min(pause * 2, RETRY_MAX_MS);
  };

  const connect = () => {
    source = new EventSource(url);
    source.onopen = () => {
      clearTimeout(offlineTimer);
      offlineTimer = 0;
      pause = RETRY_MIN_MS;
      setState('live');
    };
    source.onerror = lost;
    for (const [name, handle] of Object.entries(handlers)) {
      source.addEventListener(name, (event) => {
        const data = parseJson(event.data);
        if (data !== undefined) handle(data);
      });
    }
  };

  const close = () => {
    clearTimeout(retryTimer);
    clearTimeout(offlineTimer);
    offlineTimer = 0;
    source?.close();
  };

  setState('connecting');
  connect();
  // A page in the back-forward cache must not hold one of the browser's few connections.
  window.addEventListener('pagehide', close);
  window.addEventListener('pageshow', (event) => event.persisted && connect());
  return close;
}

function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    console.warn('an event that is not JSON was ignored');
    return undefined;
  }
}
