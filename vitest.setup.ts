/** Random cases are the same in every run, so that no check fails by chance; FLOE_SEED tries others. */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env['FLOE_SEED'] ?? 1) });
