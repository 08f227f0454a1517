// What the page of the earthquakes promises, line by line. Runs against the mock, and with
// AZUD_URL against a daemon whose topic sismos fills with real quakes while the tests run.

import test, { after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { LIVE_URL, launch, openPage, openSite, readQuakes, recordedValues, say, settle, waitForQuakes } from './lib.mjs';

let browser;
let site;
let page;

// Live data come in between any two readings: a reading is right when it is right at one moment.
async function eventually(check, tries = LIVE_URL ? 20 : 6) {
  for (let i = 1; ; i += 1) {
    try {
      return await check(await readQuakes(page));
    } catch (error) {
      if (i >= tries) throw error;
      await settle(page, 300);
    }
  }
}

const known = (markers) => markers.map((m) => m.mag).filter((m) => m !== null);

function assertAgree({ markers, rows, total, max, average }) {
  assert.deepEqual(markers.map((m) => m.id).sort(), rows.map((r) => r.id).sort(), 'map and table hold the same quakes');
  assert.equal(total, String(rows.length).length > 4 ? total : say(rows.length, 0), 'total');
  const mags = known(markers);
  assert.equal(max, mags.length ? say(Math.max(...mags), 1) : 's/d', 'maximum');
  const mean = mags.reduce((a, b) => a + b, 0) / mags.length;
  assert.equal(average, mags.length ? say(mean, 2) : 's/d', 'average');
}

before(async () => {
  browser = await launch();
  site = await openSite({ values: () => recordedValues().slice(10) });
  page = await openPage(browser, `${site.url}/sismos`);
  await waitForQuakes(page);
});

after(async () => {
  await browser?.close();
  await site?.close();
});

describe('the earthquakes page', () => {
  test('updates by itself, without reloading', async () => {
    await page.evaluate(() => { window.stillHere = true; });
    await settle(page, 1200);
    const before = (await readQuakes(page)).rows.length;
    site.mock?.push(...recordedValues().slice(0, 10));
    await waitForQuakes(page, before + 1, LIVE_URL ? 180_000 : 10_000);
    await eventually(assertAgree);
    assert.equal(await page.evaluate(() => window.stillHere), true, 'the page was reloaded');
    assert.ok(await page.locator('#quake-rows tr.fresh').count() > 0, 'new rows are marked');
    assert.ok(await page.locator('.pulse').count() > 0, 'new quakes pulse on the map');
    assert.equal(await page.locator('#connection').getAttribute('data-state'), 'live');
  });

  test('shows each earthquake on an interactive map', async () => {
    await eventually((seen) => {
      assert.ok(seen.markers.length > 0);
      assert.equal(new Set(seen.markers.map((m) => m.id)).size, seen.markers.length, 'one marker an id');
      if (site.mock) assert.equal(seen.markers.length, recordedValues().length);
      assertAgree(seen);
    });
    const zoom = () => page.evaluate(() => document.querySelector('#map').azudMarkers().map((m) => m.radius).reduce((a, b) => a + b, 0));
    const small = await zoom();
    for (let i = 0; i < 4; i += 1) {
      await page.click('.leaflet-control-zoom-in');
      await settle(page, 350);
    }
    assert.ok(await zoom() > small, 'zooming in enlarges markers');
    await page.click('.zoom-world');
    await settle(page, 700);
  });

  test('opens the details of a quake from the map and from the list', async () => {
    await page.click('#quake-rows tr:first-child');
    await settle(page, 700);
    const id = await page.locator('#quake-rows tr.selected').getAttribute('data-id');
    const card = await page.locator('.card-quake').innerText();
    for (const part of ['Profundidad', 'Hora UTC', 'Hora local', 'Coordenadas', id]) assert.ok(card.includes(part), part);
    await page.keyboard.press('Escape');
    await settle(page);
    assert.equal(await page.locator('.card-quake').count(), 0);
    await page.click('.zoom-world');
    await settle(page, 700);
    // A click at a marker that nothing covers.
    const free = await page.evaluate(() => {
      const all = document.querySelector('#map').azudMarkers();
      const box = document.querySelector('#map').getBoundingClientRect();
      const near = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) < 40;
      return all.map((m) => ({ ...m, px: box.x + m.x, py: box.y + m.y })).find((m) => m.x > 260 && m.x < box.width - 80
        && m.y > 60 && m.y < Math.min(box.height, innerHeight - box.y) - 20 && all.filter((o) => near(m, o)).length === 1);
    });
    if (!free && LIVE_URL) return;
    await page.mouse.click(free.px, free.py);
    await settle(page, 500);
    assert.equal(await page.locator('#quake-rows tr.selected').getAttribute('data-id'), free.id);
    await page.keyboard.press('Escape');
    await page.click('.zoom-world');
    await settle(page, 700);
  });

  test('filters by magnitude: map, table and statistics follow and say so', async () => {
    for (const min of [1, 2.5, 4.5, 6]) {
      await page.click(`[data-min="${min}"]`);
      await settle(page);
      await eventually((seen) => {
        assert.ok(seen.markers.every((m) => m.mag !== null && m.mag >= min), `all at least ${min}`);
        assertAgree(seen);
        assert.ok(seen.scope.includes(say(min, 1)), seen.scope);
        assert.match(seen.scope, /según el filtro/);
      });
    }
    await page.click('[data-min="0"]');
    await settle(page);
    await eventually(assertAgree);
    await page.focus('#min-mag');
    for (let i = 0; i < 15; i += 1) await page.keyboard.press('ArrowRight');
    await settle(page);
    await eventually((seen) => {
      assert.ok(seen.markers.every((m) => m.mag >= 1.5), 'the slider filters');
      assertAgree(seen);
    });
    await page.click('#filter-reset');
    await settle(page);
    assert.equal(await page.locator('#min-mag').inputValue(), '0');
  });

  test('filters by place and by time', async () => {
    const { rows } = await readQuakes(page);
    const word = rows.map((r) => r.place).join(' ').match(/\p{L}{6,}/u)[0];
    await page.fill('#place', word.toUpperCase());
    await settle(page);
    await eventually((seen) => {
      assert.ok(seen.rows.length > 0 && seen.rows.every((r) => r.place.toLowerCase().includes(word.toLowerCase())));
      assertAgree(seen);
    });
    await page.fill('#place', 'no such place');
    await settle(page);
    assert.equal(await page.locator('#quake-rows tr').count(), 0);
    assert.ok(await page.locator('#empty-reset').isVisible());
    await page.click('#empty-reset');
    await settle(page);
    await page.click('[data-range="1h"]');
    await settle(page);
    await eventually((seen) => {
      assertAgree(seen);
      assert.match(seen.scope, /última hora/);
      if (site.mock) assert.ok(seen.rows.length > 0 && seen.rows.length < rows.length);
    });
    await page.reload(); // the filter is in the address
    await waitForQuakes(page, site.mock ? 1 : 0);
    assert.equal(await page.locator('[data-range="1h"]').getAttribute('aria-pressed'), 'true');
    await page.click('[data-range="all"]');
    await settle(page);
  });

  test('tells magnitudes apart by colour, size and number', async () => {
    await eventually((seen) => {
      const byClass = groupBy(seen.markers, (m) => m.cls);
      const classes = [...byClass.keys()].filter((c) => c !== 'na').sort();
      assert.ok(classes.length >= (site.mock ? 4 : 2), `classes ${classes}`);
      assert.equal(new Set(classes.map((c) => byClass.get(c)[0].colour)).size, classes.length, 'a colour a class');
      const sorted = seen.markers.filter((m) => m.mag !== null).sort((a, b) => a.mag - b.mag);
      for (let i = 1; i < sorted.length; i += 1) assert.ok(sorted[i].radius >= sorted[i - 1].radius, 'size grows');
      assert.ok(sorted.at(-1).radius > sorted[0].radius * 1.5);
    });
    const strong = (await readQuakes(page)).markers.filter((m) => m.mag >= 4.5);
    for (const { id, mag } of strong.slice(0, 40)) {
      const mark = page.locator(`.quake[data-id="${id}"]`);
      assert.equal(await mark.textContent(), say(Math.round(mag * 10) / 10, 1), 'the number stands in the marker');
      const off = await mark.evaluate((node, ident) => {
        const [disc, box] = [node.getBoundingClientRect(), document.querySelector('#map').getBoundingClientRect()];
        const at = document.querySelector('#map').azudMarkers().find((m) => m.id === ident);
        return Math.hypot(disc.x + disc.width / 2 - box.x - at.x, disc.y + disc.height / 2 - box.y - at.y);
      }, id);
      assert.ok(off < 1.5, `the marker stands on its place, not ${off} px beside it`);
    }
    assert.equal(await page.locator('.legend li').count(), 7);
    const { rows, markers } = await readQuakes(page);
    assert.ok(rows.every((r) => /^-?\d+,\d$|^s\/d$/.test(r.mag)), 'the table gives every number');
    assert.ok(markers.length > 0);
  });

  test('paints weak quakes in the colour of their class', async () => {
    const painted = await page.evaluate(() => {
      const map = document.querySelector('#map');
      const canvas = document.querySelector('.leaflet-quakes-pane canvas');
      const [box, mapBox] = [canvas.getBoundingClientRect(), map.getBoundingClientRect()];
      const ratio = canvas.width / box.width;
      const all = map.azudMarkers().filter((m) => m.x > 0 && m.y > 0 && m.x < mapBox.width && m.y < mapBox.height);
      const lone = all.filter((m) => m.mag !== null && m.mag < 4.5
        && all.every((o) => o === m || Math.hypot(o.x - m.x, o.y - m.y) > o.radius + m.radius + 4));
      return lone.map((m) => {
        const at = [(mapBox.x + m.x - box.x) * ratio, (mapBox.y + m.y - m.radius * 0.7 - box.y) * ratio].map(Math.round);
        return { want: m.colour, got: [...canvas.getContext('2d').getImageData(at[0], at[1], 1, 1).data], mag: m.mag };
      });
    });
    if (site.mock) assert.ok(painted.length > 0, 'no lone marker to look at');
    for (const { want, got, mag } of painted) {
      const rgb = [1, 3, 5].map((i) => parseInt(want.slice(i, i + 2), 16));
      assert.ok(got[3] > 180 && rgb.every((v, i) => Math.abs(v - got[i]) < 40), `magnitude ${mag}: want ${want}, got ${got}`);
    }
  });

  test('sorts the table by each column', async () => {
    for (const key of ['mag', 'place', 'depth', 'time']) {
      await page.click(`[data-sort="${key}"]`);
      const header = page.locator(`th:has([data-sort="${key}"])`);
      const first = await header.getAttribute('aria-sort');
      await page.click(`[data-sort="${key}"]`);
      assert.notEqual(await header.getAttribute('aria-sort'), first);
      if (key !== 'mag') continue;
      await page.click(`[data-sort="${key}"]`); // descending again
      const mags = (await readQuakes(page)).rows.map((r) => r.mag).filter((m) => m !== 's/d').map((m) => Number(m.replace(',', '.')));
      assert.deepEqual(mags, [...mags].sort((a, b) => b - a));
    }
  });

  test('shows the 5-minute windows of the live table', async () => {
    await page.waitForSelector('#win-rows tr');
    assert.ok(await page.locator('#win-chart .bar-n').count() > 0);
    const first = await page.locator('#win-rows tr').first().innerText();
    assert.match(first, /^\d\d:\d0|^\d\d:\d5/);
    assert.ok(await page.locator('#histogram rect').count() > 5);
  });

  test('needs no internet, breaks no policy and logs no error', () => {
    assert.deepEqual(page.outside, []);
    assert.deepEqual(page.problems, []);
    assert.match(page.response.headers()['content-security-policy'] ?? '', /default-src 'none'/);
  });
});

function groupBy(list, key) {
  const groups = new Map();
  for (const item of list) groups.set(key(item), [...(groups.get(key(item)) ?? []), item]);
  return groups;
}
