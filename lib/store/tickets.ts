import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/**
 * The QR code of one login on a web page. The scan of an official-account code confirms the login. The scan of a
 * mini-program code opens a page on which the user decides.
 *
 *   created --scan--> scanned --confirm--> confirmed --collect--> collected
 *      \------------------------confirm------^   |
 *                       \------cancel------> cancelled
 *
 * Each arrow is one conditional write, so only one of several concurrent attempts succeeds.
 */
export interface Ticket {
  ticket: string;
  state: TicketState;
  /** SHA-256 of the poll token, in hex. Only the browser that requested the code has the token. */
  pollTokenHash: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
  appId: string;
  /** The user who scanned; present from the state `scanned` on. */
  openId?: string;
  /**
   * CreateTime of the push (epoch seconds), if the user began to follow with this scan. The identity stores it later.
   */
  followedAt?: number;
}

export type TicketState = 'created' | 'scanned' | 'confirmed' | 'cancelled' | 'collected';
export type ConfirmedTicket = Ticket & { openId: string };

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
  followedAt?: number | undefined;
}

/**
 * Moves a ticket to another state if its current state allows the move. After the scan only the same user can move it.
 * @returns `repeated` when the same user made this move before, because pushes and requests are repeated; `rejected`
 * for an unknown, expired or used ticket, and for a ticket of another app or user
 */
export async function moveTicket(
  { client, name: TableName }: Table,
  { ticket, appId, openId, from, to, nowMs, followedAt }: TicketMove,
): Promise<'moved' | 'repeated' | 'rejected'> {
  const moved = await attempt<unknown, Ticket>(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.ticket(ticket),
        UpdateExpression: `SET #state = :to, openId = :openId${followedAt === undefined ? '' : ', followedAt = :followedAt'}`,
        ConditionExpression:
          `#state IN (${from.map((_, i) => `:from${i}`).join(', ')}) AND appId = :appId AND expiresAt > :now ` +
          'AND (attribute_not_exists(openId) OR openId = :openId)',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ...Object.fromEntries(from.map((state, i) => [`:from${i}`, state])),
          ':to': to,
          ':appId': appId,
          ':openId': openId,
          ':now': nowMs / 1_000,
          ...(followedAt !== undefined && { ':followedAt': followedAt }),
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  if (moved.done) return 'moved';
  const stored = moved.rejecting;
  const hasMoved = stored?.state === to || (to === 'confirmed' && stored?.state === 'collected');
  return hasMoved && stored.openId === openId && stored.expiresAt * 1_000 > nowMs ? 'repeated' : 'rejected';
}

/**
 * Moves a ticket from confirmed to collected. An SDK retry can fail its condition against its own first attempt, so the
 * collector is stored and a match counts as success.
 * @returns true for exactly one `collector`
 */
export async function markCollected(
  { client, name: TableName }: Table,
  { ticket, collector, nowMs }: { ticket: string; collector: string; nowMs: number },
): Promise<boolean> {
  const collected = await attempt<unknown, { collector?: string }>(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.ticket(ticket),
        UpdateExpression: 'SET #state = :collected, collector = :collector',
        ConditionExpression: '#state = :confirmed AND expiresAt > :now',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':confirmed': 'confirmed',
          ':collected': 'collected',
          ':collector': collector,
          ':now': nowMs / 1_000,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  return collected.done || collected.rejecting?.collector === collector;
}
