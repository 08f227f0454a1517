// What the pages make of what a server may send: news, cuts, hostile and incomplete records.
// These tests steer the mock, so they do not run against a daemon.

import test, { after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { NEEDS_MOCK, launch, openPage, readQuakes, recordedValues, settle, waitForQuakes } from './lib.mjs';
import { startMock } from './mock.mjs';

let browser;
before(async () => { browser = NEEDS_MOCK.skip ? null : await launch(); });
after(() => browser?.close());

const now = () => new Date(Date.now() - 30_000).toISOString();
const quake = (id, more = {}) => ({
  id, magnitud: 3.2, lugar: 'Somewhere', latitud: 10, longitud: 20, profundidad_km: 7.5, timestamp: now(), tsunami: false, ...more,
});

// Runs body with a mock of its own and a page on it, and closes both.
async function withPage(options, body) {
  const mock = await startMock(options.mock);
  let page = null;
  try {
    mock.push(...(options.values ?? [quake('us7000aaaa')]));
    page = await openPage(browser, `${mock.url}/sismos`, options.page);
    await waitForQuakes(page);
    await body(page, mock);
    if (!options.noisy) assert.deepEqual(page.problems, []);
    assert.deepEqual(page.outside, []);
  } finally {
    await page?.done();
    await mock.close();
  }
}

describe('records', NEEDS_MOCK, () => {
  test('hostile texts stay texts', async () => {
    const evil = [
      '<img src=x onerror="window.pwned=1">', '<script>window.pwned=1</script>', '"><svg onload=window.pwned=1>',
      'javascript:window.pwned=1', '{{constructor.constructor("window.pwned=1")()}}', '\u202Eevil\u202C', 'x'.repeat(3000),
    ];
    const values = evil.map((lugar, i) => quake(`ev${i}${'<b onmouseover=window.pwned=1>'}`, { lugar, magnitud: 5 + i / 10, longitud: -150 + i * 40 }));
    values.push(quake('__proto__', { lugar: 'proto' }), quake('constructor'), quake('../../x?<i>'));
    await withPage({ values }, async (page) => {
      for (let i = 0; i < values.length; i += 1) {
        await page.click(`#quake-rows tr:nth-child(${i + 1})`);
        await settle(page, 150);
        assert.equal(await page.locator('.card-link').count(), 0, 'no link from such an id');
      }
      await settle(page);
      assert.equal(await page.evaluate(() => window.pwned), undefined);
      assert.equal(await page.locator('#map img, #quake-rows img, #quake-rows script, .leaflet-popup i, .leaflet-popup b').count(), 0);
      const { rows, markers } = await readQuakes(page);
      assert.equal(rows.length, values.length);
      assert.equal(markers.length, values.length);
      assert.ok(rows.some((r) => r.place === evil[0]), 'shown as it is');
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true);
    });
  });

  test('what is unknown is said to be unknown, and left out of the averages', async () => {
    const values = [
      quake('us7000aaaa', { magnitud: null }), quake('us7000aaab', { magnitud: 2 }), quake('us7000aaac', { magnitud: -0.4, tsunami: true }),
      quake('us7000aaad', { magnitud: 4, profundidad_km: null, lugar: null }), quake('us7000aaae', { latitud: null, longitud: null, magnitud: 1 }),
      quake('us7000aaaf', { timestamp: 'yesterday', magnitud: 1 }),
    ];
    await withPage({ values: [...values, 'not json', '[1,2]'] }, async (page, mock) => {
      mock.push({ id: null }, { id: 'ok', magnitud: 'five', lugar: 7, latitud: 500, longitud: {}, timestamp: null });
      await page.waitForFunction(() => document.querySelectorAll('#quake-rows tr').length === 7);
      const seen = await readQuakes(page);
      assert.equal(seen.markers.length, 5, 'no coordinates, no marker');
      assert.equal(seen.total, '7');
      assert.equal(seen.max, '4,0');
      assert.equal(seen.average, '1,52'); // (2 - 0.4 + 4 + 1 + 1) / 5
      assert.deepEqual(seen.rows.map((r) => r.mag).sort(), ['-0,4', '1,0', '1,0', '2,0', '4,0', 's/d', 's/d']);
      assert.match(await page.locator('#skipped').textContent(), /^3 /);
      assert.equal(await page.locator('.badge-tsunami').count(), 1);
      assert.ok((await page.locator('#quake-rows').innerText()).includes('lugar desconocido'));
      await page.click('[data-min="1"]');
      await settle(page);
      assert.ok((await readQuakes(page)).rows.every((r) => r.mag !== 's/d'), 'a minimum leaves the unknown out');
    });
  });

  test('a revised quake replaces its earlier version', async () => {
    await withPage({ values: [quake('us7000aaaa', { magnitud: 4.4 }), quake('us7000aaab', { magnitud: 1 })] }, async (page, mock) => {
      mock.push(quake('us7000aaaa', { magnitud: 5.1, lugar: 'Revised' }));
      await page.waitForSelector('.quake[data-id="us7000aaaa"]');
      const { rows, markers, max } = await readQuakes(page);
      assert.equal(rows.length, 2);
      assert.equal(markers.length, 2);
      assert.equal(max, '5,1');
      assert.equal(await page.locator('tr.strong').count(), 1);
    });
  });

  test('a new strong quake is announced, pulses and is marked', async () => {
    await withPage({}, async (page, mock) => {
      await settle(page, 1300);
      assert.equal(await page.locator('#announce').textContent(), '');
      mock.push(quake('us7000bbbb', { magnitud: 6.1, lugar: 'South of Fiji' }));
      await page.waitForSelector('tr.fresh[data-id="us7000bbbb"]');
      assert.equal(await page.locator('#announce').textContent(), 'Nuevo sismo de magnitud 6,1: South of Fiji');
      assert.equal(await page.locator('#announce').getAttribute('aria-live'), 'polite');
      assert.equal(await page.locator('.pulse').count(), 1);
      mock.push(quake('us7000bbbc', { magnitud: 1.1 }));
      await page.waitForSelector('tr.fresh[data-id="us7000bbbc"]');
      assert.match(await page.locator('#announce').textContent(), /Fiji/, 'weak ones are not announced');
    });
  });

  test('across the antimeridian both sides are in one view', async () => {
    const values = [quake('us7000aaaa', { longitud: 179.5, latitud: -20 }), quake('us7000aaab', { longitud: -179.5, latitud: -20, magnitud: 5 })];
    await withPage({ values, page: { calm: true } }, async (page) => {
      for (const id of ['us7000aaaa', 'us7000aaab']) {
        await page.click(`#quake-rows tr[data-id="${id}"]`);
        await settle(page);
        const [a, b] = (await readQuakes(page)).markers.map((m) => m.lon).sort((x, y) => x - y);
        assert.ok(Math.abs(b - a - 1) < 1e-9, `${a} and ${b} are one degree apart`);
      }
    });
  });

  test('thousands of quakes stay quick', async () => {
    const values = Array.from({ length: 6000 }, (_, i) => quake(`us${i}abcd`, {
      magnitud: (i * 7 % 60) / 10, latitud: (i * 13 % 160) - 80, longitud: (i * 29 % 360) - 180,
      timestamp: new Date(Date.now() - i * 20_000).toISOString(),
    }));
    await withPage({ values }, async (page) => {
      await waitForQuakes(page, 6000);
      const seen = await readQuakes(page);
      assert.equal(seen.total, '6000');
      assert.equal(seen.rows.length, 1500);
      await page.click('[data-min="4.5"]');
      await page.waitForFunction(() => document.querySelector('#map').azudMarkers().every((m) => m.mag >= 4.5));
      await page.click('[data-min="0"]');
      await waitForQuakes(page, 6000);
      await page.click('#more-rows');
      await page.waitForFunction(() => document.querySelectorAll('#quake-rows tr').length === 6000);
    });
  });
});

describe('connection', NEEDS_MOCK, () => {
  const state = (page, kind) => page.waitForSelector(`#connection[data-state="${kind}"]`, { timeout: 25_000 });

  test('a cut stream is resumed without loss and without doubles', async () => {
    await withPage({ values: recordedValues().slice(0, 50), noisy: true }, async (page, mock) => {
      await waitForQuakes(page, 50);
      mock.drop();
      await state(page, 'reconnecting');
      mock.push(...recordedValues().slice(50, 60));
      await state(page, 'live');
      await waitForQuakes(page, 60);
      assert.equal((await readQuakes(page)).rows.length, 60);
    });
  });

  test('a refused stream says since when, and comes back by itself', async () => {
    await withPage({ noisy: true }, async (page, mock) => {
      mock.refuse(true);
      mock.drop();
      await state(page, 'offline');
      assert.match(await page.locator('#connection-text').textContent(), /Sin conexión desde las \d\d:\d\d/);
      mock.refuse(false);
      mock.push(quake('us7000cccc'));
      await state(page, 'live');
      await waitForQuakes(page, 2);
    });
  });
});

describe('the rest of what is sent', NEEDS_MOCK, () => {
  test('a banner says that data are for demonstration, in both languages', async () => {
    await withPage({ mock: { demo: true } }, async (page) => {
      assert.match(await page.locator('#demo').innerText(), /^Datos de demostración:/);
      await page.click('[data-lang="en"]');
      assert.match(await page.locator('#demo').innerText(), /^Demonstration data:/);
    });
    await withPage({}, async (page) => assert.equal(await page.locator('#demo').isVisible(), false));
  });

  test('windows come from the live table, whatever the order of its columns', async () => {
    await withPage({}, async (page, mock) => {
      mock.setTable({
        name: 'estadisticas',
        schema: [['magnitud_maxima', 'double'], ['sismos', 'bigint'], ['ventana', 'struct'], ['magnitud_media', 'double']],
        rows: [[5.6, 3, { start: '2024-01-01 10:00:00', end: '2024-01-01 10:05:00' }, 2.345],
          [null, 1, { start: '2024-01-01 10:05:00.000', end: '2024-01-01 10:10:00' }, null]],
      });
      await page.waitForFunction(() => document.querySelectorAll('#win-rows tr').length === 2);
      assert.deepEqual(await page.locator('#win-rows tr').allInnerTexts(), ['10:05 – 10:10\t1\ts/d\ts/d', '10:00 – 10:05\t3\t2,35\t5,6']);
    });
  });
});
