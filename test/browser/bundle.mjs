// The export rule of internal/web/assets/README.md as a program: a page as one HTML file.

import { readFileSync, readdirSync } from 'node:fs';
import { dirname, extname, join, normalize } from 'node:path';
import { ASSETS } from './mock.mjs';

const TYPES = { '.png': 'image/png', '.svg': 'image/svg+xml' };
const IMPORT = /^import \{ [\w, ]+ \} from '(\.[^']+)';$/;
const POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
  + 'img-src data: https://tile.openstreetmap.org; connect-src https://earthquake.usgs.gov; '
  + "base-uri 'none'; form-action 'none'";

const read = (path) => readFileSync(join(ASSETS, path), 'utf8');
const dataUrl = (path) => `data:${TYPES[extname(path)]};base64,${readFileSync(join(ASSETS, path)).toString('base64')}`;
const inScript = (text) => text.replaceAll('</script', '<\\/script');

/** The modules reachable from entry as one text; throws when one does not keep the form. */
export function joinModules(entry) {
  const seen = new Set();
  let out = '';
  const visit = (path) => {
    if (seen.has(path)) return;
    seen.add(path);
    const lines = read(path).split('\n');
    for (const line of lines) {
      if (/^import\b/.test(line) && !IMPORT.test(line)) throw new Error(`${path}: not the form of an import: ${line}`);
      if (/^export\b/.test(line) && !/^export (const|let|function|async function|class) \w/.test(line)) {
        throw new Error(`${path}: not the form of an export: ${line}`);
      }
      const found = IMPORT.exec(line);
      if (found) visit(normalize(join(dirname(path), found[1])));
    }
    out += lines.filter((line) => !IMPORT.test(line)).map((line) => line.replace(/^export /, '')).join('\n');
  };
  visit(entry);
  return out;
}

function inlineCss(path) {
  return read(path)
    .replace(/url\(([^)]+)\)/g, (whole, ref) => (/^(#|data:)/.test(ref) ? whole : `url(${dataUrl(join(dirname(path), ref))})`))
    .replaceAll('</', '<\\/');
}

function licences() {
  const folders = readdirSync(join(ASSETS, 'vendor'), { withFileTypes: true }).filter((d) => d.isDirectory()).map((d) => d.name).sort();
  return folders.map((name) => `${name}\n\n${read(`vendor/${name}/LICENSE`)}`).join('\n').replaceAll('--', '- -');
}

/** The page `${name}.html` as one file. */
export function exportPage(name) {
  // Replacements are functions: in a string, "$&" would mean something.
  return read(`${name}.html`)
    .replace('<meta name="azud-source" content="azud">', '<meta name="azud-source" content="usgs">')
    .replace(/<link rel="icon" href="\/assets\/([^"]+)"/, (_, path) => `<link rel="icon" href="${dataUrl(path)}"`)
    .replace(/<link rel="stylesheet" href="\/assets\/([^"]+)">/g, (_, path) => `<style>${inlineCss(path)}</style>`)
    .replace(/<script src="\/assets\/([^"]+)"(?: defer)?><\/script>/g, (_, path) => `<script>${inScript(read(path))}</script>`)
    .replace(/<script type="module" src="\/assets\/([^"]+)"><\/script>/, (_, path) => {
      const world = read('vendor/world-atlas/countries-50m.json').replaceAll('<', '\\u003c');
      return `<script type="application/json" id="world">${world}</script>\n`
        + `  <script type="module">${inScript(joinModules(path))}</script>`;
    })
    .replace('<meta charset="utf-8">', (meta) => `${meta}\n  <meta http-equiv="Content-Security-Policy" content="${POLICY}">`)
    .replace('<!doctype html>', (type) => `${type}\n<!--\n${licences()}-->`);
}
