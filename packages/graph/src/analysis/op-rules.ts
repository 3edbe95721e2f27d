/** Holds a node against what TensorFlow's registry asks of its op: how many inputs, of which dtypes, and which attributes. */
import { DTYPES, type DType, dtypeFromTf } from '../dtype.ts';
import { invalid } from '../errors.ts';
import { allowsType, attributeFault, inputArgs } from '../inline/op-rules.ts';
import { type Arg, typesOfArg } from '../inline/op-types.ts';
import { type OpContext, UNTOLD } from './op-context.ts';

/** What one input has to be. */
interface Wanted {
  /** 0 where no attribute says it. */
  readonly type: number;
  /** The attribute, if one says it. */
  readonly attr: string;
}

/** Throws INVALID_ARGUMENT naming the node. An op that the tables do not have is not looked at. */
export function checkRules(op: OpContext): void {
  const args = inputArgs(op.node.op);
  if (args === undefined) return;
  const { name: node, op: kind } = op.node;
  const fault = attributeFault(op.node);
  if (fault !== undefined)
    throw invalid(`node ${node} (${kind}) ${fault.reason}`, { node, op: kind, field: fault.field });
  const wanted = args.flatMap((arg) => wantedBy(arg, args.length, op));
  if (wanted.length !== op.inputs.length) throw op.fail(`takes ${counted(wanted.length)} and has ${op.inputs.length}`);
  checkDtypes(op, wanted);
}

function counted(inputs: number): string {
  return inputs === 1 ? '1 input' : `${inputs} inputs`;
}

/** Without the attribute that counts them, a list has all inputs that are left. */
function wantedBy(arg: Arg, args: number, { node, inputs }: OpContext): readonly Wanted[] {
  const isCounted = arg.count !== '' || arg.list !== '';
  const rest = inputs.length - args + 1;
  if (isCounted && rest >= 0 && !node.attr.has(arg.count || arg.list))
    return new Array<Wanted>(rest).fill({ type: arg.fixed, attr: '' });
  return typesOfArg(arg, node.attr).map((type) => ({ type, attr: arg.attr }));
}

/** Where an attribute is missing, the first input that it speaks of says what the others have to be. */
function checkDtypes(op: OpContext, wanted: readonly Wanted[]): void {
  const bound = new Map<string, DType>();
  for (const [i, { type, attr }] of wanted.entries()) {
    const got = op.input(i).dtype;
    if (got === UNTOLD) continue;
    const dtype = type === 0 ? boundBy(attr, bound) : (dtypeFromTf(type) ?? `dtype number ${type}`);
    if (dtype === undefined) bind(op, i, attr, bound);
    else if (dtype !== UNTOLD && dtype !== got)
      throw op.fail(`needs input ${i} to be ${dtype}${attr === '' ? '' : ` (attribute ${attr})`}, not ${got}`);
  }
}

function bind(op: OpContext, i: number, attr: string, bound: Map<string, DType>): void {
  const { dtype } = op.input(i);
  if (!allowsType(op.node.op, attr, DTYPES[dtype].tf)) throw op.fail(`takes no ${dtype} as input ${i}`);
  bound.set(attr, dtype);
}

/** What another input has said of an attribute; nothing speaks for an element of a list. */
function boundBy(attr: string, bound: ReadonlyMap<string, DType>): DType | undefined {
  return attr === '' ? UNTOLD : bound.get(attr);
}
