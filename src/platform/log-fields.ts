import { ERROR_CODES, errnoOf } from '../errors.js';

/**
 * What the log may say of the fields that a caller gives, whatever they hold: the last line of defence, not the first.
 * Bounds: a line stays far below the 48 KiB at which journald cuts, also when every character needs an escape.
 */
const BOUNDS = { stringLength: 1000, searched: 4000, lineLength: 6000, nodes: 200, depth: 5 } as const;

const REDACTED = '[redacted]';
const CUT = '…';

/** What the log says itself. */
const RESERVED = new Set(['level', 'time', 'msg']);

/** Parts of a key's name that say that its value is a secret or a text that somebody wrote. */
const SECRET_PARTS = new Set([
  'secret', 'secrets', 'token', 'tokens', 'authorization', 'password', 'passwords', 'passphrase', 'credential', 'credentials', 'cookie', 'cookies', 'key', 'keys', 'apikey',
  'prompt', 'prompts', 'response', 'responses', 'text', 'texts', 'matched', 'match', 'matches', 'content', 'body', 'payload', 'args', 'result', 'results', 'snippet',
]);
const isSecret = new Map<string, boolean>();
const KNOWN_KEYS = 500;

/** How much of a stack is shown of an error that nobody foresaw. */
const FRAMES = 8;

interface Room { length: number; nodes: number }

/**
 * A copy that may be written: values under keys that name secrets or texts are `[redacted]`, an Error is its code and
 * message, URLs have neither user nor query, and everything is bounded. Never throws.
 */
export function loggableFields(fields: object): Record<string, unknown> {
  const room: Room = { length: BOUNDS.lineLength, nodes: BOUNDS.nodes };
  const copy = loggable(fields, 0, room);
  if (typeof copy !== 'object' || copy === null) return { fields: copy };
  return Object.fromEntries(Object.entries(copy).map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value]));
}

/**
 * An error as the log shows it. Only raxed's own and the system's keep their message: that of a JSON parser, say, quotes
 * what it parsed, and Node's own say what they were given.
 */
export function loggableError(error: unknown): { readonly code: string; readonly message?: string; readonly at?: readonly string[] } {
  if (!(error instanceof Error)) return { code: 'not an Error' };
  const code = errnoOf(error);
  if (code !== undefined && (Object.hasOwn(ERROR_CODES, code) || /^E[A-Z\d]+$/.test(code))) return { code, message: error.message };
  return { code: code ?? error.name, at: framesOf(error) };
}

function loggable(value: unknown, depth: number, room: Room): unknown {
  if (room.nodes-- <= 0) return CUT;
  if (typeof value === 'string') return bounded(value, room);
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined) return value;
  if (typeof value === 'bigint') return bounded(String(value), room);
  if (typeof value !== 'object') return `[${typeof value}]`;
  if (depth >= BOUNDS.depth) return CUT;
  try {
    if (value instanceof Error) return entries(loggableError(value), depth, room);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
    if (Array.isArray(value)) return items(value, depth, room);
    return isPlain(value) ? entries(value, depth, room) : '[object]';
  } catch {
    return '[unreadable]';
  }
}

function items(values: readonly unknown[], depth: number, room: Room): unknown[] {
  const kept: unknown[] = [];
  for (const value of values) {
    if (room.nodes <= 0) return [...kept, CUT];
    kept.push(loggable(value, depth + 1, room));
  }
  return kept;
}

function entries(values: object, depth: number, room: Room): object {
  const kept: [string, unknown][] = [];
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (room.nodes <= 0) {
      kept.push([CUT, CUT]);
      break;
    }
    kept.push([bounded(key, room), namesSecret(key) ? REDACTED : loggable(value, depth + 1, room)]);
  }
  return Object.fromEntries(kept);
}

/** What has methods of its own, bytes above all, shows nothing of itself. */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function namesSecret(key: string): boolean {
  const known = isSecret.get(key);
  if (known !== undefined) return known;
  const answer = key.replace(/([a-z\d])([A-Z])/g, '$1_$2').toLowerCase().split(/[^a-z\d]+/).some((part) => SECRET_PARTS.has(part));
  if (isSecret.size < KNOWN_KEYS) isSecret.set(key, answer);
  return answer;
}

function bounded(text: string, room: Room): string {
  const clean = text.includes('://') ? withoutUrlSecrets(text) : text;
  const most = Math.min(BOUNDS.stringLength, room.length);
  room.length -= Math.min(clean.length, most);
  return clean.length <= most ? clean : `${clean.slice(0, most)}${CUT}`;
}

/** Each URL of a text without user, password, query and fragment, also where it is none that a parser would take. */
function withoutUrlSecrets(text: string): string {
  return text.slice(0, BOUNDS.searched).replace(/:\/\/([^\s"<>]*)/g, (_, rest: string) => {
    const at = rest.lastIndexOf('@');
    const [place = '', query] = (at === -1 ? rest : rest.slice(at + 1)).split(/[?#]/, 2);
    return `://${at === -1 ? '' : `${REDACTED}@`}${place}${query === undefined ? '' : `?${REDACTED}`}`;
  });
}

const FRAME = /^ {4}at (?:[\w$.<>[\] #]+ \()?(?:file:\/\/|node:|\/)[^\s()]+:\d+:\d+\)?$/;

/** Where an error was thrown, without what it says. */
function framesOf({ stack = '' }: Error): string[] {
  return stack.split('\n').filter((line) => FRAME.test(line)).slice(0, FRAMES).map((line) => line.slice(7).replace(/file:\/\/\S*\/(?=(?:dist|src|node_modules)\/)/, ''));
}
