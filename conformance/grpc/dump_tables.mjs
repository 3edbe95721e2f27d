// Prints the tables of packages/server as JSON: {messages: {name: {field: [number, label, kind, oneof]}}, enums: {name: {value: number}},
// services: {name: {method: [request, response, requestStream, responseStream]}}}.
import { Health } from '../../packages/server/dist/codec/proto/health.js';
import { GRPCInferenceService } from '../../packages/server/dist/codec/proto/inference.js';
import { Reflection } from '../../packages/server/dist/codec/proto/reflection.js';
import {
  ModelService,
  PredictionService,
  SignatureDefMap,
} from '../../packages/server/dist/codec/proto/tensorflow-serving.js';

const messages = {};
const enums = {};
const services = {};

function add(message) {
  if (message.name in messages) return;
  messages[message.name] = {};
  for (const [key, field] of Object.entries(message.fields)) {
    const [oneof] = Object.entries(message.oneofs).find(([, members]) => members.includes(key)) ?? [''];
    const { enumeration } = field;
    messages[message.name][key] = [field.number, field.label, enumeration?.name ?? field.kindName(), oneof];
    if (enumeration !== undefined) enums[enumeration.name] = enumeration.values;
    const inner = field.message();
    if (inner !== undefined) add(inner);
  }
}

for (const { name, methods } of [PredictionService, ModelService, GRPCInferenceService, Health, Reflection]) {
  services[name] = {};
  for (const [method, { request, response, requestStream, responseStream }] of Object.entries(methods)) {
    add(request);
    add(response);
    services[name][method] = [request.name, response.name, requestStream, responseStream];
  }
}
add(SignatureDefMap);
process.stdout.write(JSON.stringify({ messages, enums, services }));
