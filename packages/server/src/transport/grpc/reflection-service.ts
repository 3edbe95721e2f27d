/** gRPC's server reflection: clients without our protos, such as grpcurl, learn what there is to call. */
import { FloeError } from '@floe/graph/base';
import { type FileSet, fileSet } from '../../codec/proto/file-descriptors.ts';
import { parse } from '../../codec/proto/parse.ts';
import { type Reflection, ReflectionRequest, ReflectionResponse } from '../../codec/proto/reflection.ts';
import type { Service } from '../../codec/proto/schema.ts';
import { TENSORFLOW_SERVING_NAMESPACES } from '../../codec/proto/tensorflow-serving.ts';
import { GRPC_STATUS } from '../../core/grpc-status.ts';
import type { Handlers } from './deps.ts';

export function reflectionService(services: readonly Service[]): Handlers<typeof Reflection> {
  let files: FileSet | undefined;
  return {
    ServerReflectionInfo: {
      scope: 'infer',
      stream: async (messages, call) => {
        // Made when somebody asks: no start waits for it.
        files ??= fileSet(services, TENSORFLOW_SERVING_NAMESPACES);
        for await (const { bytes, done } of messages) {
          await call.write(ReflectionResponse.encode(answerTo(parse(ReflectionRequest, bytes), services, files)));
          done();
        }
      },
    },
  };
}

const NO_ANSWER: Omit<ReflectionResponse, 'valid_host' | 'original_request'> = {
  file_descriptor_response: undefined,
  all_extension_numbers_response: undefined,
  list_services_response: undefined,
  error_response: undefined,
};

function answerTo(request: ReflectionRequest, services: readonly Service[], files: FileSet): ReflectionResponse {
  const about = { ...NO_ANSWER, valid_host: request.host, original_request: request };
  if (request.list_services !== undefined) {
    const service = services.map(({ name }) => ({ name }));
    return { ...about, list_services_response: { service } };
  }
  const type = request.all_extension_numbers_of_type;
  if (type !== undefined && files.fileOf.has(type)) {
    return { ...about, all_extension_numbers_response: { base_type_name: type, extension_number: [] } };
  }
  const { file_by_filename: name, file_containing_symbol: symbol } = request;
  const file = name ?? (symbol === undefined ? undefined : files.fileOf.get(symbol));
  if (file !== undefined && files.files.has(file)) {
    return { ...about, file_descriptor_response: { file_descriptor_proto: withDependencies(file, files) } };
  }
  const { code, message } = new FloeError('NOT_FOUND', `not found: ${name ?? symbol ?? type ?? ''}`);
  return { ...about, error_response: { error_code: GRPC_STATUS[code], error_message: message } };
}

/** The file and all that it needs, so that nobody has to ask again. */
function withDependencies(file: string, { files }: FileSet): readonly Uint8Array[] {
  const names = new Set([file]);
  for (const name of names) for (const dependency of files.get(name)?.dependencies ?? []) names.add(dependency);
  return [...names].map((name) => files.get(name)?.bytes ?? new Uint8Array(0));
}
