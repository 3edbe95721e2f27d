/**
 * How loaded this server is, said with an answer to balancers that ask for it: ORCA load reports as Envoy, gRPC's and GKE's balancers read
 * them and Triton sends them (`endpoint-load-metrics`, asked for by `endpoint-load-metrics-format`; specification: xds.data.orca.v3).
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Present } from '../queue/snapshot.ts';

const ASKED = 'endpoint-load-metrics-format';
const REPORT = 'endpoint-load-metrics';

/** Adds the report where it is asked for, as text or JSON; other formats get none. */
export function reportLoad(
  headers: IncomingHttpHeaders,
  load: () => Present,
  header: (name: string, value: string) => void,
): void {
  const format = headers[ASKED];
  if (format === undefined) return;
  const { queuedSeconds, running, waiting } = load();
  const named = { queue_seconds: Number(queuedSeconds.toFixed(6)), running, waiting };
  if (format === 'json') header(REPORT, `JSON ${JSON.stringify({ named_metrics: named })}`);
  else if (format === 'text')
    header(
      REPORT,
      `TEXT ${Object.entries(named)
        .map(([name, value]) => `named_metrics.${name}=${value}`)
        .join(', ')}`,
    );
}
