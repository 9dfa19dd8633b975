import type { Static } from '@sinclair/typebox';
import { Type } from '@sinclair/typebox';
import type { CallContext, Method } from '../method.js';
import { defineMethod } from '../method.js';
import { ParamsError } from '../params-error.js';
import { IdSchema } from './id.js';

const closed = { additionalProperties: false } as const;

/** Which dead letters; an absent field fits all. */
const filter = {
  mssp: Type.Optional(IdSchema),
  customer: Type.Optional(IdSchema),
  /** `webhook`, or a SIEM's name. */
  destination: Type.Optional(IdSchema),
  /** A part of the message, or an HTTP status such as "400". */
  reason: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
  /** ISO 8601: those that were refused then or later. */
  since: Type.Optional(Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}(T[\\d:.]{5,16}(Z|[+-]\\d{2}:\\d{2}))?$' })),
};

/** `<mssp>/<customer>/<destination>/<event id>`; a record that is no event has `record-<seq>` for its event id. */
const LetterIdSchema = Type.String({ pattern: '^(?:[A-Za-z0-9][A-Za-z0-9_-]{0,63}/){3}[A-Za-z0-9_-]{1,64}$', title: 'an id as spool.dead.list shows it' });

const ListParams = Type.Object({ ...filter, limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }, closed);
const ShowParams = Type.Object({ id: LetterIdSchema }, closed);
const ChangeParams = Type.Object({
  id: Type.Optional(LetterIdSchema),
  ...filter,
  /** Every dead letter of every customer. */
  all: Type.Optional(Type.Boolean()),
  /** Says how many would be concerned, and changes nothing. */
  dry_run: Type.Optional(Type.Boolean()),
}, closed);

export type DeadFilter = Omit<Static<typeof ListParams>, 'limit'>;
/** One, by its id, or all that fit. */
export type DeadChoice = { readonly id: string } | { readonly filter: DeadFilter };

const DEFAULT_LIMIT = 100;

export interface SpoolActions {
  /** What waits, per customer and destination. */
  status(): Promise<object>;
  /** The newest that fit, at most `limit`, and how many there are. Throws *_NOT_FOUND for what does not exist at all. */
  list(filter: DeadFilter, limit: number): Promise<object>;
  /** Throws DEAD_LETTER_NOT_FOUND. */
  show(id: string): Promise<object>;
  /** Sends dead letters again, to the destination that refused them only; answers when each was tried. */
  replay(choice: DeadChoice, options: { readonly dryRun: boolean }, context: CallContext): Promise<object>;
  purge(choice: DeadChoice, options: { readonly dryRun: boolean }, context: CallContext): Promise<object>;
}

export function createSpoolMethods(actions: SpoolActions): Method[] {
  return [
    defineMethod({ name: 'spool.status', summary: 'What waits to be delivered, per customer and destination.', scope: 'control', params: Type.Object({}, closed), handle: () => actions.status() }),
    defineMethod({
      name: 'spool.dead.list', summary: 'The newest dead letters that fit, and how many there are.', scope: 'control', params: ListParams, check: checkFilter,
      handle: ({ limit, ...fits }) => actions.list(fits, limit ?? DEFAULT_LIMIT),
    }),
    defineMethod({ name: 'spool.dead.show', summary: 'One dead letter.', scope: 'control', params: ShowParams, handle: ({ id }) => actions.show(id) }),
    defineMethod({
      name: 'spool.dead.replay', summary: 'Sends dead letters again to the destination that refused them.', scope: 'control', params: ChangeParams, check: checkChoice,
      handle: (params, context) => actions.replay(choiceOf(params), { dryRun: params.dry_run === true }, context),
    }),
    defineMethod({
      name: 'spool.dead.purge', summary: 'Deletes dead letters.', scope: 'control', params: ChangeParams, check: checkChoice,
      handle: (params, context) => actions.purge(choiceOf(params), { dryRun: params.dry_run === true }, context),
    }),
  ];
}

function choiceOf({ id, all: _all, dry_run: _dryRun, ...fits }: Static<typeof ChangeParams>): DeadChoice {
  return id === undefined ? { filter: fits } : { id };
}

function checkFilter({ since }: DeadFilter): void {
  if (since !== undefined && Number.isNaN(Date.parse(since))) throw new ParamsError('/since', 'must be a time as in ISO 8601');
}

/** What changes something must say what: one letter, a filter, or all. */
function checkChoice({ id, all, dry_run: _dryRun, ...fits }: Static<typeof ChangeParams>): void {
  checkFilter(fits);
  const said = [id !== undefined, all === true, Object.keys(fits).length > 0].filter(Boolean).length;
  if (said !== 1) throw new ParamsError('', 'give either id, or some of mssp, customer, destination, reason and since, or all');
}
