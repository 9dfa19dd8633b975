import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import type { Test } from 'tap';
import { main } from '../../src/cli/main.js';
import type { Method, MethodEntry } from '../../src/control/method.js';
import { defineMethod } from '../../src/control/method.js';
import { createAgentMethods } from '../../src/control/methods/agent.js';
import { createControlServer } from '../../src/control/server.js';
import { nodeClock } from '../../src/platform/node.js';
import { fakeMethods } from '../control/actions.js';
import { silentLogger } from '../fixtures/logger.js';
import { shortFolder } from '../fixtures/short-folder.js';
import type { CapturedIo } from './captured-io.js';
import { capturedIo } from './captured-io.js';

type Params = Readonly<Record<string, unknown>>;

export interface Call { readonly method: string; readonly params: Params }

/** What a method answers: a result, or a function that makes it of the parameters and may throw. */
export type Answer = object | ((params: Params) => object | Promise<object>);

export interface FakeDaemon {
  readonly socket: string;
  /** Every call in order of arrival. */
  readonly calls: readonly Call[];
}

/** The daemon's own methods, for what they accept. */
const REAL: readonly MethodEntry[] = [...fakeMethods(), ...createAgentMethods({ register: unused, heartbeat: unused, list: unused, status: unused, unregister: unused })];

function unused(): Promise<never> {
  return Promise.reject(new Error('canned answers only'));
}

/** The daemon's real server on a real socket, its methods' parameters checked as they are, their answers canned. */
export async function fakeDaemon(t: Pick<Test, 'teardown'>, answers: Readonly<Record<string, Answer>>, others: readonly MethodEntry[] = []): Promise<FakeDaemon> {
  const socket = join(shortFolder(t), 'control.sock');
  const calls: Call[] = [];
  const methods = Object.entries(answers).map(([name, answer]): Method => {
    const real = REAL.find((method) => method.name === name && method.kind === 'call');
    const method = real?.kind === 'call' ? real : defineMethod({ name, summary: 'Made up.', scope: 'control', params: Type.Object({}), handle: unused });
    return {
      ...method,
      async run(parsed) {
        const params = parsed as Params;
        calls.push({ method: name, params });
        return typeof answer === 'function' ? (answer as (params: Params) => object | Promise<object>)(params) : answer;
      },
    };
  });
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
