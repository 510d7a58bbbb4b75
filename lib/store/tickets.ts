import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/**
 * One QR code on one web page.
 *
 *   created --scanned by the phone--> scanned --collected by the browser--> collected
 *
 * Each arrow is one conditional write, so each happens once, however many try.
 */
export interface Ticket {
  ticket: string;
  state: 'created' | 'scanned' | 'collected';
  /** SHA-256 of the poll token, hex: only the browser that asked for the code knows the token. */
  pollTokenHash: string;
  /** Epoch seconds; also the TTL. */
  expiresAt: number;
  appId: string;
  /** Who scanned; from `scanned` on. */
  openId?: string;
}

export type ScannedTicket = Ticket & { openId: string };

/** Stores a new ticket. */
export async function putTicket({ client, name: TableName }: Table, ticket: Ticket): Promise<void> {
  await client.send(new PutCommand({ TableName, Item: { ...keys.ticket(ticket.ticket), ...ticket } }));
}

/** The ticket as stored, expired or not. A page may ask before an eventual read can find what was just stored. */
export function readTicket(table: Table, ticket: string): Promise<Ticket | undefined> {
  return getItem(table, keys.ticket(ticket), 'eventual-hit');
}

/**
 * created -> scanned. True also when this very openid scanned it already: WeChat repeats its pushes.
 * False for an unknown, expired or collected ticket, one of another app, or one that somebody else scanned.
 */
export async function markScanned(
  { client, name: TableName }: Table,
  { ticket, appId, openId, nowMs }: { ticket: string; appId: string; openId: string; nowMs: number },
): Promise<boolean> {
  const scanned = await attempt(
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.ticket(ticket),
        UpdateExpression: 'SET #state = :scanned, openId = :openId',
        ConditionExpression: '#state = :created AND appId = :appId AND expiresAt > :now',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':created': 'created',
          ':scanned': 'scanned',
          ':appId': appId,
          ':openId': openId,
          ':now': nowMs / 1_000,
        },
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      }),
    ),
  );
  if (scanned.done) return true;
  const old = scanned.old as Ticket | undefined;
  return old?.state === 'scanned' && old.openId === openId && old.expiresAt * 1_000 > nowMs;
}

/**
 * scanned -> collected: true for exactly one `collector`. Its name is stored, because a write whose answer was lost is
 * sent again and then meets itself.
 */
export async function markCollected(
  { client, name: TableName }: Table,
  { ticket, collector, nowMs }: { ticket: string; collector: string; nowMs: number },
): Promise<boolean> {
  const collected = await attempt(
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.ticket(ticket),
        UpdateExpression: 'SET #state = :collected, collector = :collector',
        ConditionExpression: '#state = :scanned AND expiresAt > :now',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':scanned': 'scanned',
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
