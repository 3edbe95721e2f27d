/**
 * Checks that imports go only downwards, that siblings keep apart, that there is no cycle, and that nothing under `src` imports
 * what its package does not declare. Prints every breach; exits 1 if there is one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '..');

/** Per package, from the bottom up; folders (or files) on one line never import each other. */
const ORDER = {
  'packages/graph/src': [
    ['errors.ts', 'dtype.ts', 'half.ts', 'nearest.ts'],
    ['tensor.ts'],
    ['proto'],
    ['graph.ts', 'onnx-graph.ts'],
    ['constants.ts', 'source.ts'],
    ['base.ts', 'digest.ts', 'metadata.ts', 'late-tensor.ts', 'inline'],
    ['read', 'analysis', 'example'],
    ['freeze'],
    ['freeze.ts', 'passes', 'host'],
    ['raise'],
    ['write', 'cost'],
    ['compile', 'host.ts'],
    ['index.ts'],
  ],
  'packages/client/src': [
    ['errors.ts', 'room.ts'],
    ['tensor.ts', 'call.ts'],
    ['v2.ts'],
    ['ask.ts', 'infer-message.ts'],
    ['index.ts', 'grpc.ts'],
  ],
  'packages/server/src': [
    ['core'],
    ['store', 'engine', 'cost', 'codec', 'sql'],
    ['registry', 'build', 'cache', 'queue', 'jobs', 'feedback'],
    ['input'],
    ['servable'],
    ['infer.ts', 'index.ts'],
    ['transport', 'train'],
    ['cli'],
  ],
};

const IMPORT = /^\s*(?:import|export)\s[^'"]*?from\s+'([^']+)'|^\s*import\s+'([^']+)'|\bimport\('([^']+)'\)/gm;
const breaches = [];

for (const [source, levels] of Object.entries(ORDER)) checkPackage(source, levels);
for (const breach of breaches) console.error(breach);
console.log(breaches.length === 0 ? 'imports go downwards, no cycle' : `${breaches.length} breaches`);
process.exitCode = breaches.length === 0 ? 0 : 1;

function checkPackage(source, levels) {
  const base = join(ROOT, source);
  const level = new Map(levels.flatMap((rooms, height) => rooms.map((room) => [room, height])));
  const declared = new Set(
    Object.keys(JSON.parse(readFileSync(join(base, '../package.json'), 'utf8')).dependencies ?? {}),
  );
  const graph = new Map();
  for (const file of filesUnder(base)) {
    const imports = importsOf(file);
    graph.set(
      file,
      imports.filter((name) => name.startsWith('.')).map((name) => resolve(dirname(file), name)),
    );
    const room = roomOf(base, file);
    if (!level.has(room)) breaches.push(`${relative(ROOT, file)}: ${room} has no place in the order`);
    for (const target of graph.get(file)) checkDirection(base, file, target, level);
    for (const name of imports.filter((one) => !one.startsWith('.'))) checkDeclared(file, name, declared);
  }
  for (const cycle of cyclesIn(graph))
    breaches.push(`cycle: ${cycle.map((file) => relative(ROOT, file)).join(' -> ')}`);
}

function checkDirection(base, file, target, level) {
  const from = roomOf(base, file);
  const to = roomOf(base, target);
  if (from === to || level.get(to) < level.get(from)) return;
  breaches.push(`${relative(ROOT, file)} imports ${relative(ROOT, target)}: ${from} may not import ${to}`);
}

function checkDeclared(file, name, declared) {
  const packageName = name
    .split('/')
    .slice(0, name.startsWith('@') ? 2 : 1)
    .join('/');
  if (name.startsWith('node:') || builtinModules.includes(name) || declared.has(packageName)) return;
  breaches.push(`${relative(ROOT, file)} imports ${name}, which its package does not declare`);
}

function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function importsOf(file) {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3]);
}

function roomOf(base, file) {
  return relative(base, file).split('/')[0];
}

/** Every cycle that a depth-first walk closes. */
function cyclesIn(graph) {
  const done = new Set();
  const cycles = [];
  const walk = (file, path) => {
    const seen = path.indexOf(file);
    if (seen >= 0) return void cycles.push([...path.slice(seen), file]);
    if (done.has(file)) return;
    for (const target of graph.get(file) ?? []) walk(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) walk(file, []);
  return cycles;
}
