/** Writes the JSON Schema of `model.json` from the code that reads it. */
import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { Manifest } from '../packages/server/src/core/manifest.ts';

const file = new URL('../docs/model.schema.json', import.meta.url);
writeFileSync(file, `${JSON.stringify(z.toJSONSchema(Manifest, { io: 'input' }), null, 2)}\n`);
