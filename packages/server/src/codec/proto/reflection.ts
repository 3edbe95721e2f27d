/** gRPC's server reflection (`grpc/reflection/v1/reflection.proto`); v1alpha differs in nothing but the package. */
import { many, message, one, optional } from '@floe/graph/proto';
import { type Service, streaming, type ValueOf } from './schema.ts';

const V1 = messages('grpc.reflection.v1');
const V1_ALPHA = messages('grpc.reflection.v1alpha');

export const ReflectionRequest = V1.request;
export const ReflectionResponse = V1.response;
export type ReflectionRequest = ValueOf<typeof ReflectionRequest>;
export type ReflectionResponse = ValueOf<typeof ReflectionResponse>;

export const Reflection = service('grpc.reflection.v1', V1);
export const ReflectionAlpha = service('grpc.reflection.v1alpha', V1_ALPHA);

function service(prefix: string, { request, response }: ReturnType<typeof messages>) {
  const methods = { ServerReflectionInfo: streaming(request, response) };
  return { name: `${prefix}.ServerReflection`, methods } satisfies Service;
}

function messages(prefix: string) {
  const ExtensionRequest = message(`${prefix}.ExtensionRequest`, {
    containing_type: one(1, 'string'),
    extension_number: one(2, 'int32'),
  });
  const request = message(
    `${prefix}.ServerReflectionRequest`,
    {
      host: one(1, 'string'),
      file_by_filename: optional(3, 'string'),
      file_containing_symbol: optional(4, 'string'),
      file_containing_extension: optional(5, ExtensionRequest),
      all_extension_numbers_of_type: optional(6, 'string'),
      list_services: optional(7, 'string'),
    },
    {
      message_request: [
        'file_by_filename',
        'file_containing_symbol',
        'file_containing_extension',
        'all_extension_numbers_of_type',
        'list_services',
      ],
    },
  );
  const FileDescriptorResponse = message(`${prefix}.FileDescriptorResponse`, {
    file_descriptor_proto: many(1, 'bytes'),
  });
  const ExtensionNumberResponse = message(`${prefix}.ExtensionNumberResponse`, {
    base_type_name: one(1, 'string'),
    extension_number: many(2, 'int32'),
  });
  const ServiceResponse = message(`${prefix}.ServiceResponse`, { name: one(1, 'string') });
  const ListServiceResponse = message(`${prefix}.ListServiceResponse`, { service: many(1, ServiceResponse) });
  const ErrorResponse = message(`${prefix}.ErrorResponse`, {
    error_code: one(1, 'int32'),
    error_message: one(2, 'string'),
  });
  const response = message(
    `${prefix}.ServerReflectionResponse`,
    {
      valid_host: one(1, 'string'),
      original_request: optional(2, request),
      file_descriptor_response: optional(4, FileDescriptorResponse),
      all_extension_numbers_response: optional(5, ExtensionNumberResponse),
      list_services_response: optional(6, ListServiceResponse),
      error_response: optional(7, ErrorResponse),
    },
    {
      message_response: [
        'file_descriptor_response',
        'all_extension_numbers_response',
        'list_services_response',
        'error_response',
      ],
    },
  );
  return { request, response };
}
