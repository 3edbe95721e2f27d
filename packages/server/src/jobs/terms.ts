/** What a job may be called and ask for, checked where it comes in. */
import { invalid } from '@floe/graph/base';
import { clean } from './encode.ts';
import type { JobTerms } from './job.ts';

const KIND = /^[a-z][a-z0-9-]{0,39}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const LONGEST_TEXT = 200;
const MOST_ATTEMPTS = 100;

export function checkKind(kind: string): void {
  if (!KIND.test(kind))
    throw invalid(`a kind of job is a word of small letters, not ${JSON.stringify(kind)}`, { field: 'kind' });
}

export function isJobId(id: string): boolean {
  return UUID.test(id);
}

/** Throws INVALID_ARGUMENT naming the first that makes no sense. */
export function checkTerms({ cost, caller, priority = 1, singletonKey, id, attempts = 1 }: JobTerms): void {
  checkNumber('cost', cost, cost >= 0);
  checkNumber('priority', priority, priority > 0);
  checkNumber('attempts', attempts, Number.isInteger(attempts) && attempts >= 1 && attempts <= MOST_ATTEMPTS);
  checkText('caller', caller);
  if (singletonKey !== undefined) checkText('singletonKey', singletonKey);
  if (id !== undefined && !isJobId(id))
    throw invalid(`the id of a job is a UUID, not ${JSON.stringify(id)}`, { field: 'id' });
}

function checkNumber(field: string, value: number, isRight: boolean): void {
  if (!isRight || !Number.isFinite(value)) throw invalid(`${field} of a job may not be ${value}`, { field });
}

function checkText(field: string, text: string): void {
  const isRight = text.length > 0 && text.length <= LONGEST_TEXT && text === clean(text);
  if (!isRight) throw invalid(`${field} of a job is a text of 1 to ${LONGEST_TEXT} characters`, { field });
}
