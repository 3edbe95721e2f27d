/**
 * How loaded this server is, said with an answer to balancers that ask for it (`endpoint-load-metrics-format`): ORCA load reports as Envoy, gRPC's
 * and GKE's balancers read them and Triton sends them (specification: xds.data.orca.v3). Over HTTP as a header, text or JSON; over gRPC as a
 * trailer, in binary, which is the only form there (gRFC A51).
 */
import type { IncomingHttpHeaders } from 'node:http';
import { OrcaLoadReport } from '../codec/proto/orca.ts';
import type { Present } from '../queue/snapshot.ts';

const ASKED = 'endpoint-load-metrics-format';
const REPORT = 'endpoint-load-metrics';

/** Where it is asked for; other formats than text and JSON get none. */
export function reportLoad(
  headers: IncomingHttpHeaders,
  load: () => Present,
  header: (name: string, value: string) => void,
): void {
  const format = headers[ASKED];
  if (format === undefined) return;
  const named = metricsOf(load());
  if (format === 'json') header(REPORT, `JSON ${JSON.stringify({ named_metrics: named })}`);
  else if (format === 'text')
    header(
      REPORT,
      `TEXT ${Object.entries(named)
        .map(([name, value]) => `named_metrics.${name}=${value}`)
        .join(', ')}`,
    );
}

/** Where it is asked for, in whichever format. */
export function reportLoadInBinary(
  headers: IncomingHttpHeaders,
  load: () => Present,
  trailer: (name: string, value: string) => void,
): void {
  if (headers[ASKED] === undefined) return;
  const report = OrcaLoadReport.encode({ named_metrics: new Map(Object.entries(metricsOf(load()))) });
  trailer(`${REPORT}-bin`, Buffer.from(report).toString('base64'));
}

function metricsOf({ queuedSeconds, running, waiting }: Present): Readonly<Record<string, number>> {
  return { queue_seconds: Number(queuedSeconds.toFixed(6)), running, waiting };
}
