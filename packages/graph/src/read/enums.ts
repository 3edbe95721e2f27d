/**
 * Names of the enum `DataType`, the only one among the fields that Floe reads: text and JSON write enums by name.
 * Source: `tensorflow/core/framework/types.proto`; `name_REF` is the number of `name` plus 100.
 */
const DATA_TYPES: Readonly<Record<string, number>> = {
  DT_INVALID: 0,
  DT_FLOAT: 1,
  DT_DOUBLE: 2,
  DT_INT32: 3,
  DT_UINT8: 4,
  DT_INT16: 5,
  DT_INT8: 6,
  DT_STRING: 7,
  DT_COMPLEX64: 8,
  DT_INT64: 9,
  DT_BOOL: 10,
  DT_QINT8: 11,
  DT_QUINT8: 12,
  DT_QINT32: 13,
  DT_BFLOAT16: 14,
  DT_QINT16: 15,
  DT_QUINT16: 16,
  DT_UINT16: 17,
  DT_COMPLEX128: 18,
  DT_HALF: 19,
  DT_RESOURCE: 20,
  DT_VARIANT: 21,
  DT_UINT32: 22,
  DT_UINT64: 23,
  DT_FLOAT8_E5M2: 24,
  DT_FLOAT8_E4M3FN: 25,
  DT_FLOAT8_E4M3FNUZ: 26,
  DT_FLOAT8_E4M3B11FNUZ: 27,
  DT_FLOAT8_E5M2FNUZ: 28,
  DT_INT4: 29,
  DT_UINT4: 30,
  DT_INT2: 31,
  DT_UINT2: 32,
  DT_FLOAT4_E2M1FN: 33,
};
const REF = '_REF';
const REF_OFFSET = 100;

/** The number of an enum's value; undefined for a name that is none. */
export function enumNumber(name: string): number | undefined {
  const isRef = name.endsWith(REF);
  const plain = isRef ? name.slice(0, -REF.length) : name;
  if (!Object.hasOwn(DATA_TYPES, plain)) return undefined;
  return (DATA_TYPES[plain] as number) + (isRef ? REF_OFFSET : 0);
}
