/** What every engine has to do. Each engine's test calls this with a way to open it; nothing here knows which one it is. */
import { afterAll, beforeAll, describe } from 'vitest';
import type { Engine } from '../../src/core/engine.ts';
import { answers } from './contract/answers.ts';
import { badFeeds } from './contract/feeds.ts';
import { lifecycle } from './contract/lifecycle.ts';
import { loading } from './contract/loading.ts';
import { memory } from './contract/memory.ts';

/** The engine under test; valid inside tests. */
export type Subject = () => Engine;

export function engineContract(name: string, open: () => Promise<Engine>): void {
  describe(`the engine ${name}`, () => {
    let engine: Engine;
    const subject: Subject = () => engine;
    beforeAll(async () => {
      engine = await open();
    });
    afterAll(() => engine.close());

    describe('answers', () => answers(subject));
    describe('feeds and fetches', () => badFeeds(subject));
    describe('loading', () => loading(subject));
    describe('lifecycle', () => lifecycle(open));
    describe('memory', () => memory(subject));
  });
}
