import { createHash } from 'node:crypto';
import { RaxedError } from '../errors.js';
import type { ExchangeTexts, ToolCall } from './conversation.js';
import { Raxed } from './raxed.js';
import type { CallOptions, RaxedOptions } from './raxed.js';

export interface FrameworkOptions extends RaxedOptions {
  /** Instead of one of its own: the application's, which it then also closes. Beside it only whom scans are for, `integration` and `onError` may be said. */
  readonly client?: Raxed;
  /**
   * `verdict` unless told: what the policy (`scanner.block_at`) blocks ends in ThreatBlockedError, and is not passed on.
   * `never`: nothing is stopped; threats are reported, and what goes wrong is told to `onError`.
   */
  readonly block?: 'verdict' | 'never';
  /** True: each request is judged with its whole history, not only with what is new in it; for applications that get the history from outside, such as from a browser. */
  readonly history?: boolean;
}

const BESIDE_CLIENT: ReadonlySet<string> = new Set<keyof RaxedOptions>(['msspId', 'customerId', 'agentId', 'integration', 'onError']);
/** Tool calls whose verdict is remembered: those of many conversations that go on at the same time. */
const REMEMBERED = 10_000;

/** What stands between an application and its model: judges what passes and stops what the policy blocks. */
export class Screen {
  readonly history: boolean;
  private readonly client: Raxed;
  /** Where the client is shared: whose scans these are. */
  private readonly identity: Pick<RaxedOptions, 'msspId' | 'customerId' | 'agentId' | 'integration'>;
  private readonly blocks: boolean;
  private readonly onError: RaxedOptions['onError'];
  /** Hashes, oldest first. */
  private readonly judged = new Set<string>();

  /** Throws BAD_REQUEST for options that contradict each other. */
  constructor({ client, block = 'verdict', history = false, ...options }: FrameworkOptions, integration: string) {
    if (!['verdict', 'never'].includes(block)) throw new RaxedError('BAD_REQUEST', 'block must be "verdict" or "never"');
    const odd = client === undefined ? undefined : Object.keys(options).find((name) => !BESIDE_CLIENT.has(name));
    if (odd !== undefined) throw new RaxedError('BAD_REQUEST', 'where a client is given, its options are said when it is made');
    this.blocks = block === 'verdict';
    this.history = history;
    this.onError = options.onError;
    this.client = client ?? new Raxed({ integration, ...options });
    const { msspId, customerId, agentId, integration: named } = client === undefined ? {} : options;
    this.identity = {
      ...(msspId !== undefined && { msspId }), ...(customerId !== undefined && { customerId }),
      ...(agentId !== undefined && { agentId }), ...(named !== undefined && { integration: named }),
    };
  }

  /**
   * Has the texts judged in one call, if there are any; a tool call with an id that was judged before is left out.
   * Throws ThreatBlockedError, and what `Raxed.scan` rejects with, unless nothing is to be stopped.
   */
  async check(texts: ExchangeTexts, options: CallOptions = {}): Promise<void> {
    try {
      await this.judge(texts, options);
    } catch (error) {
      if (this.blocks) throw error;
      this.onError?.(error);
    }
  }

  private async judge({ systemPrompt = '', prompt = '', ragContext = '', response = '', toolCalls = [] }: ExchangeTexts, options: CallOptions): Promise<void> {
    const fresh = toolCalls.map((call) => ({ call, key: keyOf(call) })).filter(({ key }) => key === undefined || !this.judged.has(key));
    if (systemPrompt + prompt + ragContext + response === '' && fresh.length === 0) return;
    const input = {
      ...this.identity,
      ...(systemPrompt !== '' && { systemPrompt }), ...(prompt !== '' && { prompt }), ...(ragContext !== '' && { ragContext }), ...(response !== '' && { response }),
      ...(fresh.length > 0 && { toolCalls: fresh.map(({ call: { id: _id, ...call } }) => call) }),
    };
    const { unavailable } = await (this.blocks ? this.client.guard(input, options) : this.client.scan(input, options));
    if (unavailable) return;
    for (const { key } of fresh) if (key !== undefined) this.judged.add(key);
    for (const key of this.judged) {
      if (this.judged.size <= REMEMBERED) break;
      this.judged.delete(key);
    }
  }
}

/** undefined where nothing says that two calls are the same. */
function keyOf({ id, ...call }: ToolCall): string | undefined {
  if (id === undefined || id === '') return undefined;
  try {
    return createHash('sha256').update(JSON.stringify([id, call])).digest('base64');
  } catch {
    // A circle or a BigInt: the client refuses it with a better message.
    return undefined;
  }
}
