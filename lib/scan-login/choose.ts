import type { Runtime } from '../core/runtime.ts';
import { readNewestScan } from '../store/newest-scans.ts';
import { revokeSession } from '../store/sessions.ts';
import type { Table } from '../store/table.ts';
import { moveTicket, type ScannedTicket } from '../store/tickets.ts';
import { CHAT_MOVES, isTicket, LATE_REVOKE_S, type ChatChoice } from './ticket.ts';

type ChooseDeps = Pick<Runtime, 'now'> & { table: Table };

/** A choice of a user in the chat of the official account. */
interface Choice {
  appId: string;
  openId: string;
  choice: ChatChoice;
}

/**
 * Applies a tap on a link of the chat, which names the ticket. A repeated tap has no second effect.
 * @returns the ticket after the tap; undefined for an unknown or expired ticket, and for a ticket that another user
 * scanned
 */
export async function tapChoice(
  deps: ChooseDeps,
  { ticket: name, choice, ...person }: Choice & { ticket: string },
): Promise<ScannedTicket | undefined> {
  if (!isTicket(name)) return undefined;
  const move = { ...person, ticket: name, ...CHAT_MOVES[choice], nowMs: deps.now() };
  return endCancelledSession(deps, (await moveTicket(deps.table, move)).ticket);
}

/**
 * Applies a text such as `1` to the newest code that the user scanned, while its login waits for a choice. A revocation
 * is also possible for ten minutes after the confirmation. The ticket stores the push, so that a repeated push is recognised,
 * and a later push with the same text is an ordinary message. A text from before the scan does not decide about the code.
 * @param sentAtS CreateTime of the push, epoch seconds. A text of the same second as the scan counts as sent after it.
 * @returns the ticket after the choice; undefined when the text decides nothing
 */
export async function typeChoice(
  deps: ChooseDeps,
  { pushId, sentAtS, choice, ...person }: Choice & { pushId: string; sentAtS: number },
): Promise<ScannedTicket | undefined> {
  const nowMs = deps.now();
  const scan = await readNewestScan(deps.table, person, nowMs);
  if (!scan || sentAtS < scan.scannedAtS) return undefined;
  const { from, to } = CHAT_MOVES[choice];
  const confirmedAfterMs = nowMs - LATE_REVOKE_S * 1_000;
  const move = { ...person, ticket: scan.ticket, from, to, nowMs, pushId, confirmedAfterMs };
  const { moved, ticket } = await moveTicket(deps.table, move);
  const isRepeat = (to === 'confirmed' ? ticket?.confirmedBy : ticket?.cancelledBy) === pushId;
  return moved || isRepeat ? endCancelledSession(deps, ticket) : undefined;
}

/**
 * Ends the session of a login that was cancelled after its collection, also when the session is not stored yet. Runs
 * for each repeated choice, so that the choice after a crash ends the session.
 */
async function endCancelledSession(
  deps: ChooseDeps,
  ticket: ScannedTicket | undefined,
): Promise<ScannedTicket | undefined> {
  if (ticket?.state === 'cancelled' && ticket.collector) await revokeSession(deps.table, ticket.collector, deps.now());
  return ticket;
}
