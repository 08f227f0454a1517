// Languages, themes, sizes, keyboard, accessibility; and screenshots of each.

import test, { after, before, describe } from 'node:test';
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { NEEDS_MOCK, launch, openPage, openSite, settle, shot, waitForQuakes } from './lib.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser;
let site;
before(async () => {
  browser = await launch();
  site = await openSite();
});
after(async () => {
  await browser?.close();
  await site?.close();
});

async function withPage(path, options, body) {
  const page = await openPage(browser, site.url + path, options);
  try {
    if (path === '/sismos') await waitForQuakes(page);
    else await page.waitForSelector('#flow-rows tr');
    await settle(page, 600);
    await body(page);
    assert.deepEqual(page.problems, []);
    assert.deepEqual(page.outside, []);
  } finally {
    await page.done();
  }
}

async function assertAccessible(page) {
  // Through the debugger, which the page's policy does not bind.
  const client = await page.context().newCDPSession(page);
  await client.send('Runtime.evaluate', { expression: AXE });
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const grave = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
  const text = grave.map((v) => `${v.id}: ${v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 160)} ${n.failureSummary}`).join('\n')}`);
  assert.deepEqual(text, []);
}

async function assertFits(page) {
  const { wide, culprits } = await page.evaluate(() => ({
    wide: document.documentElement.scrollWidth - innerWidth,
    culprits: [...document.querySelectorAll('body *')]
      .filter((n) => n.getBoundingClientRect().right > innerWidth + 1 && !n.closest('#map, .wide, .table-scroll, .win-scroll, .sr-only'))
      .map((n) => n.outerHTML.slice(0, 90)),
  }));
  assert.ok(wide <= 0, `${wide} px too wide`);
  assert.deepEqual(culprits, []);
}

const SHOTS = [
  ['sismos-light', '/sismos', {}],
  ['sismos-dark', '/sismos', { theme: 'dark' }],
  ['sismos-en', '/sismos', { locale: 'en-US' }],
  ['sismos-phone', '/sismos', { width: 360, height: 740 }],
  ['sismos-phone-dark-en', '/sismos', { width: 360, height: 740, theme: 'dark', locale: 'en-US' }],
  ['sismos-tablet', '/sismos', { width: 820, height: 1180 }],
  ['sismos-wide', '/sismos', { width: 1920, height: 1080 }],
  ['overview-light', '/', {}],
  ['overview-dark-en', '/', { theme: 'dark', locale: 'en-US' }],
  ['overview-phone', '/', { width: 360, height: 740 }],
  ['overview-phone-en', '/', { width: 360, height: 740, locale: 'en-US' }],
];

describe('looks', () => {
  for (const [name, path, options] of SHOTS) {
    test(`${name}: fits, no grave accessibility problem`, () => withPage(path, options, async (page) => {
      await shot(page, name, { fullPage: /phone|tablet|overview/.test(name) });
      await assertFits(page);
      await assertAccessible(page);
    }));
  }

  test('a selected quake, in both themes and on a phone', async () => {
    for (const [name, options] of [['light', {}], ['dark', { theme: 'dark' }], ['phone', { width: 360, height: 740 }]]) {
      await withPage('/sismos', options, async (page) => {
        await page.click('[data-sort="mag"]');
        await page.click('#quake-rows tr:first-child');
        await settle(page, 900);
        await page.locator('.leaflet-popup').scrollIntoViewIfNeeded();
        await shot(page, `sismos-selected-${name}`);
        const [popup, map] = await Promise.all(['.leaflet-popup-content-wrapper', '#map'].map((s) => page.locator(s).boundingBox()));
        assert.ok(popup.y >= map.y - 1 && popup.x >= map.x - 1 && popup.x + popup.width <= map.x + map.width + 1, 'the popup fits into the map');
        await assertAccessible(page);
      });
    }
  });
});

describe('language and theme', () => {
  test('the language follows the browser, can be switched, and is remembered', () => withPage('/sismos', { locale: 'fr-FR' }, async (page) => {
    assert.equal(await page.locator('html').getAttribute('lang'), 'en');
    assert.equal(await page.locator('h1').textContent(), 'Live earthquakes');
    await page.click('[data-lang="es"]');
    assert.equal(await page.locator('h1').textContent(), 'Sismos en vivo');
    assert.match(await page.locator('#stat-max').textContent(), /,/);
    await page.reload();
    assert.equal(await page.locator('html').getAttribute('lang'), 'es');
    await page.click('.nav a >> nth=0');
    await page.waitForSelector('#flow-rows');
    assert.equal(await page.locator('h1').textContent(), 'Resumen');
  }));

  test('no text is left untranslated', () => withPage('/sismos', { locale: 'en-US' }, async (page) => {
    await page.click('#quake-rows tr:first-child');
    await settle(page);
    const text = await page.evaluate(() => document.body.innerText);
    for (const word of ['Magnitud ', 'Lugar', 'Hora', 'Prof', 'hace ', 'según', 'Ventanas', 's/d']) {
      assert.ok(!text.includes(word), `"${word}" in the English page`);
    }
  }));

  test('the theme follows the system until chosen, and is remembered', () => withPage('/sismos', { theme: 'dark' }, async (page) => {
    const theme = () => page.locator('html').getAttribute('data-theme');
    assert.equal(await theme(), 'dark');
    await page.emulateMedia({ colorScheme: 'light' });
    await page.waitForSelector('html[data-theme="light"]', { timeout: 5000 });
    const light = await page.evaluate(() => document.querySelector('#map').azudMarkers()[0].colour);
    await page.click('#theme');
    assert.equal(await theme(), 'dark');
    assert.notEqual(await page.evaluate(() => document.querySelector('#map').azudMarkers()[0].colour), light, 'the map changes too');
    await page.reload();
    assert.equal(await theme(), 'dark');
  }));
});

describe('keyboard', () => {
  test('every control is reached by Tab, with a visible focus', () => withPage('/sismos', {}, async (page) => {
    const wanted = ['.skip', '[data-lang="en"]', '#theme', '#min-mag', '[data-min="4.5"]', '[data-range="24h"]', '#place', '#map',
      '.leaflet-control-zoom-in', '.zoom-world', '.leaflet-control-layers-toggle', '.legend summary', '[data-sort="mag"]', '.row-button', '.win-scroll'];
    const seen = new Set();
    for (let i = 0; i < 70 && seen.size < wanted.length; i += 1) {
      await page.keyboard.press('Tab');
      const hit = await page.evaluate((selectors) => {
        const node = document.activeElement;
        const style = getComputedStyle(node);
        return { match: selectors.filter((s) => node.matches(s)), outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1, html: node.outerHTML.slice(0, 100) };
      }, wanted);
      assert.ok(hit.outline, `no visible focus: ${hit.html}`);
      hit.match.forEach((s) => seen.add(s));
    }
    assert.deepEqual(wanted.filter((s) => !seen.has(s)), []);
  }));

  test('arrows walk the list, Enter shows on the map, Escape returns', () => withPage('/sismos', {}, async (page) => {
    const focused = () => page.evaluate(() => document.activeElement.closest('tr')?.dataset.id);
    await page.locator('.row-button[tabindex="0"]').focus();
    const first = await focused();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const third = await focused();
    assert.notEqual(third, first);
    await page.keyboard.press('Enter');
    await settle(page, 600);
    assert.equal(await page.locator('tr.selected').getAttribute('data-id'), third);
    assert.ok(await page.locator('.card-quake').isVisible());
    await page.keyboard.press('Escape');
    await settle(page);
    assert.equal(await page.locator('.card-quake').count(), 0);
    assert.equal(await focused(), third);
    await page.keyboard.press('End');
    assert.notEqual(await focused(), third);
    assert.equal(await page.locator('.row-button[tabindex="0"]').count(), 1, 'one tab stop');
  }));
});

describe('motion', () => {
  test('with reduced motion nothing moves', NEEDS_MOCK, () => withPage('/sismos', { calm: true }, async (page) => {
    await settle(page, 1000);
    site.mock.push({
      id: 'us7000zzzz', magnitud: 5, lugar: 'Calm', latitud: 0, longitud: 0, profundidad_km: 1, timestamp: new Date().toISOString(), tsunami: false,
    });
    await page.waitForSelector('.pulse');
    assert.equal(await page.locator('.pulse').evaluate((n) => getComputedStyle(n).animationName), 'none');
  }));
});

describe('overview', () => {
  test('shows flows and topics, and follows them', () => withPage('/', {}, async (page) => {
    assert.ok(await page.locator('#flow-rows tr[data-flow]').count() > 0);
    await page.waitForSelector('#topic-rows tr[data-topic="sismos"]');
    assert.match(await page.locator('#ad-kafka').textContent(), /:\d+$/);
    assert.match(await page.locator('#ad-http').textContent(), /^http:\/\/.*:\d+$/);
    assert.notEqual(await page.locator('#ad-data').textContent(), '–');
    if (!site.mock) return;
    const records = () => page.locator('#topic-rows tr[data-topic="sismos"] td').nth(1).textContent();
    const before = await records();
    site.mock.push({ id: 'us7000yyyy', magnitud: 1, lugar: 'x', latitud: 1, longitud: 1, profundidad_km: 1, timestamp: new Date().toISOString(), tsunami: false });
    await page.waitForFunction((b) => document.querySelector('#topic-rows tr td:nth-child(3)').textContent !== b, before);
  }));

  test('unfolds the last error and keeps it unfolded', NEEDS_MOCK, () => withPage('/', {}, async (page) => {
    const summary = page.locator('[data-error="sismos/ingesta"] summary');
    await summary.focus();
    await page.keyboard.press('Enter');
    assert.ok(await page.locator('[data-error="sismos/ingesta"] pre').isVisible());
    await page.click('[data-error="sismos/ingesta/rejected"] summary');
    assert.match(await page.locator('[data-error="sismos/ingesta/rejected"] pre').textContent(), /not valid JSON.*\n.*<html>/);
    await summary.focus();
    const { sampleFlows } = await import('./mock.mjs');
    const flows = sampleFlows();
    flows[0].inputRows = 777;
    flows[1].name = '<img src=x onerror=window.pwned=1>';
    site.mock.setFlows(flows);
    await page.waitForFunction(() => document.querySelector('[data-flow="ingesta"]').textContent.includes('777'));
    assert.ok(await page.locator('[data-error="sismos/ingesta"] pre').isVisible(), 'still unfolded');
    assert.equal(await page.evaluate(() => document.activeElement.tagName), 'SUMMARY', 'still focused');
    assert.equal(await page.evaluate(() => window.pwned), undefined);
    site.mock.setFlows(sampleFlows());
  }));
});
