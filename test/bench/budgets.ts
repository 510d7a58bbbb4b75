// The cost that each flow may have, and the lowest that we know of.
import type { Units } from './units.ts';

export type FlowName =
  | 'login, known user'
  | 'login, new user'
  | 'QR code'
  | 'poll, pending'
  | 'poll, collected, known user'
  | 'scan push'
  | 'authenticated read (/me)'
  | 'JS-SDK config, warm'
  | 'JS-SDK config, cold'
  | 'prepay'
  | 'paid order, one look'
  | 'pay notification, first'
  | 'pay notification, repeat'
  | 'access token, 20 cold instances';

export interface Budget {
  /** A unit that is left out has no limit. */
  budget: Partial<Units>;
  floor: Partial<Units>;
  /** What a unit above the floor is spent on. */
  why?: Partial<Record<keyof Units, string>>;
}

export const BUDGETS: Record<FlowName, Budget> = {
  'login, known user': {
    budget: { rru: 1, wru: 1, calls: 1 },
    floor: { rru: 0.5, wru: 1, calls: 1 },
    why: { rru: 'identity, then the account that it names' },
  },
  'login, new user': {
    budget: { rru: 1, wru: 6, calls: 1 },
    floor: { rru: 0.5, wru: 5, calls: 1 },
    why: {
      rru: 'openid, then unionid',
      wru: 'what leads to the account, the unionid too, is one transaction',
    },
  },
  'QR code': {
    budget: { rru: 0, wru: 1, calls: 1 },
    floor: { rru: 0, wru: 1, calls: 1 },
  },
  'poll, pending': {
    budget: { rru: 0.5, wru: 0, calls: 0 },
    floor: { rru: 0.5, wru: 0, calls: 0 },
  },
  'poll, collected, known user': {
    budget: { rru: 1.5, wru: 2, calls: 0 },
    floor: { rru: 1, wru: 2, calls: 0 },
    why: { rru: 'ticket, identity, and the account that it names' },
  },
  'scan push': {
    budget: { rru: 0, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
  },
  'authenticated read (/me)': {
    budget: { rru: 1.5, wru: 0, calls: 0 },
    floor: { rru: 1, wru: 0, calls: 0 },
    why: { rru: 'the session is read strongly, so that a logout counts at once' },
  },
  'JS-SDK config, warm': {
    budget: { rru: 0, wru: 0, calls: 0 },
    floor: { rru: 0, wru: 0, calls: 0 },
  },
  'JS-SDK config, cold': {
    budget: { rru: 0.5, wru: 0, calls: 0 },
    floor: { rru: 0.5, wru: 0, calls: 0 },
  },
  prepay: {
    budget: { rru: 1, wru: 3, calls: 1 },
    floor: { rru: 0.5, wru: 2, calls: 1 },
    why: { rru: 'session and price', wru: 'the entry of the new order in the index of what is due' },
  },
  'paid order, one look': {
    budget: { rru: 2.5, wru: 0, calls: 0 },
    floor: { rru: 1, wru: 0, calls: 0 },
    why: { rru: 'session and order are read strongly; the account that the session leads to' },
  },
  'pay notification, first': {
    budget: { rru: 0.5, wru: 3, calls: 0 },
    floor: { rru: 0, wru: 2, calls: 0 },
    why: { wru: 'what was paid on a day is listed in the index, for the bill of that day' },
  },
  'pay notification, repeat': {
    budget: { rru: 0.5, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
  },
  'access token, 20 cold instances': { budget: { calls: 1 }, floor: { calls: 1 } },
};
