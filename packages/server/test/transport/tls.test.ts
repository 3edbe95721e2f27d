/** TLS: the certificate that is served is the one in the file, also after it was renewed. */
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { startServer } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'floe-tls-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string): string => join(folder, name);

function certificate(name: string): void {
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  execFileSync(
    'openssl',
    [...args, '-subj', `/CN=${name}`, '-keyout', file(`${name}.key`), '-out', file(`${name}.crt`)],
    {
      stdio: 'ignore',
    },
  );
}

function install(name: string): void {
  copyFileSync(file(`${name}.crt`), file('tls.crt'));
  copyFileSync(file(`${name}.key`), file('tls.key'));
}

function servedName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('a renewed certificate is served after reload, and a broken one leaves the old in use', async () => {
  for (const name of ['first', 'second']) certificate(name);
  install('first');
  await using server = await startServer({ tls: { cert: file('tls.crt'), key: file('tls.key') } });
  expect(server.url).toMatch(/^https:/);
  expect(await servedName(server.server.port)).toBe('first');
  install('second');
  expect([server.server.reload(), await servedName(server.server.port)]).toEqual([true, 'second']);
  writeFileSync(file('tls.crt'), 'garbage');
  expect([server.server.reload(), await servedName(server.server.port)]).toEqual([false, 'second']);
});

test('a missing certificate does not start a server', async () => {
  await expect(startServer({ tls: { cert: file('none'), key: file('none') } })).rejects.toThrow('TLS: ENOENT');
});
