/** What TensorFlow's registry asks of the inputs and attributes of a node, from the tables of `proto/op-rules.ts`. */
import { dtypeFromTf } from '../dtype.ts';
import type { Node } from '../graph.ts';
import { OP_ATTRIBUTES, OP_INPUTS } from '../proto/op-rules.ts';
import type { AttrValue, ListValue } from '../proto/tensorflow.ts';
import { type Arg, parseArg, rowsOf } from './op-types.ts';

type Kind = 'type' | 'int' | 'float' | 'bool' | 'string' | 'shape' | 'func';

const SINGLE = { type: 'type', int: 'i', float: 'f', bool: 'b', string: 's', shape: 'shape', func: 'func' } as const;

interface AttributeRule {
  readonly name: string;
  readonly kind: Kind;
  readonly isList: boolean;
  /** Type numbers or texts; empty where all are allowed. */
  readonly allowed: ReadonlySet<string>;
  /** Smallest integer, or shortest list. */
  readonly least: number;
}

let inputs: ReadonlyMap<string, readonly Arg[]> | undefined;
let attributes: ReadonlyMap<string, readonly AttributeRule[]> | undefined;

/** The input arguments of an op; undefined for one that the tables do not have. */
export function inputArgs(op: string): readonly Arg[] | undefined {
  inputs ??= new Map(rowsOf(OP_INPUTS).map(([key, op]) => [op, key === '' ? [] : key.split(' ').map(parseArg)]));
  return inputs.get(op);
}

/** What is wrong with the attributes of a node, to follow its name; undefined where nothing is. Missing ones have defaults. */
export function attributeFault(node: Node): { field: string; reason: string } | undefined {
  attributes ??= attributeRules();
  for (const rule of attributes.get(node.op) ?? []) {
    const value = node.attr.get(rule.name);
    const reason = value === undefined || isUnset(value) ? undefined : fault(rule, value);
    if (reason !== undefined) return { field: rule.name, reason: `has attribute ${rule.name} ${reason}` };
  }
  return undefined;
}

/** Whether TensorFlow lets attribute `name` of an op be this type. */
export function allowsType(op: string, name: string, type: number): boolean {
  attributes ??= attributeRules();
  const rule = attributes.get(op)?.find((each) => each.name === name);
  return rule === undefined || rule.allowed.size === 0 || rule.allowed.has(String(type));
}

function attributeRules(): ReadonlyMap<string, readonly AttributeRule[]> {
  const rules = new Map<string, AttributeRule[]>();
  for (const [key, op] of rowsOf(OP_ATTRIBUTES)) {
    const list = rules.get(op);
    if (list === undefined) rules.set(op, [parseRule(key)]);
    else list.push(parseRule(key));
  }
  return rules;
}

/** `name:[kind]{value,value}>=least`, of which all but name and kind may be missing. */
function parseRule(text: string): AttributeRule {
  const parts = /^(?<name>\w+):(?<list>\[?)(?<kind>\w+)\]?(?:\{(?<allowed>.*)\})?(?:>=(?<least>\d+))?$/.exec(
    text,
  )?.groups;
  const { name = '', list, kind, allowed, least } = parts ?? {};
  return {
    name,
    kind: kind as Kind,
    isList: list === '[',
    allowed: new Set(allowed?.split(',')),
    least: least === undefined ? Number.NEGATIVE_INFINITY : Number(least),
  };
}

function isUnset(value: AttrValue): boolean {
  return Object.values(value).every((part) => part === undefined);
}

function fault(rule: AttributeRule, value: AttrValue): string | undefined {
  if (rule.isList) return listFault(rule, value.list);
  const single = value[SINGLE[rule.kind]];
  if (single === undefined) return `that is no ${rule.kind}`;
  if (typeof single === 'bigint') return integerFault(single, rule.least);
  const text = single instanceof Uint8Array ? new TextDecoder().decode(single) : String(single);
  if (rule.allowed.size === 0 || rule.allowed.has(text)) return undefined;
  return rule.kind === 'type'
    ? typeFault(Number(text))
    : `${JSON.stringify(text)}, not ${[...rule.allowed].join(', ')}`;
}

/** TensorFlow reads the integers of these ops into 32 bits. */
const LARGEST = 2n ** 31n - 1n;

function integerFault(value: bigint, least: number): string | undefined {
  if (value < least) return `${value}, which is below ${least}`;
  return value > LARGEST || value < -LARGEST - 1n ? `${value}, which does not fit into 32 bits` : undefined;
}

/** A stand-in that raising made may leave its type to its inputs; a reference is of the type that it refers to. */
function typeFault(type: number): string | undefined {
  return type === 0
    ? undefined
    : `${dtypeFromTf(type) ?? `with dtype number ${type}`}, which TensorFlow does not allow`;
}

function listFault({ kind, least }: AttributeRule, list: ListValue | undefined): string | undefined {
  if (list === undefined) return `that is no list of ${kind}s`;
  const own = SINGLE[kind];
  const other = (Object.keys(list) as (keyof ListValue)[]).find((part) => part !== own && list[part].length > 0);
  if (other !== undefined) return `that is no list of ${kind}s`;
  const wide = list.i.find((value) => integerFault(value, Number.NEGATIVE_INFINITY) !== undefined);
  if (wide !== undefined) return integerFault(wide, Number.NEGATIVE_INFINITY);
  return list[own].length < least ? `with ${list[own].length} values, fewer than ${least}` : undefined;
}
