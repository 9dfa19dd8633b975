import { RaxedError } from '../errors.js';
import { requestTexts } from './conversation.js';
import { ENDPOINTS } from './openai-messages.js';
import type { Endpoint } from './openai-messages.js';
import { recordOf } from './message-content.js';
import { Screen } from './screen.js';
import type { FrameworkOptions } from './screen.js';

export type { FrameworkOptions };

/** What is used of a client of the package `openai`; all that its resources send goes through `post`. */
interface OpenAiClient {
  post(path: string, options?: unknown): ApiPromise;
  withOptions(options: unknown): OpenAiClient;
}

interface ApiPromise {
  _thenUnwrap(transform: (answer: unknown) => unknown): ApiPromise;
}

interface OpenAiStream extends AsyncIterable<unknown> {
  readonly controller: unknown;
}

/**
 * The client (`openai` 6) with `chat.completions` and `responses`, streams and the helpers built on them among it, judged on
 * the way: what is blocked ends in ThreatBlockedError, a prompt before the request is made, a stream before its end.
 * Everything else is the client's own. Throws BAD_REQUEST for what is not such a client.
 */
export function withRaxed<Client extends object>(openai: Client, options: FrameworkOptions = {}): Client {
  if (!isOpenAi(openai)) throw new RaxedError('BAD_REQUEST', 'withRaxed takes a client of the package openai');
  return guarded(openai, new Screen(options, 'openai'));
}

function guarded<Client extends OpenAiClient>(client: Client, screen: Screen): Client {
  /** Resources with the guarded client, and methods with the client itself, whose private fields a proxy has not. */
  const members = new Map<object, unknown>();

  function post(path: string, options?: unknown): ApiPromise {
    const endpoint = ENDPOINTS.get(path.replace(/\?.*$/, ''));
    if (endpoint === undefined) return client.post(path, options);
    return client.post(path, checkRequest(options, endpoint))._thenUnwrap((answer) => checkAnswer(answer, endpoint));
  }

  /** The options that were given, when nothing speaks against them: the client takes a promise of them. */
  async function checkRequest(options: unknown, endpoint: Endpoint): Promise<unknown> {
    const known = await options;
    const { body, signal } = recordOf(known);
    const stop = signal instanceof AbortSignal ? signal : undefined;
    try {
      await screen.check(requestTexts(endpoint.turns(body), screen), { ...(stop !== undefined && { signal: stop }) });
    } catch (error) {
      // The client says in its own words that it was aborted.
      if (stop?.aborted !== true) throw error;
    }
    return known;
  }

  async function checkAnswer(answer: unknown, endpoint: Endpoint): Promise<unknown> {
    if (isStream(answer)) return Reflect.construct(answer.constructor, [() => checkedChunks(answer, endpoint), answer.controller]);
    await screen.check(endpoint.answer(answer));
    return answer;
  }

  /** Chunks as they come; what was passed on is judged also where the reader stops early. */
  async function* checkedChunks(chunks: AsyncIterable<unknown>, endpoint: Endpoint): AsyncGenerator<unknown> {
    const collector = endpoint.collector();
    try {
      for await (const chunk of chunks) {
        collector.add(chunk);
        yield chunk;
      }
    } finally {
      await screen.check(collector.texts());
    }
  }

  /** A resource whose client is the guarded one, for its helpers that call the client again. */
  function guardedResource(resource: object): object {
    return new Proxy(resource, {
      get: (target, key, receiver) => (key === '_client' ? proxy : memberOf(Reflect.get(target, key, receiver))),
    });
  }

  function memberOf(value: unknown): unknown {
    if (typeof value !== 'object' || value === null || !('_client' in value) || value._client !== client) return value;
    if (!members.has(value)) members.set(value, guardedResource(value));
    return members.get(value);
  }

  const own = { post, withOptions: (options: unknown) => guarded(client.withOptions(options), screen) };

  const proxy = new Proxy(client, {
    get: (target, key) => {
      if (key === 'post' || key === 'withOptions') return own[key];
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function' || key === 'constructor' || Object.hasOwn(target, key)) return memberOf(value);
      if (!members.has(value)) members.set(value, value.bind(target));
      return members.get(value);
    },
    set: (target, key, value) => Reflect.set(target, key, value),
  });
  return proxy;
}

function isOpenAi<Client extends object>(client: Client): client is Client & OpenAiClient {
  return 'post' in client && typeof client.post === 'function' && 'withOptions' in client && typeof client.withOptions === 'function' && 'chat' in client;
}

function isStream(answer: unknown): answer is OpenAiStream {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer && 'controller' in answer;
}
