import type { Account } from '../permissions.js';
import type { Command } from './command.js';

const TIMEOUT_MS = 4000;

/** A user by name or number, with all of its groups; undefined where there is none. */
export async function accountOf(user: string | number, command: Command): Promise<Account | undefined> {
  const entry = await fieldsOf('passwd', String(user), command);
  const [name = '', , uid = '', gid = ''] = entry ?? [];
  if (name === '' || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  const groups = await command('id', ['-G', name], TIMEOUT_MS);
  const gids = (groups?.stdout ?? '').trim().split(/\s+/).filter((word) => /^\d+$/.test(word)).map(Number);
  return { name, uid: Number(uid), gids: [...new Set([Number(gid), ...gids])] };
}

export interface Group {
  readonly gid: number;
  /** By the group's own list, and those whose first group it is; sorted. */
  readonly members: readonly string[];
}

export async function groupOf(name: string, command: Command): Promise<Group | undefined> {
  const [entry, users] = await Promise.all([fieldsOf('group', name, command), command('getent', ['passwd'], TIMEOUT_MS)]);
  const gid = entry?.[2] ?? '';
  if (!/^\d+$/.test(gid)) return undefined;
  const listed = (entry?.[3] ?? '').split(',').filter((member) => member !== '');
  const first = (users?.stdout ?? '').split('\n').map((line) => line.split(':')).filter((fields) => fields[3] === gid).map(([user = '']) => user);
  return { gid: Number(gid), members: [...new Set([...listed, ...first])].sort() };
}

async function fieldsOf(database: 'passwd' | 'group', key: string, command: Command): Promise<string[] | undefined> {
  const found = await command('getent', [database, key], TIMEOUT_MS);
  return found?.code === 0 ? found.stdout.split('\n')[0]?.split(':') : undefined;
}
