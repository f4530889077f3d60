import type { Reply } from './act.ts';
import type { CommandRole } from './command-table.ts';
import { bad } from './reply-of.ts';

const ROLES: Readonly<Record<string, CommandRole>> = {
  v: 'viewer',
  viewer: 'viewer',
  观察者: 'viewer',
  o: 'operator',
  operator: 'operator',
  操作员: 'operator',
  w: 'owner',
  owner: 'owner',
  所有者: 'owner',
};
/** A user as /users shows it: `telegram:4711`. */
const USER = /^[a-z]{2,12}:\S{1,64}$/;

/** `/role USER viewer|operator|owner`. */
export function parseRole(args: readonly string[]): Reply {
  const [user = '', word = '', ...more] = args;
  const role = Object.hasOwn(ROLES, word.toLowerCase()) ? ROLES[word.toLowerCase()] : undefined;
  if (role === undefined || !USER.test(user) || more.length > 0)
    return bad('role', args.join(' '), '<user of /users> viewer|operator|owner');
  return { kind: 'setting', setting: { set: 'role', user, role } };
}

/** `/revoke USER`. */
export function parseRevoke(args: readonly string[]): Reply {
  const [user = '', ...more] = args;
  if (!USER.test(user) || more.length > 0) return bad('revoke', args.join(' '), '<user of /users>');
  return { kind: 'setting', setting: { set: 'role', user, role: null } };
}

/** `/pair`: the code that the console shows. */
export function parsePair(args: readonly string[]): Reply {
  const pairingCode = args[0]?.toUpperCase() ?? '';
  if (args.length !== 1 || !/^[A-Z0-9]{4,16}$/.test(pairingCode)) {
    return bad('pair', args.join(' '), '<pairing code>');
  }
  return { kind: 'setting', setting: { set: 'pair', pairingCode } };
}
