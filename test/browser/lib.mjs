// What the browser tests share: the site under test, pages that notice trouble, screenshots.

import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { startMock } from './mock.mjs';
import { readFeatures, shiftToNow, valueOf } from './feed.mjs';

/** Set: the tests run against this daemon. Unset: against the mock. */
export const LIVE_URL = process.env.AZUD_URL?.replace(/\/$/, '');

/** Options of tests that must steer the server. */
export const NEEDS_MOCK = { skip: LIVE_URL ? 'steers the mock server' : false };

const SHOTS = process.env.SHOTS || fileURLToPath(new URL('shots', import.meta.url));
const CHROMIUM = process.env.CHROMIUM || '/usr/bin/chromium';
const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export async function launch() {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

let recorded = null;

/** Recorded quakes as record values, oldest first, the newest a minute old. */
export function recordedValues() {
  recorded ??= readFeatures();
  return shiftToNow(recorded).map(valueOf);
}

/** The site under test, {url, mock}: the daemon, or a mock that already holds what values() gives (all recorded quakes). */
export async function openSite({ values, ...options } = {}) {
  if (LIVE_URL) return { url: LIVE_URL, mock: null, close: async () => {} };
  const held = (values ?? recordedValues)();
  const mock = await startMock(options);
  mock.push(...held);
  return { url: mock.url, mock, close: () => mock.close() };
}

/**
 * A page at path that collects its troubles: console errors, exceptions, breaches of the
 * content security policy, requests that leave the machine (they are stopped).
 */
export async function openPage(browser, url, {
  theme = 'light', locale = 'es-ES', width = 1440, height = 900, calm = false, forcedColors, scripts = [],
} = {}) {
  const context = await browser.newContext({
    viewport: { width, height }, locale, colorScheme: theme, reducedMotion: calm ? 'reduce' : 'no-preference',
    forcedColors, timezoneId: 'America/Mexico_City',
  });
  const page = await context.newPage();
  const problems = [];
  const outside = [];
  page.on('console', (m) => m.type() === 'error' && problems.push(`console: ${m.text()}`));
  page.on('pageerror', (e) => problems.push(`exception: ${e.stack}`));
  await page.exposeFunction('reportBreach', (text) => problems.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => {
      window.reportBreach(`${e.violatedDirective} ${e.blockedURI} ${e.sourceFile}:${e.lineNumber}`);
    });
  });
  for (const script of scripts) await page.addInitScript(script);
  await page.route((u) => u.origin !== new URL(url).origin, (route) => {
    outside.push(route.request().url());
    return route.abort();
  });
  const response = await page.goto(url);
  return Object.assign(page, { problems, outside, response, done: () => context.close() });
}

/** Waits until the page shows quakes, and at least as many as asked for. */
export async function waitForQuakes(page, atLeast = 1, timeout = LIVE_URL ? 120_000 : 15_000) {
  await page.waitForFunction(
    (n) => Number(document.querySelector('#map')?.dataset.markers ?? 0) >= n,
    atLeast,
    { timeout },
  );
}

/** What the page shows at one moment: markers, rows, and the statistics as text. */
export function readQuakes(page) {
  return page.evaluate(() => {
    const text = (id) => document.getElementById(id).textContent;
    return {
      markers: document.getElementById('map').azudMarkers(),
      rows: [...document.querySelectorAll('#quake-rows tr')].map((tr) => ({
        id: tr.dataset.id, mag: tr.querySelector('.mag').textContent, place: tr.querySelector('.row-button').textContent,
      })),
      total: text('stat-total'), max: text('stat-max'), average: text('stat-avg'),
      scope: text('scope'), count: text('list-count'), totalNote: text('stat-total-note'),
    };
  });
}

/** A number as the page writes it in lang, without grouping. */
export function say(x, digits, lang = 'es-ES') {
  return new Intl.NumberFormat(lang, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(x);
}

export async function shot(page, name, options = {}) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), ...options });
}

/** Lets drawing timers (60 ms, 150 ms) and animations of the map pass. */
export async function settle(page, ms = 450) {
  await page.waitForTimeout(ms);
}
