// The list: a sortable table with the same quakes as the map. One tab stop; arrows move,
// Enter shows the quake on the map.

import { fmtAgo, fmtDepth, fmtInt, fmtMag, fmtUtc, fmtUtcShort, fold } from '../format.js';
import { t } from '../i18n.js';
import { byId, el, setText } from '../dom.js';
import { magBadge, placeOf, tsunamiBadge } from './card.js';
import { isStrong } from './scale.js';

const ROWS_AT_FIRST = 1500; // more on demand: a browser's table is slow beyond this
const FRESH_MS = 12000;

const SORT_KEYS = {
  mag: (quake) => quake.mag ?? NaN,
  place: (quake) => fold(quake.place),
  time: (quake) => quake.time,
  depth: (quake) => quake.depth ?? NaN,
};

/** Compares by key; what is unknown comes last whichever way the sort goes. */
export function compareQuakes(key, direction) {
  const of = SORT_KEYS[key];
  return (a, b) => {
    const x = of(a);
    const y = of(b);
    const unknown = Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    if (unknown !== 0) return unknown;
    if (x < y) return -direction;
    if (x > y) return direction;
    return a.id < b.id ? -1 : 1;
  };
}

export class QuakeTable {
  #body = byId('quake-rows');
  #more = byId('more-rows');
  #rows = new Map(); // id -> {quake, tr, ago, button}
  #shown = []; // quakes in the order of the rows
  #quakes = [];
  #sort = { key: 'time', direction: -1 };
  #limit = ROWS_AT_FIRST;
  #current = null; // id of the row that has the tab stop
  #onPick;

  /** onPick(id) is called for a click or Enter on a row. */
  constructor(onPick) {
    this.#onPick = onPick;
    for (const button of document.querySelectorAll('[data-sort]')) {
      button.addEventListener('click', () => this.#sortBy(button.dataset.sort));
    }
    this.#body.addEventListener('click', (event) => {
      const id = event.target.closest('tr')?.dataset.id;
      if (id !== undefined) this.#onPick(id);
    });
    this.#body.addEventListener('keydown', (event) => this.#onKey(event));
    this.#body.addEventListener('focusin', (event) => this.#setCurrent(event.target.closest('tr')?.dataset.id));
    this.#more.addEventListener('click', () => {
      this.#limit = Infinity;
      this.#draw();
    });
    document.addEventListener('azud:lang', () => {
      this.#rows.clear();
      this.#draw();
    });
    this.#drawSort();
  }

  /** Makes the rows equal to quakes. */
  sync(quakes) {
    this.#quakes = quakes;
    this.#draw();
  }

  /** Marks rows as new for a while. */
  highlight(ids) {
    const trs = ids.map((id) => this.#rows.get(id)?.tr).filter(Boolean);
    for (const tr of trs) tr.classList.add('fresh');
    setTimeout(() => trs.forEach((tr) => tr.classList.remove('fresh')), FRESH_MS);
  }

  /** Marks the row whose quake the map shows; scrolls it into sight when it is not. */
  select(id) {
    this.#body.querySelector('tr.selected')?.classList.remove('selected');
    const row = this.#rows.get(id);
    if (!row) return;
    row.tr.classList.add('selected');
    scrollWithin(row.tr.closest('.table-scroll'), row.tr);
    this.#setCurrent(id);
  }

  /** Gives the keyboard back to the row it came from. */
  focus(id) {
    this.#rows.get(id)?.button.focus({ preventScroll: true });
  }

  /** Refreshes relative times. */
  tick(now) {
    for (const quake of this.#shown) setText(this.#rows.get(quake.id).ago, fmtAgo(quake.time, now));
  }

  #sortBy(key) {
    const same = this.#sort.key === key;
    const first = key === 'place' ? 1 : -1;
    this.#sort = { key, direction: same ? -this.#sort.direction : first };
    this.#drawSort();
    this.#draw();
  }

  #drawSort() {
    for (const button of document.querySelectorAll('[data-sort]')) {
      const active = button.dataset.sort === this.#sort.key;
      const way = this.#sort.direction > 0 ? 'ascending' : 'descending';
      button.closest('th').setAttribute('aria-sort', active ? way : 'none');
    }
  }

  #draw() {
    const { key, direction } = this.#sort;
    const sorted = [...this.#quakes].sort(compareQuakes(key, direction));
    this.#shown = sorted.slice(0, this.#limit);
    const hidden = sorted.length - this.#shown.length;
    this.#more.hidden = hidden === 0;
    if (hidden > 0) setText(this.#more, t('showAll', { n: fmtInt(hidden) }));
    this.#place();
    if (!this.#current || !this.#rows.has(this.#current)) this.#setCurrent(this.#shown[0]?.id);
  }

  // Moves, makes and drops rows with the fewest changes, so that focus and scroll stay.
  #place() {
    const now = Date.now();
    const wanted = new Set(this.#shown.map((quake) => quake.id));
    for (const tr of [...this.#body.rows]) {
      const row = this.#rows.get(tr.dataset.id);
      if (wanted.has(tr.dataset.id) && row?.tr === tr) continue;
      tr.remove();
      if (row?.tr === tr) this.#rows.delete(tr.dataset.id);
    }
    let at = this.#body.firstElementChild;
    for (const quake of this.#shown) {
      const old = this.#rows.get(quake.id)?.tr;
      const tr = this.#rowOf(quake, now);
      if (old && old !== tr) {
        if (at === old) at = tr;
        old.replaceWith(tr);
      }
      if (tr === at) {
        at = at.nextElementSibling;
      } else {
        this.#body.insertBefore(tr, at);
      }
    }
  }

  // The row of a quake; a new one when the quake has changed.
  #rowOf(quake, now) {
    const old = this.#rows.get(quake.id);
    if (old?.quake === quake) return old.tr;
    const row = makeRow(quake, now);
    for (const mark of ['fresh', 'selected']) row.tr.classList.toggle(mark, old?.tr.classList.contains(mark) ?? false);
    if (quake.id === this.#current) row.button.tabIndex = 0;
    this.#rows.set(quake.id, row);
    return row.tr;
  }

  #setCurrent(id) {
    if (id === undefined) return;
    const old = this.#rows.get(this.#current);
    if (old) old.button.tabIndex = -1;
    this.#current = id;
    const row = this.#rows.get(id);
    if (row) row.button.tabIndex = 0;
  }

  #onKey(event) {
    const at = this.#shown.findIndex((quake) => quake.id === event.target.closest('tr')?.dataset.id);
    const last = this.#shown.length - 1;
    const to = {
      ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10, Home: 0, End: last,
    }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const id = this.#shown[Math.min(Math.max(to, 0), last)].id;
    const { tr, button } = this.#rows.get(id);
    button.focus({ preventScroll: true });
    scrollWithin(tr.closest('.table-scroll'), tr);
  }
}

// Scrolls the list alone, never the page, and keeps clear of the sticky head.
function scrollWithin(box, tr) {
  const head = box.querySelector('thead').offsetHeight;
  const top = tr.offsetTop - head;
  const bottom = tr.offsetTop + tr.offsetHeight - box.clientHeight;
  if (box.scrollTop > top) box.scrollTop = top;
  else if (box.scrollTop < bottom) box.scrollTop = bottom;
}

function makeRow(quake, now) {
  const place = placeOf(quake);
  const ago = el('span', { class: 'ago' }, fmtAgo(quake.time, now));
  const button = el('button', {
    type: 'button', class: 'row-button', tabindex: '-1',
    'aria-label': t('rowAction', { mag: fmtMag(quake.mag), place }),
  }, place);
  const utc = Number.isFinite(quake.time)
    ? el('time', { datetime: new Date(quake.time).toISOString(), title: fmtUtc(quake.time) }, fmtUtcShort(quake.time)) : el('span', {}, t('na'));
  const tr = el('tr', { 'data-id': quake.id, class: isStrong(quake.mag) ? 'strong' : null },
    el('td', { class: 'col-mag' }, magBadge(quake)),
    el('td', { class: 'col-place' }, button, ' ',
      quake.tsunami ? tsunamiBadge() : null,
      quake.lat === null || quake.lon === null ? el('span', { class: 'badge' }, t('rowNoCoords')) : null,
      el('span', { class: 'badge badge-new' }, t('isNew'))),
    el('td', { class: 'col-time' }, ago, utc),
    el('td', { class: 'col-depth' }, fmtDepth(quake.depth)));
  return { quake, tr, ago, button };
}
