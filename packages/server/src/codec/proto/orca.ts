/** What we say of `xds/data/orca/v3/orca_load_report.proto`; `conformance/grpc` lets the official descriptors read it. */
import { map, message } from '@floe/graph/proto';

export const OrcaLoadReport = message('xds.data.orca.v3.OrcaLoadReport', { named_metrics: map(8, 'double') });
