import { Type } from '@sinclair/typebox';

/** The id of an MSSP, a customer or an agent. */
export const IdSchema = Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$' });

/** A version, a platform, the name of an integration. */
export const LabelSchema = Type.String({ pattern: '^[A-Za-z0-9_.+-]{1,64}$' });
