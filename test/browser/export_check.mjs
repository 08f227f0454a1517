// Does the exported page work when opened alone?
//
//   node export_check.mjs              export by the rule, check the form of modules and the page
//   node export_check.mjs OUT.html     the same, and keep the file
//   EXPORTED=FILE node export_check.mjs   check a file that azud wrote, which must be the same

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { exportPage, joinModules } from './bundle.mjs';
import { readFeatures, shiftToNow } from './feed.mjs';
import { launch, settle, shot, waitForQuakes } from './lib.mjs';

const FEED = 'https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/all_day.geojson';
const folder = mkdtempSync(join(tmpdir(), 'azud-export-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

// A name declared twice over the modules of a page is a syntax error in the joined text.
function checkModules() {
  for (const entry of ['js/sismos/main.js', 'js/overview.js']) {
    const file = join(folder, 'joined.mjs');
    writeFileSync(file, joinModules(entry));
    const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
    assert.equal(status, 0, `${entry}: ${stderr}`);
  }
}

async function checkPage(html) {
  assert.ok(!/(src|href)="\/assets/.test(html.replace(/<script[\s\S]*?<\/script>/g, '')), 'nothing refers to the daemon');
  const file = join(folder, 'sismos.html');
  writeFileSync(file, html);
  const all = shiftToNow(readFeatures());
  let features = all.slice(3);
  const browser = await launch();
  try {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'es-ES' });
    const page = await context.newPage();
    const problems = [];
    const asked = [];
    page.on('console', (m) => m.type() === 'error' && problems.push(m.text()));
    page.on('pageerror', (e) => problems.push(e.stack));
    await page.clock.install(); // so that a minute need not be waited for
    await page.route(/^https?:/, (route) => {
      asked.push(route.request().url());
      return route.fulfill({
        status: 200, headers: { 'Access-Control-Allow-Origin': '*' }, contentType: 'application/json',
        body: JSON.stringify({ type: 'FeatureCollection', features }),
      });
    });
    await page.goto(pathToFileURL(file).href);
    await page.clock.runFor(500);
    await waitForQuakes(page, features.length);
    assert.equal(await page.locator('#connection').getAttribute('data-state'), 'live');
    assert.equal(await page.locator('#stat-total').textContent(), String(features.length));
    assert.ok(await page.locator('#win-rows tr').count() > 0, 'windows are computed here');
    assert.equal(await page.locator('.nav').isVisible(), false, 'no links to a daemon that is not there');
    features = all;
    await page.clock.runFor(61_000);
    await waitForQuakes(page, all.length);
    assert.ok(await page.locator('tr.fresh').count() > 0, 'what came later is marked');
    await settle(page);
    await shot(page, 'sismos-standalone');
    assert.deepEqual([...new Set(asked)], [FEED]);
    assert.deepEqual(problems, []);
  } finally {
    await browser.close();
  }
}

checkModules();
const html = exportPage('sismos');
if (process.argv[2]) writeFileSync(process.argv[2], html);
if (process.env.EXPORTED) {
  assert.ok(readFileSync(process.env.EXPORTED, 'utf8') === html, `${process.env.EXPORTED} differs from the rule's result`);
}
await checkPage(html);
console.log(`ok: one file of ${(Buffer.byteLength(html) / 1024).toFixed(0)} KB works alone`);
