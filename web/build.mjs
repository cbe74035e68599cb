// Builds dist/ from src/ and Bootstrap Italia: styles, script, icons and fonts under names that hold a hash of what is
// in them, each compressed beside. The result is checked in, so that cargo needs no Node; `npm run check` fails when it
// is not what this would build. Compression levels are fixed: the same input gives the same bytes.
import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

import { transform } from 'lightningcss';
import * as sass from 'sass';

import { ICONS } from './src/icons.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const kit = join(root, 'node_modules/bootstrap-italia');
const dist = join(root, 'dist');

const files = new Map();

/** Adds a file under a name with its hash; answers the name. */
function add(name, ending, content, compressed = true) {
  const bytes = Buffer.from(content);
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 12);
  const full = `${name}.${hash}.${ending}`;
  files.set(full, bytes);
  if (compressed) {
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    files.set(`${full}.br`, brotliCompressSync(bytes, { params }));
    files.set(`${full}.gz`, gzipSync(bytes, { level: 9 }));
  }
  return full;
}

async function fonts() {
  const names = {};
  for (const weight of ['regular', '600', '700']) {
    const file = join(kit, `dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin-${weight}.woff2`);
    names[weight] = add(`titillium-${weight}`, 'woff2', await readFile(file), false);
  }
  return names;
}

async function styles(fontNames) {
  const compiled = await sass.compileAsync(join(root, 'src/site.scss'), {
    loadPaths: [join(root, 'node_modules'), join(kit, 'src/scss')],
    quietDeps: true,
    silenceDeprecations: ['import', 'global-builtin', 'color-functions', 'if-function'],
    logger: sass.Logger.silent,
  });
  const css = compiled.css.replace(/titillium-(\w+)\.woff2/g, (_, weight) => `/assets/${fontNames[weight]}`);
  const { code } = transform({ filename: 'site.css', code: Buffer.from(css), minify: true });
  return add('site', 'css', code);
}

/** Only the symbols in use, under our own names. */
async function icons() {
  const sprite = await readFile(join(kit, 'dist/svg/sprites.svg'), 'utf8');
  const own = await readFile(join(root, 'src/brand.svg'), 'utf8');
  const symbols = [`<symbol id="brand" viewBox="0 0 24 24">${inner(own)}</symbol>`];
  for (const [name, source] of Object.entries(ICONS)) {
    const found = sprite.match(new RegExp(`<(symbol|svg) [^>]*id="${source}"[^>]*>(.*?)</\\1>`, 's'));
    if (!found) throw new Error(`Bootstrap Italia has no icon ${source}`);
    const box = found[0].match(/viewBox="([^"]+)"/)[1];
    symbols.push(`<symbol id="${name}" viewBox="${box}">${found[2].trim()}</symbol>`);
  }
  return add('icons', 'svg', `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join('')}</svg>\n`);
}

const inner = (svg) => svg.replace(/^.*?<svg[^>]*>/s, '').replace(/<\/svg>\s*$/s, '').trim();

/** One module: the parts are joined in the order of site.mjs's list. */
async function script() {
  const names = (await readFile(join(root, 'src/site.js'), 'utf8')).matchAll(/^import '\.\/(\w+)\.js';$/gm);
  const parts = [];
  for (const [, name] of names) parts.push(await readFile(join(root, `src/${name}.js`), 'utf8'));
  const code = parts.map((part) => `{\n${part.replace(/^\s*\/\/.*\n/gm, '')}}\n`).join('');
  return add('site', 'js', code);
}

async function build() {
  const css = await styles(await fonts());
  const [js, sprite] = [await script(), await icons()];
  const favicon = add('favicon', 'svg', await readFile(join(root, 'src/favicon.svg')));
  const at = (name) => `/assets/${name}`;
  const manifest = { css: at(css), js: at(js), icons: at(sprite), favicon: at(favicon) };
  files.set('manifest.json', Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`));
}

async function check() {
  const there = await readdir(dist);
  const wrong = [...files.keys()].filter((name) => !there.includes(name));
  wrong.push(...there.filter((name) => !files.has(name)));
  for (const [name, bytes] of files) {
    // Compressed files say the same whatever the library's version makes of them.
    if (wrong.includes(name) || /\.(br|gz)$/.test(name)) continue;
    if (!bytes.equals(await readFile(join(dist, name)))) wrong.push(name);
  }
  if (wrong.length > 0) {
    console.error(`web/dist is not what web/ builds: run "npm run build" in web/ and commit it (${wrong.join(', ')})`);
    process.exit(1);
  }
}

await build();
if (process.argv.includes('--check')) {
  await check();
} else {
  await rm(dist, { recursive: true, force: true });
  await mkdir(dist, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(dist, name), bytes);
  const total = [...files.values()].reduce((sum, bytes) => sum + bytes.length, 0);
  console.log(`web/dist: ${files.size} files, ${Math.round(total / 1024)} KB`);
}
