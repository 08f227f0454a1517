// The 5-minute windows: from the live table estadisticas, or, in a page that stands alone,
// computed here by the same rule (Spark's: [start, start + 5 min) of event time, UTC).

import { MINUTE, fmtInt, fmtMag, fmtNumber, fmtUtcMinute, parseTime } from '../format.js';
import { t } from '../i18n.js';
import { byId, el, setText, svg } from '../dom.js';
import { classOf } from './scale.js';

const WINDOW_MS = 5 * MINUTE;
const CHART_SLOTS = 48;
const TABLE_ROWS = 48;

/**
 * The rows of the live table as windows {start, count, avg, max}, oldest first. Columns are
 * found by name, so that their order is free; a window that comes twice counts as its last row.
 */
export function windowsOfTable({ schema, rows }) {
  const column = Object.fromEntries(schema.map(([name], i) => [name, i]));
  const byStart = new Map();
  for (const row of rows) {
    const span = row[column.ventana ?? column.window];
    const start = parseTime(span?.start);
    if (!Number.isFinite(start)) continue;
    byStart.set(start, {
      start,
      count: row[column.sismos] ?? 0,
      avg: row[column.magnitud_media] ?? null,
      max: row[column.magnitud_maxima] ?? null,
    });
  }
  return [...byStart.values()].sort((a, b) => a.start - b.start);
}

/** The same windows from quakes. */
export function windowsOfQuakes(quakes) {
  const byStart = new Map();
  for (const { time, mag } of quakes) {
    if (!Number.isFinite(time)) continue;
    const start = Math.floor(time / WINDOW_MS) * WINDOW_MS;
    const w = byStart.get(start) ?? { start, count: 0, known: 0, sum: 0, max: null };
    w.count += 1;
    if (mag !== null) {
      w.known += 1;
      w.sum += mag;
      w.max = w.max === null ? mag : Math.max(w.max, mag);
    }
    byStart.set(start, w);
  }
  return [...byStart.values()]
    .map(({ start, count, known, sum, max }) => ({ start, count, avg: known > 0 ? sum / known : null, max }))
    .sort((a, b) => a.start - b.start);
}

export function drawWindows(windows) {
  byId('win-empty').hidden = windows.length > 0;
  byId('win-content').hidden = windows.length === 0;
  if (windows.length === 0) return;
  drawChart(windows);
  drawRows(windows);
}

const WW = 440;
const WH = 205;
const WPAD = { left: 6, right: 6, top: 16, bottom: 22 };

function drawChart(windows) {
  const chart = byId('win-chart');
  const newest = windows.at(-1).start;
  const oldest = Math.max(windows[0].start, newest - (CHART_SLOTS - 1) * WINDOW_MS);
  const slots = Math.max(Math.round((newest - oldest) / WINDOW_MS) + 1, 12);
  const first = newest - (slots - 1) * WINDOW_MS;
  const recent = windows.filter((w) => w.start >= first);
  const most = Math.max(1, ...recent.map((w) => w.count));
  const step = (WW - WPAD.left - WPAD.right) / slots;
  const parts = [svg('line', { class: 'axis', x1: WPAD.left, x2: WW - WPAD.right, y1: WH - WPAD.bottom + 0.5, y2: WH - WPAD.bottom + 0.5 })];
  for (const w of recent) {
    const x = WPAD.left + ((w.start - first) / WINDOW_MS) * step;
    const h = Math.max(2, (w.count / most) * (WH - WPAD.top - WPAD.bottom));
    parts.push(svg('rect', {
      class: `bar bar-${classOf(w.max)}`, x: x + step * 0.1, y: WH - WPAD.bottom - h, width: step * 0.8, height: h, rx: Math.min(2.5, step * 0.3),
    }, svg('title', {}, winText(w))));
    if (w.count === most) parts.push(svg('text', { class: 'bar-n', x: x + step / 2, y: WH - WPAD.bottom - h - 4 }, fmtInt(w.count)));
  }
  parts.push(...axisLabels(first, slots, step));
  chart.replaceChildren(...parts);
  chart.setAttribute('aria-label', t('winAlt', { n: slots }));
}

function axisLabels(first, slots, step) {
  const every = slots > 30 ? 60 * MINUTE : 15 * MINUTE;
  const labels = [];
  for (let i = 0; i < slots; i += 1) {
    const start = first + i * WINDOW_MS;
    const x = WPAD.left + i * step;
    if (start % every !== 0 || x < 12 || x > WW - 20) continue;
    labels.push(svg('text', { class: 'tick', x, y: WH - 6 }, fmtUtcMinute(start)));
  }
  return labels;
}

function drawRows(windows) {
  const recent = windows.slice(-TABLE_ROWS).reverse();
  byId('win-rows').replaceChildren(...recent.map((w) => el('tr', {},
    el('th', { scope: 'row' }, `${fmtUtcMinute(w.start)} – ${fmtUtcMinute(w.start + WINDOW_MS)}`),
    el('td', { class: 'num' }, fmtInt(w.count)),
    el('td', { class: 'num' }, fmtAverage(w.avg)),
    el('td', { class: 'num' }, el('span', { class: `mag mag-small mag-${classOf(w.max)}` }, fmtMag(w.max))))));
  const more = windows.length - recent.length;
  setText(byId('win-more'), more > 0 ? t('winMore', { n: fmtInt(more) }) : '');
}

function fmtAverage(avg) {
  return avg === null ? t('na') : fmtNumber(avg, 2);
}

function winText(w) {
  return t('winBar', { start: fmtUtcMinute(w.start), n: fmtInt(w.count), avg: fmtAverage(w.avg), max: fmtMag(w.max) });
}
