// Prints the field tables of packages/graph/src/proto as JSON: {"tensorflow": {Message: {field: [number, label, kind]}}, "onnx": ...}.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const proto = join(dirname(fileURLToPath(import.meta.url)), '../../packages/graph/src/proto');

/** Exported messages; those that only other messages name are found through their fields. */
async function tables(file) {
  const exported = Object.values(await import(join(proto, file))).filter((value) => value?.fields && value.decode);
  const found = new Map();
  for (let queue = exported; queue.length > 0; ) {
    const message = queue.pop();
    if (found.has(message.name)) continue;
    const rows = Object.entries(message.fields).map(([key, field]) => [
      key,
      [field.number, field.label, field.kindName()],
    ]);
    found.set(message.name, Object.fromEntries(rows));
    queue.push(...Object.values(message.fields).flatMap((field) => field.message?.() ?? []));
  }
  return Object.fromEntries(found);
}

process.stdout.write(JSON.stringify({ tensorflow: await tables('tensorflow.ts'), onnx: await tables('onnx.ts') }));
