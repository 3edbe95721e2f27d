/** What protocol buffers say of themselves (`google/protobuf/descriptor.proto`), as far as server reflection tells it. */
import { type Message, many, message, one, optional } from '@floe/graph/proto';
import type { ValueOf } from './schema.ts';

const FieldDescriptorProto = message('google.protobuf.FieldDescriptorProto', {
  name: one(1, 'string'),
  number: one(3, 'int32'),
  label: one(4, 'int32'),
  type: one(5, 'int32'),
  type_name: one(6, 'string'),
  oneof_index: optional(9, 'int32'),
});
export type FieldDescriptorProto = ValueOf<typeof FieldDescriptorProto>;

const EnumValueDescriptorProto = message('google.protobuf.EnumValueDescriptorProto', {
  name: one(1, 'string'),
  number: optional(2, 'int32'),
});
const EnumDescriptorProto = message('google.protobuf.EnumDescriptorProto', {
  name: one(1, 'string'),
  value: many(2, EnumValueDescriptorProto),
});
export type EnumDescriptorProto = ValueOf<typeof EnumDescriptorProto>;

const OneofDescriptorProto = message('google.protobuf.OneofDescriptorProto', { name: one(1, 'string') });
const MessageOptions = message('google.protobuf.MessageOptions', { map_entry: one(7, 'bool') });

export interface DescriptorProto {
  readonly name: string;
  readonly field: readonly FieldDescriptorProto[];
  readonly nested_type: readonly DescriptorProto[];
  readonly enum_type: readonly EnumDescriptorProto[];
  readonly options: ValueOf<typeof MessageOptions> | undefined;
  readonly oneof_decl: readonly { readonly name: string }[];
}
const DescriptorProto: Message<DescriptorProto> = message<DescriptorProto>('google.protobuf.DescriptorProto', {
  name: one(1, 'string'),
  field: many(2, FieldDescriptorProto),
  nested_type: many(3, () => DescriptorProto),
  enum_type: many(4, EnumDescriptorProto),
  options: optional(7, MessageOptions),
  oneof_decl: many(8, OneofDescriptorProto),
});

const MethodDescriptorProto = message('google.protobuf.MethodDescriptorProto', {
  name: one(1, 'string'),
  input_type: one(2, 'string'),
  output_type: one(3, 'string'),
  client_streaming: one(5, 'bool'),
  server_streaming: one(6, 'bool'),
});
const ServiceDescriptorProto = message('google.protobuf.ServiceDescriptorProto', {
  name: one(1, 'string'),
  method: many(2, MethodDescriptorProto),
});

export const FileDescriptorProto = message('google.protobuf.FileDescriptorProto', {
  name: one(1, 'string'),
  package: one(2, 'string'),
  dependency: many(3, 'string'),
  message_type: many(4, DescriptorProto),
  enum_type: many(5, EnumDescriptorProto),
  service: many(6, ServiceDescriptorProto),
  syntax: one(12, 'string'),
});
export type FileDescriptorProto = ValueOf<typeof FileDescriptorProto>;
