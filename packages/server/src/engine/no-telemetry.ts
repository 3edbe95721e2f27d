/**
 * From 1.29 on, ONNX Runtime reports to its makers by default: it resolves names, uploads events, keeps an identifier in the home
 * folder, holds 4 KB for every failed run, and can hang the end of the process while its thread is inside the name resolver. A server
 * that others run for their own data does none of that. The library reads this once, when it is loaded: call it before.
 */
export function forbidTelemetry(): void {
  process.env['ORT_DISABLE_TELEMETRY'] = '1';
}
