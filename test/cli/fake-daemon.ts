import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import type { Test } from 'tap';
import { main } from '../../src/cli/main.js';
import type { MethodEntry } from '../../src/control/method.js';
import { defineMethod } from '../../src/control/method.js';
import { createControlServer } from '../../src/control/server.js';
import { nodeClock } from '../../src/platform/node.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import type { CapturedIo } from './captured-io.js';
import { capturedIo } from './captured-io.js';

export interface Call { readonly method: string; readonly params: Readonly<Record<string, unknown>> }

/** What a method answers: a result, or a function that makes it of the parameters and may throw. */
export type Answer = object | ((params: Readonly<Record<string, unknown>>) => object | Promise<object>);

export interface FakeDaemon {
  readonly socket: string;
  /** Every call in order of arrival. */
  readonly calls: readonly Call[];
}

/** The daemon's real server on a real socket with canned answers: what the command line is tested against. */
export async function fakeDaemon(t: Pick<Test, 'teardown'>, answers: Readonly<Record<string, Answer>>, others: readonly MethodEntry[] = []): Promise<FakeDaemon> {
  const socket = join(shortFolder(t), 'control.sock');
  const calls: Call[] = [];
  const methods = Object.entries(answers).map(([name, answer]) => defineMethod({
    name, scope: 'control', params: Type.Object({}),
    async handle(params: Readonly<Record<string, unknown>>) {
      calls.push({ method: name, params });
      return typeof answer === 'function' ? (answer as (params: Readonly<Record<string, unknown>>) => object | Promise<object>)(params) : answer;
    },
  }));
  const server = await createControlServer({
    listeners: [{ path: socket, scope: 'control', mode: 0o600 }], methods: [...methods, ...others],
    probes: { ready: () => Promise.resolve({ ready: true }) }, limits: () => ({ maxTextBytes: 1_000_000 }),
  }, { clock: nodeClock, logger: silentLogger });
  t.teardown(() => server.close(0));
  return { socket, calls };
}

export interface Ran { readonly code: number; readonly out: string; readonly err: string }

/** Runs one command line in this process. */
export async function raxed(argv: readonly string[], io: CapturedIo = capturedIo()): Promise<Ran> {
  const code = await main(argv, io);
  return { code, out: io.out(), err: io.err() };
}

/** Characters that would act on a terminal rather than be seen. */
export const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;
