/**
 * Prints what the image holds of packages, as CycloneDX 1.6: those that lie in node_modules now, with the digests of the lock file. npm's own
 * `npm sbom` tells what the lock file says, of which the image leaves out a part. usage: node sbom.mjs, where both are
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const locked = readJson('package-lock.json').packages;

function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Folders below node_modules that are packages, those within packages too. */
function* packagesIn(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.name.startsWith('@')) yield* packagesIn(path);
    else yield path;
  }
}

function* all(folder) {
  for (const path of packagesIn(folder)) {
    yield path;
    try {
      yield* all(join(path, 'node_modules'));
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
  }
}

function component(path) {
  const { name, version, license } = readJson(join(path, 'package.json'));
  const [algorithm, digest] = (locked[path]?.integrity ?? '').split('-');
  return {
    type: 'library',
    name,
    version,
    purl: `pkg:npm/${name.replace('@', '%40')}@${version}`,
    ...(typeof license === 'string' ? { licenses: [{ expression: license }] } : {}),
    ...(algorithm === 'sha512'
      ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] }
      : {}),
  };
}

const components = [...all('node_modules')].sort().map(component);
const { version } = readJson('packages/server/package.json');
const metadata = {
  component: { type: 'application', name: 'floe', version, purl: `pkg:npm/%40floe/server@${version}` },
};
process.stdout.write(
  `${JSON.stringify({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1, metadata, components }, undefined, 1)}\n`,
);
