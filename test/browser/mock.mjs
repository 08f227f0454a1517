// A small stand-in for the daemon: the pages, their content security policy and the HTTP API,
// fed by hand or by a recorded feed. For the tests, and for work on the pages:
//
//   node mock.mjs [--port 8099] [--demo] [--every MS] [--history N]
//   node mock.mjs --proxy http://127.0.0.1:8080     the pages from disk, the API of a daemon

import { createServer, request } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { estadisticas, readFeatures, shiftToNow, valueOf } from './feed.mjs';

export const ASSETS = fileURLToPath(new URL('../../internal/web/assets/', import.meta.url));

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; "
  + "img-src 'self' data: https://tile.openstreetmap.org; connect-src 'self'; font-src 'self'; "
  + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.json': 'application/json', '.svg': 'image/svg+xml', '.png': 'image/png',
};
const PAGES = { '/': 'index.html', '/sismos': 'sismos.html' };
const BATCH = 100;

/** Starts the mock; it answers {url, push, setTable, setFlows, drop, refuse, close}. */
export async function startMock({ port = 0, demo = false, flows = sampleFlows(), topics = [] } = {}) {
  const log = []; // records, in order; the event id is how many have been sent
  const clients = new Set();
  const state = { flows, topics, table: estadisticas([]), refusing: false, auto: true };

  const statusBody = () => ({
    name: 'azud', version: '0.1.0', demo, kafka: '127.0.0.1:9092', http: new URL(url).host,
    data: '/home/ana/.local/share/azud', startedAt: new Date(started).toISOString(), pipelines: ['sismos'],
  });
  const topicsBody = () => ({
    topics: [{ name: 'sismos', partitions: 3, records: log.length, bytes: log.length * 210, internal: false }, ...state.topics],
  });

  const send = (client, event, data) => {
    if (client.wants(event)) client.res.write(`id: ${client.cursor}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const pump = (client) => {
    while (client.cursor < log.length) {
      const records = log.slice(client.cursor, client.cursor + BATCH);
      client.cursor += records.length;
      send(client, 'records', { topic: 'sismos', records });
    }
  };

  function openEvents(req, res, query) {
    if (state.refusing) return problem(res, 503, 'starting');
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    const wants = (event) => {
      if (event === 'records') return query.get('topic') === 'sismos';
      if (event === 'table') return query.get('table') === 'estadisticas';
      return query.get(event) === '1';
    };
    const client = { res, wants, cursor: Number(req.headers['last-event-id'] ?? 0) };
    res.write('retry: 400\n\n');
    send(client, 'status', statusBody());
    send(client, 'flows', { flows: state.flows });
    send(client, 'topics', topicsBody());
    send(client, 'table', state.table);
    pump(client);
    clients.add(client);
    res.on('close', () => clients.delete(client));
    return undefined;
  }

  async function handle(req, res) {
    const { pathname, searchParams } = new URL(req.url, 'http://mock');
    if (pathname === '/api/v1/status') return json(res, statusBody());
    if (pathname === '/api/v1/flows') return json(res, { flows: state.flows });
    if (pathname === '/api/v1/topics') return json(res, topicsBody());
    if (pathname === '/api/v1/tables/estadisticas') return json(res, state.table);
    if (pathname === '/api/v1/events') return openEvents(req, res, searchParams);
    return asset(res, pathname);
  }

  const server = createServer((req, res) => {
    handle(req, res).catch?.(() => problem(res, 404, 'not found'));
  });
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
  const url = `http://127.0.0.1:${server.address().port}`;
  const started = Date.now() - 95 * 60_000;

  return {
    url,
    /** Appends values (or raw texts) to topic sismos. */
    push(...values) {
      for (const value of values) {
        const raw = typeof value === 'string';
        log.push({
          partition: log.length % 3, offset: Math.floor(log.length / 3), timestamp: Date.now(),
          key: raw || value.id === null ? null : String(value.id), value: raw ? null : value, ...(raw ? { raw: value } : {}),
        });
      }
      for (const client of clients) {
        pump(client);
        send(client, 'topics', topicsBody());
      }
      if (state.auto) this.setTable(estadisticas(log.map((r) => r.value).filter((v) => v?.timestamp)));
    },
    setTable(table) {
      state.table = table;
      for (const client of clients) send(client, 'table', table);
    },
    setFlows(next) {
      state.flows = next;
      for (const client of clients) send(client, 'flows', { flows: next });
    },
    /** Cuts all event streams. */
    drop() {
      for (const client of [...clients]) client.res.destroy();
    },
    /** While true, new event streams get an error 503. */
    refuse(on) {
      state.refusing = on;
    },
    async close() {
      this.drop();
      server.closeAllConnections();
      await new Promise((resolve) => { server.close(resolve); });
    },
  };
}

async function json(res, body) {
  res.writeHead(200, { 'Content-Type': 'application/json' });
  res.end(JSON.stringify(body));
}

async function problem(res, status, title) {
  res.writeHead(status, { 'Content-Type': 'application/problem+json' });
  res.end(JSON.stringify({ type: 'about:blank', title, status, detail: title }));
}

async function asset(res, pathname) {
  const file = PAGES[pathname] ?? (pathname.startsWith('/assets/') ? pathname.slice('/assets/'.length) : null);
  if (file === null || normalize(file).startsWith('..')) return problem(res, 404, 'not found');
  const body = await readFile(join(ASSETS, file));
  res.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP,
    'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'strict-origin-when-cross-origin', 'Cache-Control': 'no-cache',
  });
  res.end(body);
  return undefined;
}

/** Flows in every state, for the overview. */
export function sampleFlows(now = Date.now()) {
  const at = (ms) => new Date(now - ms).toISOString();
  const flow = (name, sink, connector, more) => ({
    pipeline: 'sismos', name, sink, connector, state: 'running', epoch: 214, inputRows: 196, inputRowsPerSecond: 1.5,
    processedRowsPerSecond: 914.2, outputRows: 196, watermark: null, rejectedRows: 0, lateRows: 0, lastEpochAt: at(2000),
    troubles: 0, rejected: [], lastError: null, ...more,
  });
  return [
    flow('ingesta', 'sismos', 'kafka', {
      rejectedRows: 2,
      troubles: 4,
      rejected: [{ origin: 'https://earthquake.usgs.gov/…/all_hour.geojson', reason: 'not valid JSON at byte 3', data: '<html><b>Bad gateway', at: at(250_000) }],
      lastError: {
        class: 'HTTP_STATUS', retrying: true, at: at(190_000),
        message: 'GET https://earthquake.usgs.gov/…/all_hour.geojson: 503 Service Unavailable\nHint: the next attempt is in 30 s; nothing is lost',
      },
    }),
    flow('alertas', 'avisos', 'alert', { epoch: 207, outputRows: 26, inputRowsPerSecond: 0.4 }),
    flow('estadisticas', 'estadisticas', 'memory', { watermark: at(660_000), lateRows: 3, outputRows: 151 }),
    flow('consola', 'consola', 'console', {
      state: 'failed', inputRowsPerSecond: 0, processedRowsPerSecond: 0,
      lastError: { class: 'SINK_CLOSED', retrying: false, at: at(61_000), message: 'the console went away: write: broken pipe' },
    }),
  ];
}

// The pages as they are on disk over the API of a running daemon: edit, reload, no build.
function proxy(target, port) {
  createServer((req, res) => {
    if (!req.url.startsWith('/api/')) {
      asset(res, new URL(req.url, target).pathname).catch(() => problem(res, 404, 'not found'));
      return;
    }
    const headers = { ...req.headers, host: new URL(target).host };
    const onward = request(new URL(req.url, target), { method: req.method, headers }, (answer) => {
      res.writeHead(answer.statusCode, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    res.on('close', () => onward.destroy());
    req.pipe(onward);
  }).listen(port, '127.0.0.1', () => console.log(`pages at http://127.0.0.1:${port}/sismos, API of ${target}`));
}

async function main(args) {
  if (args.includes('--proxy')) {
    proxy(args[args.indexOf('--proxy') + 1], args.includes('--port') ? Number(args[args.indexOf('--port') + 1]) : 8099);
    return;
  }
  const option = (name, fallback) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : fallback);
  const values = shiftToNow(readFeatures()).map(valueOf);
  const mock = await startMock({ port: option('--port', 8099), demo: args.includes('--demo') });
  const history = option('--history', values.length - 60);
  mock.push(...values.slice(0, history));
  let next = history;
  setInterval(() => next < values.length && mock.push(values[next++]), option('--every', 3000));
  console.log(`mock at ${mock.url}/sismos`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main(process.argv.slice(2));
