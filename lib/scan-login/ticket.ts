import { createHash, timingSafeEqual } from 'node:crypto';
import type { ScannedTicket, Ticket, TicketState } from '../store/tickets.ts';

/** Lifetime of a QR code and its ticket in seconds. */
export const TICKET_LIFE_S = 300;
/** Time after a login, in seconds, in which a short text revokes it. A link revokes it as long as its session lives. */
export const LATE_REVOKE_S = 600;
/** Poll interval that the answer recommends to the page. */
export const POLL_INTERVAL_MS = 2_000;

const SCENE_PREFIX = 'login:';

/**
 * Returns the scene string of a ticket, which WeChat returns with the scan. WeChat allows 64 characters.
 * @see https://developers.weixin.qq.com/doc/service/api/qrcode/qrcodes/api_createqrcode.html
 */
export function sceneOf(ticket: string): string {
  return SCENE_PREFIX + ticket;
}

/** Returns the ticket of a scene, or undefined when the scene is not from a login code. */
export function ticketOfScene(scene: string): string | undefined {
  const ticket = scene.startsWith(SCENE_PREFIX) ? scene.slice(SCENE_PREFIX.length) : '';
  return isTicket(ticket) ? ticket : undefined;
}

/** Whether a text has the format of a ticket: 16 random bytes in base64url. */
export function isTicket(text: string): boolean {
  return /^[\w-]{22}$/.test(text);
}

/** Returns the hash of a poll token. Only the hash is stored, so that a reader of the table cannot poll. */
export function hashPollToken(pollToken: string): string {
  return createHash('sha256').update(pollToken).digest('hex');
}

type Move = { from: TicketState[]; to: TicketState };

/** Decisions in the mini-program: the states in which each decision is allowed, and the state that follows. */
export const MINIAPP_MOVES = {
  scan: { from: ['created'], to: 'scanned' },
  confirm: { from: ['created', 'scanned'], to: 'confirmed' },
  cancel: { from: ['created', 'scanned'], to: 'cancelled' },
} satisfies Record<string, Move>;

/**
 * Choices in the chat of the official account. A login can be confirmed or refused only after the scan, and it can be
 * revoked until its session expires.
 */
export const CHAT_MOVES = {
  confirm: { from: ['scanned'], to: 'confirmed' },
  refuse: { from: ['scanned'], to: 'cancelled' },
  revoke: { from: ['scanned', 'confirmed', 'collected'], to: 'cancelled' },
} satisfies Record<string, Move>;

export type ChatChoice = keyof typeof CHAT_MOVES;

export type PollView =
  { status: 'gone' } | { status: 'pending' } | { status: 'scanned' } | { status: 'confirmed'; ticket: ScannedTicket };

/**
 * Returns the state that a poll sees. `gone` covers an unknown, expired, cancelled or collected ticket and a wrong poll
 * token. The view is the same for all of them, so that an attacker who photographed the code cannot follow the login.
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
