import { describe, expect, it } from 'vitest';
import { FileDescriptorProto } from '../../src/codec/proto/descriptor.ts';
import { fileSet } from '../../src/codec/proto/file-descriptors.ts';
import { Health } from '../../src/codec/proto/health.ts';
import { PredictionService, TENSORFLOW_SERVING_NAMESPACES } from '../../src/codec/proto/tensorflow-serving.ts';

const { files, fileOf } = fileSet([PredictionService, Health], TENSORFLOW_SERVING_NAMESPACES);
const file = (name: string) => FileDescriptorProto.decode(files.get(name)?.bytes ?? new Uint8Array(0), name);

describe('file descriptors', () => {
  it('are one for each package, with what they need', () => {
    expect([...files.keys()].sort()).toEqual([
      'google.protobuf.proto',
      'grpc.health.v1.proto',
      'tensorflow.proto',
      'tensorflow.serving.proto',
    ]);
    expect(file('tensorflow.serving.proto').dependency).toEqual(['google.protobuf.proto', 'tensorflow.proto']);
  });

  it('are found by service, method and message', () => {
    expect(fileOf.get('tensorflow.serving.PredictionService')).toBe('tensorflow.serving.proto');
    expect(fileOf.get('grpc.health.v1.Health.Check')).toBe('grpc.health.v1.proto');
    expect(fileOf.get('tensorflow.TensorShapeProto.Dim')).toBe('tensorflow.proto');
  });

  it('tell of maps, oneofs, enumerations and nested messages', () => {
    const messages = file('tensorflow.serving.proto').message_type;
    const request = messages.find(({ name }) => name === 'PredictRequest');
    expect(request?.field.find(({ name }) => name === 'inputs')).toMatchObject({
      label: 3,
      type_name: '.tensorflow.serving.PredictRequest.InputsEntry',
    });
    expect(request?.nested_type).toMatchObject([{ name: 'InputsEntry', options: { map_entry: true } }]);
    const spec = messages.find(({ name }) => name === 'ModelSpec');
    expect(spec?.oneof_decl).toEqual([{ name: 'version_choice' }]);
    expect(spec?.field.map(({ name, oneof_index }) => [name, oneof_index])).toContainEqual(['version_label', 0]);
    const tensorflow = file('tensorflow.proto');
    expect(tensorflow.enum_type.map(({ name }) => name)).toEqual(['DataType']);
    const shape = tensorflow.message_type.find(({ name }) => name === 'TensorShapeProto');
    expect(shape?.nested_type.map(({ name }) => name)).toEqual(['Dim']);
  });

  it('tell of services', () => {
    expect(file('grpc.health.v1.proto').service).toEqual([
      {
        name: 'Health',
        method: [
          {
            name: 'Check',
            input_type: '.grpc.health.v1.HealthCheckRequest',
            output_type: '.grpc.health.v1.HealthCheckResponse',
            client_streaming: false,
            server_streaming: false,
          },
          {
            name: 'Watch',
            input_type: '.grpc.health.v1.HealthCheckRequest',
            output_type: '.grpc.health.v1.HealthCheckResponse',
            client_streaming: false,
            server_streaming: true,
          },
        ],
      },
    ]);
  });
});
