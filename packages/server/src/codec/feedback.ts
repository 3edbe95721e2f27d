/**
 * What a caller says would have been right: of a request by its id, or of an input that comes along as in TensorFlow Serving's predict
 * (`{"requestId": "...", "label": "seven"}`, `{"instances": [...], "labels": [7, 1]}`).
 */
import { invalid } from '@floe/graph/base';
import { JsonScanner } from './json/scanner.ts';

export interface FeedbackBody {
  readonly requestId?: string;
  /** One for each row: an index, or a name. */
  readonly labels: readonly (number | string)[];
  readonly subject?: string;
  readonly hasInputs: boolean;
}

const LONGEST_NAME = 256;
const MOST_LABELS = 1 << 16;

/** Throws INVALID_ARGUMENT naming the member that is wrong or missing. */
export function readFeedback(body: Uint8Array): FeedbackBody {
  const scanner = new JsonScanner(body);
  let requestId: string | undefined;
  let subject: string | undefined;
  let labels: (number | string)[] | undefined;
  let hasInputs = false;
  scanner.object((member) => {
    if (member === 'requestId') requestId = nameAt(scanner, member);
    else if (member === 'subject') subject = nameAt(scanner, member);
    else if (member === 'label') labels = [labelAt(scanner, member)];
    else if (member === 'labels') labels = labelsAt(scanner);
    else {
      hasInputs ||= member === 'instances' || member === 'inputs';
      scanner.skip();
    }
  });
  if (scanner.peek() !== undefined) throw invalid(`unexpected bytes after the JSON at offset: ${scanner.pos}`);
  if (labels === undefined) throw invalid('label (or labels, one for each row) is missing', { field: 'label' });
  if ((requestId !== undefined) === hasInputs) {
    throw invalid('either requestId or instances is needed, and not both', { field: 'requestId' });
  }
  return {
    labels,
    hasInputs,
    ...(requestId === undefined ? {} : { requestId }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function nameAt(scanner: JsonScanner, field: string): string {
  const name = scanner.kind() === 'string' ? scanner.string() : '';
  if (name !== '' && name.length <= LONGEST_NAME) return name;
  throw invalid(`${field} has to be a name of at most ${LONGEST_NAME} characters`, { field });
}

function labelsAt(scanner: JsonScanner): (number | string)[] {
  if (scanner.kind() !== 'array') throw invalid('labels has to be a list', { field: 'labels' });
  const labels: (number | string)[] = [];
  scanner.array((row) => {
    if (row === MOST_LABELS) throw invalid(`more than ${MOST_LABELS} labels`, { field: 'labels' });
    labels.push(labelAt(scanner, `labels.${row}`));
  });
  return labels;
}

function labelAt(scanner: JsonScanner, field: string): number | string {
  const kind = scanner.kind();
  if (kind === 'string') return scanner.string();
  if (kind === 'number') return scanner.number(false);
  throw invalid(`${field} has to be the index of a class or its name`, { field });
}
