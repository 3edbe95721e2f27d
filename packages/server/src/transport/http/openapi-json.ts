/** JSON as the OpenAPI description is made of. */

export type Json = string | number | boolean | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export const JSON_BODY = 'application/json';

export function ref(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` };
}

export function schema(name: string): JsonObject {
  return { schema: ref(name) };
}

/** A body of one type. */
export function content(name: string, type = JSON_BODY): JsonObject {
  return { [type]: schema(name) };
}

export function list(items: JsonObject): JsonObject {
  return { type: 'array', items };
}

/** An object that has all of these. */
export function record(properties: JsonObject): JsonObject {
  return { type: 'object', required: Object.keys(properties), properties };
}
