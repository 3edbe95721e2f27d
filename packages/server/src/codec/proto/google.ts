/** The well-known messages that others use. */
import { message, one } from '@floe/graph/proto';

export const Any = message('google.protobuf.Any', { type_url: one(1, 'string'), value: one(2, 'bytes') });

export const Int64Value = message('google.protobuf.Int64Value', { value: one(1, 'int64') });
