// Live statistics of the visible quakes: total, maximum, average, latest, histogram.

import { fmtAgo, fmtInt, fmtMag, fmtNumber } from '../format.js';
import { t } from '../i18n.js';
import { byId, setText, svg } from '../dom.js';
import { placeOf } from './card.js';
import { classOf, isStrong, STRONG } from './scale.js';

const BIN = 0.5; // every class of scale.js begins at a multiple of it: a bar has one colour
const BIN_MIN = -1;
const BIN_MAX = 9.5;

/** {total, known, max, average, strong, latest, strongest}; max and average are null when none is known. */
export function summarize(quakes) {
  const out = { total: quakes.length, known: 0, max: null, average: null, strong: 0, latest: null, strongest: null };
  let sum = 0;
  for (const quake of quakes) {
    if (!(quake.time <= out.latest?.time) && Number.isFinite(quake.time)) out.latest = quake;
    if (quake.mag === null) continue;
    out.known += 1;
    sum += quake.mag;
    if (isStrong(quake.mag)) out.strong += 1;
    if (out.max === null || quake.mag > out.max) {
      out.max = quake.mag;
      out.strongest = quake;
    }
  }
  if (out.known > 0) out.average = sum / out.known;
  return out;
}

/** Counts by half magnitudes: {from, n} without gaps between the first and the last that have any. */
export function magnitudeBins(quakes) {
  const counts = new Map();
  for (const { mag } of quakes) {
    if (mag === null) continue;
    const from = Math.min(Math.max(Math.floor(mag / BIN) * BIN, BIN_MIN), BIN_MAX);
    counts.set(from, (counts.get(from) ?? 0) + 1);
  }
  if (counts.size === 0) return [];
  const first = Math.min(0, ...counts.keys());
  const last = Math.max(5.5, ...counts.keys());
  const bins = [];
  for (let from = first; from <= last; from += BIN) bins.push({ from, n: counts.get(from) ?? 0 });
  return bins;
}

/** Draws the numbers; all is how many quakes there are without the filter. */
export function drawStats(quakes, all, scope) {
  const s = summarize(quakes);
  const none = t('statNone');
  setText(byId('stat-total'), fmtInt(s.total));
  setText(byId('stat-total-note'), `${scope ? t('statTotalOf', { all: fmtInt(all) }) : t('statTotalAll')} · ${t('statStrong', { n: fmtInt(s.strong), min: fmtMag(STRONG) })}`);
  setText(byId('stat-max'), fmtMag(s.max));
  byId('stat-max').dataset.mag = classOf(s.max);
  setText(byId('stat-max-note'), s.strongest ? placeOf(s.strongest) : none);
  setText(byId('stat-avg'), s.average === null ? t('na') : fmtNumber(s.average, 2));
  setText(byId('stat-avg-note'), t('statAvgOf', { n: fmtInt(s.known) }));
  setText(byId('stat-last-note'), s.latest ? `M ${fmtMag(s.latest.mag)} · ${placeOf(s.latest)}` : none);
  setText(byId('scope'), scope ? t('scopeFiltered', { what: scope }) : t('scopeAll'));
  byId('scope').classList.toggle('filtered', Boolean(scope));
  setText(byId('hist-scope'), scope ? t('histScope') : t('histScopeAll'));
  drawHistogram(quakes, s);
  return s;
}

export function drawLatest(latest, now) {
  setText(byId('stat-last'), latest ? fmtAgo(latest.time, now) : t('na'));
}

const W = 440;
const H = 150;
const PAD = { left: 6, right: 6, top: 18, bottom: 22 };

function drawHistogram(quakes, { total, known }) {
  const chart = byId('histogram');
  const bins = magnitudeBins(quakes);
  const most = Math.max(1, ...bins.map((b) => b.n));
  const step = (W - PAD.left - PAD.right) / Math.max(bins.length, 1);
  const height = (n) => (n === 0 ? 0 : Math.max(2, (n / most) * (H - PAD.top - PAD.bottom)));
  const parts = [svg('line', { class: 'axis', x1: PAD.left, x2: W - PAD.right, y1: H - PAD.bottom + 0.5, y2: H - PAD.bottom + 0.5 })];
  bins.forEach(({ from, n }, i) => {
    const x = PAD.left + i * step;
    const y = H - PAD.bottom - height(n);
    const title = svg('title', {}, histText({ from, n }));
    parts.push(svg('rect', {
      class: `bar bar-${classOf(from)}`, x: x + 1.5, y, width: Math.max(step - 3, 1), height: height(n), rx: 2.5,
    }, title));
    if (n > 0) parts.push(svg('text', { class: 'bar-n', x: x + step / 2, y: y - 5 }, fmtInt(n)));
    if (Number.isInteger(from)) parts.push(svg('text', { class: 'tick', x, y: H - 6 }, fmtInt(from)));
  });
  chart.replaceChildren(...parts);
  const bars = bins.filter((b) => b.n > 0).map(histText);
  chart.setAttribute('aria-label', t('histAlt', { n: fmtInt(known), bars: bars.join('; ') || '–' }));
  setText(byId('hist-unknown'), total > known ? t('histUnknown', { n: fmtInt(total - known) }) : '');
}

function histText({ from, n }) {
  return t('histBar', { from: fmtNumber(from, 1), to: fmtNumber(from + BIN, 1), n: fmtInt(n) });
}
