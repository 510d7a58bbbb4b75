import { createHash, timingSafeEqual } from 'node:crypto';
import type { ConfirmedTicket, Ticket, TicketState } from '../store/tickets.ts';

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

/** What a person can do to a ticket: the states in which it counts, and the one that follows. */
export const MOVES = {
  scan: { from: ['created'], to: 'scanned' },
  confirm: { from: ['created', 'scanned'], to: 'confirmed' },
  cancel: { from: ['created', 'scanned'], to: 'cancelled' },
} satisfies Record<string, { from: TicketState[]; to: TicketState }>;

export type PollView =
  { status: 'gone' } | { status: 'pending' } | { status: 'scanned' } | { status: 'confirmed'; ticket: ConfirmedTicket };

/**
 * What a poll sees. `gone` covers unknown, expired, cancelled, collected and the wrong poll token: they must look alike,
 * or somebody who photographed the code could follow its life.
 */
export function pollView(
  ticket: Ticket | undefined,
  { pollToken, nowMs }: { pollToken: string; nowMs: number },
): PollView {
  if (!ticket || ticket.expiresAt * 1_000 <= nowMs || !ownsTicket(ticket, pollToken)) return { status: 'gone' };
  const { state, openId } = ticket;
  if (state === 'created') return { status: 'pending' };
  if (state === 'scanned') return { status: 'scanned' };
  return state === 'confirmed' && openId ? { status: state, ticket: { ...ticket, openId } } : { status: 'gone' };
}

function ownsTicket(ticket: Ticket, pollToken: string): boolean {
  return timingSafeEqual(Buffer.from(ticket.pollTokenHash, 'hex'), Buffer.from(hashPollToken(pollToken), 'hex'));
}
