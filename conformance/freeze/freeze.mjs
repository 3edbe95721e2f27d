// usage: node freeze.mjs SOURCE OUT [JSON options]   freezes SOURCE into the file OUT; an error becomes one line of JSON on stderr
import { writeFile } from 'node:fs/promises';
import { freeze, frozenChunks, readSource } from '@floe/graph';

const [source, out, options = '{}'] = process.argv.slice(2);
try {
  const frozen = await freeze(await readSource(source), JSON.parse(options));
  await writeFile(out, frozenChunks(frozen));
  process.stdout.write(`${JSON.stringify({ signatures: frozen.signatures, checkpoint: frozen.checkpoint })}\n`);
} catch (error) {
  process.stderr.write(`${JSON.stringify({ code: error.code, message: error.message, stack: error.stack })}\n`);
  process.exitCode = 1;
}
