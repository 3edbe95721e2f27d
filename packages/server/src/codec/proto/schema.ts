/** What the tables of messages do not say by themselves: enumerations, services and their methods. */
import { type Field, type Message, many, one, optional } from '@floe/graph/proto';

export interface Enumeration {
  /** With its package, such as `tensorflow.DataType`. */
  readonly name: string;
  readonly values: Readonly<Record<string, number>>;
}

/** A field that holds a number of `of`; others are kept, as proto3 wants it. */
export interface EnumField extends Field<number> {
  readonly enumeration: Enumeration;
}

export function enumerated(number: number, of: Enumeration): EnumField {
  return { ...one(number, 'int32'), enumeration: of };
}

// biome-ignore lint/suspicious/noExplicitAny: of any message
export type AnyMessage = Message<any>;

export interface Method {
  readonly request: AnyMessage;
  readonly response: AnyMessage;
  /** Whether several messages come, and go. */
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

export interface Service<Names extends string = string> {
  /** With its package, such as `tensorflow.serving.PredictionService`. */
  readonly name: string;
  readonly methods: Readonly<Record<Names, Method>>;
}

/** The value of a message. */
export type ValueOf<M> = M extends Message<infer T> ? T : never;

export function unary(request: AnyMessage, response: AnyMessage): Method {
  return { request, response, requestStream: false, responseStream: false };
}

export function streaming(request: AnyMessage, response: AnyMessage): Method {
  return { request, response, requestStream: true, responseStream: true };
}

/** A list of messages that are handed on as they came. */
export function serialisedMany(number: number, of: AnyMessage): Field<readonly Uint8Array[]> {
  return { ...many(number, 'bytes'), kindName: () => of.name, message: () => of };
}

export function serialised(number: number, of: AnyMessage): Field<Uint8Array | undefined> {
  return { ...optional(number, 'bytes'), kindName: () => of.name, message: () => of };
}
