// The overview: what flows, where, how fast, and what went wrong.

import { noteData, showConnection, showStatus, startApp } from './app.js';
import { byId, el, setText } from './dom.js';
import { fmtAgo, fmtBytes, fmtInt, fmtRate, fmtUtc, parseTime } from './format.js';
import { t } from './i18n.js';
import { openStream } from './stream.js';

const STATES = { running: 'stateRunning', starting: 'stateStarting', failed: 'stateFailed', stopped: 'stateStopped' };

let flows = null;
let topics = null;
let status = null;
const unfolded = new Set(); // keys of details that are open, kept over redrawing

startApp();
openStream('/api/v1/events?flows=1&topics=1&status=1', {
  flows(data) {
    flows = data.flows;
    noteData();
    drawFlows();
  },
  topics(data) {
    topics = data.topics;
    noteData();
    drawTopics();
  },
  status(data) {
    status = data;
    showStatus(data);
    drawStatus();
  },
}, showConnection);

document.addEventListener('azud:lang', () => {
  document.title = t('overviewDocTitle');
  drawFlows();
  drawTopics();
  drawStatus();
});
document.title = t('overviewDocTitle');
setInterval(() => {
  for (const node of document.querySelectorAll('[data-ago]')) setText(node, fmtAgo(Number(node.dataset.ago)));
}, 1000);

function drawFlows() {
  if (flows === null) return;
  const sum = (field) => flows.reduce((total, flow) => total + (flow[field] ?? 0), 0);
  const rejected = sum('rejectedRows');
  const late = sum('lateRows');
  setText(byId('ov-running'), fmtInt(flows.filter((flow) => flow.state === 'running').length));
  setText(byId('ov-running-note'), t('ovRunningOf', { n: fmtInt(flows.length) }));
  setText(byId('ov-in'), fmtRate(sum('inputRowsPerSecond')));
  setText(byId('ov-trouble'), fmtInt(rejected + late));
  setText(byId('ov-trouble-note'), t('ovTroubleHint', { rejected: fmtInt(rejected), late: fmtInt(late) }));
  byId('no-flows').hidden = flows.length > 0;
  keepFocus(byId('flow-rows'), flows.flatMap(flowRows));
}

// Replaces rows; the keyboard stays on the error it was on.
function keepFocus(body, rows) {
  const key = document.activeElement?.closest?.('[data-error]')?.dataset.error;
  body.replaceChildren(...rows);
  if (key === undefined) return;
  [...body.querySelectorAll('[data-error]')].find((node) => node.dataset.error === key)?.querySelector('summary').focus();
}

function flowRows(flow) {
  const cell = (label, ...content) => el('td', { 'data-label': t(label) }, ...content);
  const num = (label, text, cls = '') => el('td', { 'data-label': t(label), class: `num ${cls}` }, text);
  const trouble = (n) => (n > 0 ? 'attention' : 'zero');
  const row = el('tr', { 'data-flow': flow.name },
    el('th', { scope: 'row' }, el('span', { class: 'name' }, flow.name), el('span', { class: 'sub' }, flow.pipeline)),
    cell('sink', el('span', {}, flow.sink, el('span', { class: 'sub' }, flow.connector))),
    cell('state', stateChip(flow.state)),
    num('epoch', fmtInt(flow.epoch)),
    num('rateIn', fmtRate(flow.inputRowsPerSecond)),
    num('rateDone', fmtRate(flow.processedRowsPerSecond)),
    num('rowsIn', fmtInt(flow.inputRows)),
    num('rowsOut', fmtInt(flow.outputRows)),
    el('td', { 'data-label': t('watermark'), class: flow.watermark ? 'wide-cell' : null }, watermarkText(flow.watermark)),
    num('rejected', fmtInt(flow.rejectedRows), trouble(flow.rejectedRows)),
    num('late', fmtInt(flow.lateRows), trouble(flow.lateRows)));
  const more = [flow.lastError ? errorDetails(flow) : null, flow.rejected?.length > 0 ? rejectedDetails(flow) : null].filter(Boolean);
  return more.length > 0 ? [row, el('tr', { class: 'error-row' }, el('td', { colspan: 11 }, ...more))] : [row];
}

function stateChip(state) {
  const known = Object.hasOwn(STATES, state);
  return el('span', { class: `state state-${known ? state : 'other'}` }, known ? t(STATES[state]) : state);
}

function watermarkText(watermark) {
  const ms = parseTime(watermark);
  if (!Number.isFinite(ms)) return '–';
  return el('span', {}, fmtUtc(ms), el('span', { class: 'sub', 'data-ago': ms }, fmtAgo(ms)));
}

function errorDetails(flow) {
  const { class: kind, message, at, retrying } = flow.lastError;
  const ms = parseTime(at);
  const first = String(message).split('\n')[0];
  const troubles = flow.troubles > 1 ? ` · ${t('troubles', { n: fmtInt(flow.troubles) })}` : '';
  return foldable(`${flow.pipeline}/${flow.name}`, retrying ? 'error' : 'error final',
    [el('strong', {}, `${t('lastError')}: ${kind}`), ' · ', el('span', { 'data-ago': ms }, fmtAgo(ms)),
      ` · ${t(retrying ? 'retrying' : 'notRetrying')}${troubles}`, el('span', { class: 'first' }, ` · ${first}`)],
    `${message}\n${fmtUtc(ms)}`);
}

// The newest rejected records, as the daemon keeps them: where from, why, and how they begin.
function rejectedDetails(flow) {
  const lines = flow.rejected.map(({ origin, reason, data, at }) => `${fmtUtc(parseTime(at))}  ${origin}\n  ${reason}\n  ${data}`);
  return foldable(`${flow.pipeline}/${flow.name}/rejected`, 'error',
    [el('strong', {}, t('rejectedNewest', { n: fmtInt(flow.rejected.length) }))], lines.join('\n'));
}

function foldable(key, cls, summary, text) {
  const details = el('details', { class: cls, 'data-error': key, open: unfolded.has(key) },
    el('summary', {}, ...summary), el('pre', {}, text));
  details.addEventListener('toggle', () => {
    if (details.open) unfolded.add(key);
    else unfolded.delete(key);
  });
  return details;
}

function drawTopics() {
  if (topics === null) return;
  const own = topics.filter((topic) => !topic.internal);
  setText(byId('ov-records'), fmtInt(own.reduce((total, topic) => total + topic.records, 0)));
  setText(byId('ov-records-note'), own.length === 1 ? t('ovRecordsHint1') : t('ovRecordsHint', { n: fmtInt(own.length) }));
  byId('no-topics').hidden = topics.length > 0;
  const sorted = [...own, ...topics.filter((topic) => topic.internal)];
  byId('topic-rows').replaceChildren(...sorted.map((topic) => el('tr', { 'data-topic': topic.name },
    el('th', { scope: 'row' }, el('span', { class: 'mono' }, topic.name), ' ',
      topic.internal ? el('span', { class: 'badge' }, t('internal')) : null),
    el('td', { class: 'num' }, fmtInt(topic.partitions)),
    el('td', { class: 'num' }, fmtInt(topic.records)),
    el('td', { class: 'num' }, fmtBytes(topic.bytes)))));
}

function drawStatus() {
  if (status === null) return;
  const started = parseTime(status.startedAt);
  setText(byId('ad-kafka'), status.kafka ?? '–');
  setText(byId('ad-http'), status.http ? `http://${status.http}` : '–');
  setText(byId('ad-data'), status.data ?? '–');
  setText(byId('ad-pipelines'), (status.pipelines ?? []).join(', ') || '–');
  byId('ad-started').replaceChildren(el('span', { 'data-ago': started, title: fmtUtc(started) }, fmtAgo(started)));
  byId('open-quakes').hidden = !(status.pipelines ?? []).includes('sismos');
}
