// The budget of each flow, and its floor: the lowest known cost.
import type { Units } from './units.ts';

export type FlowName =
  | 'login, known user'
  | 'login, new user'
  | 'QR code'
  | 'poll, pending'
  | 'poll, collected, known user'
  | 'scan push'
  | 'tap'
  | 'reply 1'
  | 'revocation push'
  | 'mini-program push, first'
  | 'mini-program push, repeat'
  | 'mini-program reply'
  | 'authenticated read (/me)'
  | 'JS-SDK config, warm'
  | 'JS-SDK config, cold'
  | 'upload'
  | 'avatar, replaced'
  | 'upload, checked'
  | 'nickname, checked'
  | 'picture verdict'
  | 'prepay'
  | 'wallet top-up'
  | 'virtual top-up'
  | 'paid order, one look'
  | 'pay notification, first'
  | 'pay notification, repeat'
  | 'delivery push, first'
  | 'delivery push, repeat'
  | 'delivery push, by Apple'
  | 'catalogue, cold'
  | 'shipment of a virtual order'
  | 'shipment of goods'
  | 'order-ship, express'
  | 'settlement push'
  | 'shipping sweep, one look'
  | 'shipping sweep, idle'
  | 'list of three shipped orders'
  | 'complaint notification'
  | 'complaints, show'
  | 'access token, 20 cold instances';

export interface Budget {
  /** A unit that is left out has no limit. */
  budget: Partial<Units>;
  floor: Partial<Units>;
  /** The reason for the units above the floor. */
  why?: Partial<Record<keyof Units, string>>;
}

export const BUDGETS: Record<FlowName, Budget> = {
  'login, known user': {
    budget: { rru: 1, wru: 1, calls: 1 },
    floor: { rru: 0.5, wru: 1, calls: 1 },
    why: { rru: 'the identity and its account' },
  },
  'login, new user': {
    budget: { rru: 1, wru: 6, calls: 1 },
    floor: { rru: 0.5, wru: 5, calls: 1 },
    why: {
      rru: 'openid, then unionid',
      wru: 'openid, unionid and account are written in one transaction',
    },
  },
  'QR code': {
    budget: { rru: 0, wru: 3, calls: 1 },
    floor: { rru: 0, wru: 1, calls: 1 },
    why: { wru: 'the counts of the address in its minute and its day, which every second code of an instance writes' },
  },
  'poll, pending': {
    budget: { rru: 0.5, wru: 0, calls: 0 },
    floor: { rru: 0.5, wru: 0, calls: 0 },
  },
  'poll, collected, known user': {
    budget: { rru: 1.5, wru: 2, calls: 0 },
    floor: { rru: 1, wru: 2, calls: 0 },
    why: { rru: 'the ticket, the identity and its account' },
  },
  'scan push': {
    budget: { rru: 0, wru: 2, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
    why: { wru: 'the newest scan of the user, for replies by text' },
  },
  tap: {
    budget: { rru: 0, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
  },
  'reply 1': {
    budget: { rru: 0.5, wru: 2, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
    why: { rru: 'the newest scan of the user' },
  },
  'mini-program push, first': {
    budget: { rru: 0, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
  },
  'mini-program push, repeat': {
    budget: { rru: 0, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
  },
  'revocation push': {
    budget: { rru: 0.5, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
    why: { rru: 'the account of the user, for the event' },
  },
  'mini-program reply': {
    budget: { rru: 0, wru: 1, calls: 1 },
    floor: { rru: 0, wru: 1, calls: 1 },
  },
  'authenticated read (/me)': {
    budget: { rru: 1.5, wru: 0, calls: 0 },
    floor: { rru: 1, wru: 0, calls: 0 },
    why: { rru: 'a strong read of the session, so that a logout is effective at once' },
  },
  'JS-SDK config, warm': {
    budget: { rru: 0, wru: 0, calls: 0 },
    floor: { rru: 0, wru: 0, calls: 0 },
  },
  'JS-SDK config, cold': {
    budget: { rru: 0.5, wru: 0, calls: 0 },
    floor: { rru: 0.5, wru: 0, calls: 0 },
  },
  upload: {
    budget: { rru: 2.5, wru: 2, calls: 0 },
    floor: { rru: 1, wru: 1, calls: 0 },
    why: {
      rru: 'the account of the session, and its uploads: refused pictures and the number of unused pictures',
      wru: 'the count of the account, because a script can upload from many addresses',
    },
  },
  'avatar, replaced': {
    budget: { rru: 5, wru: 6, calls: 0 },
    floor: { rru: 2, wru: 3, calls: 0 },
    why: {
      rru: 'strong reads of account and upload, then of all uploads and the account, to find replaced files',
      wru: 'account and upload are written in one transaction, which costs double',
    },
  },
  'upload, checked': {
    budget: { rru: 3, wru: 8, calls: 1 },
    floor: { rru: 1, wru: 3, calls: 1 },
    why: {
      rru: 'as of an upload, and the access token of a cold instance',
      wru: 'the check is stored before the request, so that a crash loses none, and is scheduled twice',
    },
  },
  'nickname, checked': {
    budget: { rru: 2.5, wru: 2, calls: 1 },
    floor: { rru: 1, wru: 1, calls: 1 },
    why: {
      rru: 'strong reads of session and account, and the access token of a cold instance',
      wru: 'the count of the account, because a script would spend the quota of all users',
    },
  },
  'picture verdict': {
    budget: { rru: 4, wru: 6, calls: 0 },
    floor: { rru: 1, wru: 3, calls: 0 },
    why: {
      rru: 'strong reads of the check and the account, then of all uploads, to find replaced files',
      wru: 'the decision and its effects are separate writes, so that a crash loses none; the end of the schedule',
    },
  },
  prepay: {
    budget: { rru: 1.5, wru: 3, calls: 1 },
    floor: { rru: 0.5, wru: 2, calls: 1 },
    why: {
      rru: 'session, account and open orders: the account shows that all its sessions ended',
      wru: 'the index entry of the follow-up of the new order',
    },
  },
  'wallet top-up': {
    budget: { rru: 2.5, wru: 7, calls: 1 },
    floor: { rru: 0.5, wru: 2, calls: 1 },
    why: {
      rru: 'session, account and open orders, as in prepay',
      wru: 'order, index entry and account are written in one transaction, which costs double',
    },
  },
  'virtual top-up': {
    budget: { rru: 2.5, wru: 6, calls: 0 },
    floor: { rru: 0.5, wru: 1, calls: 0 },
    why: {
      rru: 'session, account and open orders, as in prepay',
      wru: 'order, index entry and account are written in one transaction, which costs double',
    },
  },
  'paid order, one look': {
    budget: { rru: 3, wru: 0, calls: 0 },
    floor: { rru: 1.5, wru: 0, calls: 0 },
    why: { rru: 'strong reads of session and order; the account of the session' },
  },
  'pay notification, first': {
    budget: { rru: 0.5, wru: 3, calls: 0 },
    floor: { rru: 0, wru: 2, calls: 0 },
    why: { wru: 'the index entry of the paid order, for the bill of its day' },
  },
  'pay notification, repeat': {
    budget: { rru: 0.5, wru: 1, calls: 0 },
    floor: { rru: 0, wru: 1, calls: 0 },
  },
  'delivery push, first': {
    budget: { rru: 1, wru: 3, calls: 0 },
    floor: { rru: 0, wru: 2, calls: 0 },
    why: {
      rru: 'a strong read of the order, because every field of the push must equal the order',
      wru: 'the index entry of the paid order, and the end of its follow-up',
    },
  },
  'delivery push, repeat': {
    budget: { rru: 1, wru: 1, calls: 1 },
    floor: { rru: 1, wru: 0, calls: 0 },
    why: {
      wru: 'the end of a follow-up, which the order may have',
      calls: 'the report of the delivery, because WeChat lost the answer',
    },
  },
  'delivery push, by Apple': {
    budget: { rru: 2, wru: 6, calls: 2 },
    floor: { rru: 0, wru: 2, calls: 1 },
    why: {
      rru: 'strong reads of the order before and after the query',
      wru: 'the follow-up of the report, which a crash must not lose, and its end; both have index entries',
      calls: 'the report of the delivery, which the order otherwise waits for',
    },
  },
  'catalogue, cold': {
    budget: { rru: 0.5, wru: 0, calls: 0 },
    floor: { rru: 0.5, wru: 0, calls: 0 },
  },
  'shipment of a virtual order': {
    budget: { rru: 2, wru: 8, calls: 1 },
    floor: { rru: 0.5, wru: 2, calls: 1 },
    why: {
      rru: 'strong reads of the order, and of the shipment that an operator may have opened',
      wru: 'the upload is stored, claimed and concluded, each with its follow-up: a crash loses none, and none is sent twice',
    },
  },
  'shipment of goods': {
    budget: { rru: 2, wru: 2, calls: 0 },
    floor: { rru: 0.5, wru: 2, calls: 0 },
    why: { rru: 'strong reads of the order, and of the shipment that an operator may have opened' },
  },
  'order-ship, express': {
    budget: { rru: 2, wru: 6, calls: 1 },
    floor: { rru: 1, wru: 3, calls: 1 },
    why: {
      rru: 'strong reads of order and shipment, because a concurrent upload may be pending',
      wru: 'the upload is stored before the call, so that a crash loses none, and its follow-up moves twice',
    },
  },
  'settlement push': {
    budget: { rru: 2, wru: 3, calls: 0 },
    floor: { rru: 1, wru: 2, calls: 0 },
    why: {
      rru: 'strong reads of order and shipment, because the upload of the order may have ended just before',
      wru: 'the claim of the push, which makes a repetition harmless',
    },
  },
  'shipping sweep, one look': {
    budget: { rru: 2, wru: 6, calls: 1 },
    floor: { rru: 1, wru: 3, calls: 1 },
    why: {
      rru: 'strong reads of order and shipment',
      wru: 'the follow-up moves before the look, so that a failing shipment does not block the others, and after it',
    },
  },
  'shipping sweep, idle': {
    budget: { rru: 4, wru: 0, calls: 0 },
    floor: { rru: 0.5, wru: 0, calls: 0 },
    why: { rru: 'eight partitions of the schedule' },
  },
  'list of three shipped orders': {
    budget: { rru: 3, wru: 0, calls: 0 },
    floor: { rru: 2, wru: 0, calls: 0 },
    why: { rru: 'strong reads of the session and the orders' },
  },
  'complaint notification': {
    budget: { rru: 3, wru: 5, calls: 1 },
    floor: { rru: 0, wru: 2, calls: 1 },
    why: {
      rru: 'strong reads of the complaint before both writes, and of the order, which shows that it is ours',
      wru: 'the complaint is stored before the query and with its details, so that no failed query loses it',
    },
  },
  'complaints, show': {
    budget: { rru: 1.5, wru: 1, calls: 2 },
    floor: { rru: 0, wru: 0, calls: 2 },
    why: {
      rru: 'reads of the stored complaint: its API, then a strong read',
      wru: 'the new details, which end a warning about a complaint that waits',
    },
  },
  'access token, 20 cold instances': { budget: { calls: 1 }, floor: { calls: 1 } },
};
