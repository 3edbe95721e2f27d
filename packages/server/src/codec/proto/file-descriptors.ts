/**
 * Our tables as the file descriptors that server reflection gives: one file for each package, such as `tensorflow.serving.proto`. Fields that
 * no table has are unknown to whoever asks; the numbers of the others are the official ones.
 */
import type { Message } from '@floe/graph/proto';
import {
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  FileDescriptorProto,
} from './descriptor.ts';
import type { AnyMessage, Enumeration, EnumField, Service } from './schema.ts';

/** `FieldDescriptorProto.Type`. `size` is an int64 that counts something. */
const TYPES: Readonly<Record<string, number>> = {
  double: 1,
  float: 2,
  int64: 3,
  size: 3,
  uint64: 4,
  int32: 5,
  fixed64: 6,
  fixed32: 7,
  bool: 8,
  string: 9,
  bytes: 12,
  uint32: 13,
};
const MESSAGE = 11;
const ENUM = 14;
/** `FieldDescriptorProto.Label`. */
const OPTIONAL = 1;
const REPEATED = 3;

type Row = AnyMessage['fields'][string];

/** The encoded file of each package, by its name; and which file a symbol is in. */
export interface FileSet {
  readonly files: ReadonlyMap<string, { readonly bytes: Uint8Array; readonly dependencies: readonly string[] }>;
  readonly fileOf: ReadonlyMap<string, string>;
}

/** `namespaces`: messages that no field names, but that others nest in. */
export function fileSet(services: readonly Service[], namespaces: readonly AnyMessage[]): FileSet {
  const { messages, enumerations } = reachable(services, namespaces);
  const packages = new Set(services.map(({ name }) => parentOf(name)));
  for (const name of [...messages.keys(), ...enumerations.keys()]) packages.add(packageOf(name));
  const fileOf = new Map<string, string>();
  for (const name of [...messages.keys(), ...enumerations.keys()]) fileOf.set(name, `${packageOf(name)}.proto`);
  for (const { name, methods } of services) {
    fileOf.set(name, `${parentOf(name)}.proto`);
    for (const method in methods) fileOf.set(`${name}.${method}`, `${parentOf(name)}.proto`);
  }
  const files = [...packages].map((name) => fileEntry(name, services, messages, enumerations));
  return { files: new Map(files), fileOf };
}

function fileEntry(
  name: string,
  services: readonly Service[],
  messages: ReadonlyMap<string, AnyMessage>,
  enumerations: ReadonlyMap<string, Enumeration>,
): [string, { bytes: Uint8Array; dependencies: readonly string[] }] {
  const own = [...messages.values()].filter((message) => packageOf(message.name) === name);
  const used = own.flatMap(({ fields }) => Object.values(fields as Record<string, Row>).flatMap(typesOf));
  const others = new Set(used.map(packageOf).filter((other) => other !== name));
  const dependencies = [...others].sort().map((other) => `${other}.proto`);
  const bytes = FileDescriptorProto.encode({
    name: `${name}.proto`,
    package: name,
    dependency: dependencies,
    message_type: nestedIn(name, messages, enumerations),
    enum_type: enumsIn(name, enumerations),
    service: services.filter((service) => parentOf(service.name) === name).map(serviceProto),
    syntax: 'proto3',
  });
  return [`${name}.proto`, { bytes, dependencies }];
}

function reachable(services: readonly Service[], namespaces: readonly AnyMessage[]) {
  const messages = new Map<string, AnyMessage>();
  const enumerations = new Map<string, Enumeration>();
  const called = services.flatMap(({ methods }) =>
    Object.values(methods).flatMap(({ request, response }) => [request, response]),
  );
  for (const queue = [...called, ...namespaces]; queue.length > 0; ) {
    const message = queue.pop() as AnyMessage;
    if (messages.has(message.name)) continue;
    messages.set(message.name, message);
    for (const field of Object.values(message.fields as Record<string, Row>)) {
      const inner = field.message();
      if (inner !== undefined) queue.push(inner as Message<object>);
      const enumeration = enumerationOf(field);
      if (enumeration !== undefined) enumerations.set(enumeration.name, enumeration);
    }
  }
  return { messages, enumerations };
}

function enumerationOf(field: Row): Enumeration | undefined {
  return (field as Partial<EnumField>).enumeration;
}

function typesOf(field: Row): readonly string[] {
  const name = field.message()?.name ?? enumerationOf(field)?.name;
  return name === undefined ? [] : [name];
}

function nestedIn(
  scope: string,
  messages: ReadonlyMap<string, AnyMessage>,
  enumerations: ReadonlyMap<string, Enumeration>,
): DescriptorProto[] {
  const nested = [...messages.values()].filter(({ name }) => parentOf(name) === scope);
  return nested.map((message) => ({
    name: lastOf(message.name),
    field: Object.entries(message.fields as Record<string, Row>).map(([key, field]) => fieldProto(message, key, field)),
    nested_type: [...nestedIn(message.name, messages, enumerations), ...mapEntries(message)],
    enum_type: enumsIn(message.name, enumerations),
    options: undefined,
    oneof_decl: Object.keys(message.oneofs).map((name) => ({ name })),
  }));
}

function enumsIn(scope: string, enumerations: ReadonlyMap<string, Enumeration>): EnumDescriptorProto[] {
  const nested = [...enumerations.values()].filter(({ name }) => parentOf(name) === scope);
  return nested.map(({ name, values }) => ({
    name: lastOf(name),
    value: Object.entries(values).map(([key, number]) => ({ name: key, number })),
  }));
}

function fieldProto(message: AnyMessage, key: string, field: Row): FieldDescriptorProto {
  const label = field.label === 'many' || field.label === 'map' ? REPEATED : OPTIONAL;
  const group = Object.values(message.oneofs).findIndex((members) => members.includes(key));
  const type =
    field.label === 'map' ? { type: MESSAGE, type_name: `.${message.name}.${entryName(key)}` } : typeProto(field);
  return { name: key, number: field.number, label, ...type, oneof_index: group < 0 ? undefined : group };
}

function typeProto(field: Row): Pick<FieldDescriptorProto, 'type' | 'type_name'> {
  const message = field.message();
  if (message !== undefined) return { type: MESSAGE, type_name: `.${message.name}` };
  const enumeration = enumerationOf(field);
  if (enumeration !== undefined) return { type: ENUM, type_name: `.${enumeration.name}` };
  return { type: TYPES[field.kindName()] ?? 0, type_name: '' };
}

/** A map is a list of nested messages of key and value. */
function mapEntries(message: AnyMessage): DescriptorProto[] {
  const maps = Object.entries(message.fields as Record<string, Row>).filter(([, { label }]) => label === 'map');
  return maps.map(([key, field]) => ({
    name: entryName(key),
    field: [
      { name: 'key', number: 1, label: OPTIONAL, type: TYPES['string'] ?? 0, type_name: '', oneof_index: undefined },
      { name: 'value', number: 2, label: OPTIONAL, ...typeProto(field), oneof_index: undefined },
    ],
    nested_type: [],
    enum_type: [],
    options: { map_entry: true },
    oneof_decl: [],
  }));
}

/** `signature_def` -> `SignatureDefEntry`, as the compiler of protocol buffers calls it. */
function entryName(key: string): string {
  return `${key.replace(/(^|_)([a-z])/g, (_, _underscore, letter: string) => letter.toUpperCase())}Entry`;
}

function serviceProto({ name, methods }: Service) {
  return {
    name: lastOf(name),
    method: Object.entries(methods).map(([method, { request, response, requestStream, responseStream }]) => ({
      name: method,
      input_type: `.${request.name}`,
      output_type: `.${response.name}`,
      client_streaming: requestStream,
      server_streaming: responseStream,
    })),
  };
}

/** Packages are in lower case, messages are not. */
function packageOf(name: string): string {
  const parts = name.split('.');
  return parts
    .slice(
      0,
      parts.findIndex((part) => /^[A-Z]/.test(part)),
    )
    .join('.');
}

function parentOf(name: string): string {
  return name.slice(0, name.lastIndexOf('.'));
}

function lastOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}
