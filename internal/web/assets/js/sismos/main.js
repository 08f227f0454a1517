// The page of the earthquakes: the source fills the store; the filter picks from it; map,
// table and statistics show what it picked, always the same quakes.

import { fmtInt, fmtMag } from '../format.js';
import { t } from '../i18n.js';
import { noteData, showConnection, showStatus, startApp } from '../app.js';
import { byId, setText } from '../dom.js';
import { placeOf } from './card.js';
import { describeFilter, isFiltering, passes, startFilters } from './filters.js';
import { QuakeMap } from './map.js';
import { isStrong, STRONG } from './scale.js';
import { isStandalone, startSource } from './source.js';
import { drawLatest, drawStats } from './stats.js';
import { QuakeStore } from './store.js';
import { QuakeTable } from './table.js';
import { drawWindows, windowsOfQuakes, windowsOfTable } from './windows.js';

const DRAW_PAUSE_MS = 60; // many records in a burst are drawn once
const REFILTER_MS = 15000; // quakes leave "last hour" as time goes by
const PULSES_AT_ONCE = 12;

const store = new QuakeStore();
let filter = { min: 0, range: 'all', text: '' };
let windows = [];
let skipped = 0;
let latest = null;
let drawTimer = 0;
let fresh = []; // new quakes since the last drawing

document.documentElement.dataset.mode = isStandalone() ? 'standalone' : 'served'; // what CSS shows
if (isStandalone()) document.querySelector('.brand').removeAttribute('href');
startApp();
const table = new QuakeTable((id) => pick(id, true));
const map = new QuakeMap(byId('map'), { onPick: (id) => pick(id, false), onClose: () => table.select(null) });

function pick(id, move) {
  if (map.select(id, { move })) table.select(id);
}

function draw() {
  drawTimer = 0;
  const now = Date.now();
  const visible = store.all().filter(passes(filter, now));
  const scope = isFiltering(filter) ? describeFilter(filter) : '';
  map.sync(visible);
  table.sync(visible);
  latest = drawStats(visible, store.size, scope).latest;
  drawLatest(latest, now);
  drawCount(visible.length);
  drawWindows(isStandalone() ? windowsOfQuakes(store.all()) : windows);
  celebrate(new Set(visible.map((quake) => quake.id)));
  document.title = t('quakesDocTitle');
}

function drawSoon() {
  drawTimer ||= setTimeout(draw, DRAW_PAUSE_MS);
}

function drawCount(n) {
  setText(byId('list-count'), n === 1 ? t('listCount1') : t('listCount', { n: fmtInt(n) }));
  byId('empty').hidden = n > 0;
  const waiting = store.size === 0;
  setText(byId('empty-text'), waiting ? t('emptyWaiting') : t('emptyTitle'));
  byId('empty-reset').hidden = waiting;
  setText(byId('skipped'), skipped > 0 ? t('skipped', { n: fmtInt(skipped) }) : '');
}

// New quakes pulse on the map, their rows light up, strong ones are announced.
function celebrate(visibleIds) {
  const news = fresh.filter((quake) => visibleIds.has(quake.id));
  const strong = fresh.filter((quake) => isStrong(quake.mag));
  fresh = [];
  if (news.length > 0) {
    table.highlight(news.map((quake) => quake.id));
    const strongest = [...news].sort((a, b) => (b.mag ?? -9) - (a.mag ?? -9));
    for (const quake of strongest.slice(0, PULSES_AT_ONCE)) map.pulse(quake.id);
  }
  if (strong.length > 0) announce(strong);
}

function announce(strong) {
  const [first, ...rest] = strong.sort((a, b) => b.mag - a.mag);
  const one = t('announceOne', { mag: fmtMag(first.mag), place: placeOf(first) });
  const more = rest.length > 0 ? `, ${t('announceMore', { n: rest.length, min: fmtMag(STRONG) })}` : '';
  setText(byId('announce'), one + more);
}

startFilters((next) => {
  filter = next;
  drawSoon();
});

startSource({
  quakes(list, isFresh) {
    const added = store.upsert(list);
    noteData();
    if (isFresh) fresh.push(...added);
    drawSoon();
  },
  skipped(n) {
    skipped += n;
    drawSoon();
  },
  table(data) {
    if (data.name !== 'estadisticas') return;
    windows = windowsOfTable(data);
    drawSoon();
  },
  status: showStatus,
  state: showConnection,
});

document.addEventListener('azud:lang', draw);
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape' || !map.isOpen()) return;
  const id = document.querySelector('#quake-rows tr.selected')?.dataset.id;
  const inMap = byId('map').contains(document.activeElement);
  map.close();
  if (id !== undefined && !inMap) table.focus(id);
});
setInterval(() => {
  const now = Date.now();
  drawLatest(latest, now);
  table.tick(now);
  map.tick();
}, 1000);
setInterval(drawSoon, REFILTER_MS);
