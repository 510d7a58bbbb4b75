import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/**
 * One QR code on one web page. Scanning a code of the official account is a confirmation; the mini-program shows a page
 * first, on which the person decides.
 *
 *   created --scan--> scanned --confirm--> confirmed --the browser collects--> collected
 *      \------------------------confirm------^   |
 *                       \------cancel------> cancelled
 *
 * Each arrow is one conditional write, so each happens once, however many try.
 */
export interface Ticket {
  ticket: string;
  state: TicketState;
  /** SHA-256 of the poll token, hex: only the browser that asked for the code knows the token. */
  pollTokenHash: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
  appId: string;
  /** Who scanned; from `scanned` on. */
  openId?: string;
  /** CreateTime of the push, epoch seconds, if they began to follow by scanning: kept on the identity afterwards. */
  followedAt?: number;
}

export type TicketState = 'created' | 'scanned' | 'confirmed' | 'cancelled' | 'collected';
export type ConfirmedTicket = Ticket & { openId: string };

/** Stores a new ticket. */
export async function putTicket({ client, name: TableName }: Table, ticket: Ticket): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.ticket(ticket.ticket), ...ticket } }));
}

/** The ticket as stored, expired or not. A page may ask before an eventual read can find what was just stored. */
export function readTicket(table: Table, ticket: string): Promise<Ticket | undefined> {
  return getItem(table, keys.ticket(ticket), 'eventual-hit');
}

/** Somebody's act: `from` are the states in which it counts. */
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
 * Moves a ticket on, if it is still where it can be moved from; once somebody scanned it, nobody else can. `repeated`
 * when this very person moved it there before, also if it was collected since: pushes and requests are repeated.
 * `refused` for an unknown, expired or used ticket, one of another app, or somebody else's.
 */
export async function moveTicket(
  { client, name: TableName }: Table,
  { ticket, appId, openId, from, to, nowMs, followedAt }: TicketMove,
): Promise<'moved' | 'repeated' | 'refused'> {
  const moved = await attempt(() =>
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
  const old = moved.old as Ticket | undefined;
  const there = old?.state === to || (to === 'confirmed' && old?.state === 'collected');
  return there && old.openId === openId && old.expiresAt * 1_000 > nowMs ? 'repeated' : 'refused';
}

/**
 * confirmed -> collected: true for exactly one `collector`. Its name is stored, because a write whose answer was lost is
 * sent again and then meets itself.
 */
export async function markCollected(
  { client, name: TableName }: Table,
  { ticket, collector, nowMs }: { ticket: string; collector: string; nowMs: number },
): Promise<boolean> {
  const collected = await attempt(() =>
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
  return collected.done || collected.old?.['collector'] === collector;
}
