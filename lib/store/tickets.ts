import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import type { FollowPush } from './identities.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/**
 * The QR code of one login on a web page. After the scan the user confirms or refuses the login: in the chat of the
 * official account, or in the mini-program. In the chat the user can also revoke a confirmed login.
 *
 *   created --scan--> scanned --confirm--> confirmed --collect--> collected
 *      \                 \-----refuse----> cancelled <--revoke-----/
 *       \---cancel (mini-program)----------^
 *
 * Two moves skip the state `scanned`: a scan with SCAN_LOGIN_CONFIRM=scan, and a confirmation in the mini-program. Each
 * arrow is one conditional write, so only one of several concurrent attempts succeeds.
 */
export interface Ticket extends Asker {
  ticket: string;
  state: TicketState;
  /** SHA-256 of the poll token, in hex. Only the browser that requested the code has the token. */
  pollTokenHash: string;
  /** Time of the request for the code. */
  requestedAtMs: number;
  /** Epoch seconds; also the TTL. After the collection the ticket lives as long as its session, which the user can revoke. */
  expiresAt: number;
  appId: string;
  /** The user who scanned; present from the state `scanned` on. */
  openId?: string;
  /** CreateTime of the push of the scan (epoch seconds); only on a code of the official account. */
  scannedAt?: number;
  /** The same time and the id of the push, if the user began to follow with this scan. The identity stores both later. */
  followedAt?: number;
  followedBy?: string;
  /** Arrival of that push (epoch ms). */
  followArrivedAtMs?: number;
  /** Time of the confirmation. An end of all sessions after this time also ends the login. */
  confirmedAtMs?: number;
  /** Time of the login of the mini-program session that confirmed. Absent after a confirmation in the chat. */
  loginAtMs?: number;
  /** The pushes whose text confirmed or cancelled the login. A repeated push is recognised by them. */
  confirmedBy?: string;
  cancelledBy?: string;
  /** Id of the session that this login opens; present from the collection on. */
  collector?: string;
}

/** The page that requested a code, as the confirmation describes it to the user. */
export interface Asker {
  address: string;
  /** Browser and operating system, such as `Chrome · Windows`. */
  browser: string | null;
  /** City or country of the address. */
  place: string | null;
}

export type TicketState = 'created' | 'scanned' | 'confirmed' | 'cancelled' | 'collected';
/** A ticket that a user has scanned. */
export type ScannedTicket = Ticket & { openId: string };

/** Stores a new ticket. */
export async function putTicket({ client, name: TableName }: Table, ticket: Ticket): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.ticket(ticket.ticket), ...ticket } }));
}

/** Reads a ticket, expired or not. The strong fallback serves a page that polls right after the ticket was stored. */
export function readTicket(table: Table, ticket: string): Promise<Ticket | undefined> {
  return getItem(table, keys.ticket(ticket), 'eventual-with-fallback');
}

/** A user's action on a ticket; `from` lists the states in which it is allowed. */
export interface TicketMove {
  ticket: string;
  appId: string;
  openId: string;
  from: TicketState[];
  to: TicketState;
  nowMs: number;
  /** The push of a scan in the official account, and whether the user began to follow with it. */
  scan?: FollowPush & { isFollow: boolean };
  /** Time of the login of the session that makes this move. */
  loginAtMs?: number;
  /** Identifies the push whose text makes this move. */
  pushId?: string;
  /** Rejects the move of a login that was confirmed at or before this time. Default: no limit. */
  confirmedAfterMs?: number;
}

/**
 * Moves a ticket to another state if its current state allows the move. After the scan only the same user can move it.
 * @returns the ticket after a move; without a move the unchanged ticket, if it is a valid ticket of this user
 */
export async function moveTicket(
  { client, name: TableName }: Table,
  { ticket, appId, openId, from, to, nowMs, scan, loginAtMs, pushId, confirmedAfterMs = 0 }: TicketMove,
): Promise<{ moved: true; ticket: ScannedTicket } | { moved: false; ticket?: ScannedTicket }> {
  const changes = {
    state: to,
    openId,
    ...(to === 'confirmed' && { confirmedAtMs: nowMs }),
    ...(scan && { scannedAt: scan.atS }),
    ...(scan?.isFollow && { followedAt: scan.atS, followedBy: scan.pushId, followArrivedAtMs: nowMs }),
    ...(to === 'confirmed' && loginAtMs !== undefined && { loginAtMs }),
    ...(pushId !== undefined && { [`${to}By`]: pushId }),
  };
  const moved = await attempt<{ Attributes?: object | undefined }, ScannedTicket>(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.ticket(ticket),
        UpdateExpression: `SET ${Object.keys(changes)
          .map((name) => `#${name} = :${name}`)
          .join(', ')}`,
        ConditionExpression:
          `#state IN (${from.map((_, i) => `:from${i}`).join(', ')}) AND appId = :appId AND expiresAt > :now ` +
          'AND (attribute_not_exists(openId) OR openId = :openId) ' +
          'AND (attribute_not_exists(confirmedAtMs) OR confirmedAtMs > :confirmedAfter)',
        ExpressionAttributeNames: Object.fromEntries(Object.keys(changes).map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(Object.entries(changes).map(([name, value]) => [`:${name}`, value])),
          ...Object.fromEntries(from.map((state, i) => [`:from${i}`, state])),
          ':appId': appId,
          ':now': nowMs / 1_000,
          ':confirmedAfter': confirmedAfterMs,
        },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  if (moved.done) return { moved: true, ticket: moved.written.Attributes as ScannedTicket };
  const { rejecting } = moved;
  const isOwn = rejecting?.appId === appId && rejecting.openId === openId && rejecting.expiresAt * 1_000 > nowMs;
  return { moved: false, ...(isOwn && { ticket: rejecting }) };
}

/**
 * Moves a ticket from confirmed to collected. An SDK retry can fail its condition against its own first attempt, so the
 * collector is stored and a match counts as success.
 * @param collector id of the session that this login opens
 * @param expiresAt the new end of the ticket, epoch seconds
 * @returns true for exactly one `collector`
 */
export async function markCollected(
  { client, name: TableName }: Table,
  { ticket, collector, expiresAt, nowMs }: { ticket: string; collector: string; expiresAt: number; nowMs: number },
): Promise<boolean> {
  const collected = await attempt<unknown, Ticket>(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.ticket(ticket),
        UpdateExpression: 'SET #state = :collected, collector = :collector, expiresAt = :expiresAt',
        ConditionExpression: '#state = :confirmed AND expiresAt > :now',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':confirmed': 'confirmed',
          ':collected': 'collected',
          ':collector': collector,
          ':expiresAt': expiresAt,
          ':now': nowMs / 1_000,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  return collected.done || collected.rejecting?.collector === collector;
}
