import { createHash, timingSafeEqual } from 'node:crypto';
import type { ScannedTicket, Ticket } from '../store/tickets.ts';

/** Seconds that a QR code and its ticket live. */
export const TICKET_LIFE_S = 300;
/** How often the page should ask. */
export const POLL_INTERVAL_MS = 2_000;

const SCENE_PREFIX = 'login:';

/** The scene string that carries a ticket through WeChat (at most 64 characters, platform 4). */
export function sceneOf(ticket: string): string {
  return SCENE_PREFIX + ticket;
}

/** The ticket in a scene, or undefined when the scene is none of ours. */
export function ticketOfScene(scene: string): string | undefined {
  const ticket = scene.startsWith(SCENE_PREFIX) ? scene.slice(SCENE_PREFIX.length) : '';
  return isTicket(ticket) ? ticket : undefined;
}

/** Whether a text could be a ticket of ours: 16 random bytes in base64url. */
export function isTicket(text: string): boolean {
  return /^[\w-]{22}$/.test(text);
}

/** What is stored of a poll token, so that a reader of the table cannot poll. */
export function hashPollToken(pollToken: string): string {
  return createHash('sha256').update(pollToken).digest('hex');
}

/**
 * What a poll sees. `gone` covers unknown, expired, collected and the wrong poll token: they must look alike, or
 * somebody who photographed the code could follow its life.
 */
export function pollView(
  ticket: Ticket | undefined,
  { pollToken, nowMs }: { pollToken: string; nowMs: number },
): { status: 'gone' } | { status: 'pending' } | { status: 'scanned'; ticket: ScannedTicket } {
  if (!ticket || ticket.expiresAt * 1_000 <= nowMs || !ownsTicket(ticket, pollToken)) return { status: 'gone' };
  if (ticket.state === 'created') return { status: 'pending' };
  if (ticket.state === 'scanned' && ticket.openId)
    return { status: 'scanned', ticket: { ...ticket, openId: ticket.openId } };
  return { status: 'gone' };
}

function ownsTicket(ticket: Ticket, pollToken: string): boolean {
  return timingSafeEqual(Buffer.from(ticket.pollTokenHash, 'hex'), Buffer.from(hashPollToken(pollToken), 'hex'));
}
