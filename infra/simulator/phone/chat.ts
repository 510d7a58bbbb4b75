// The person in the chat of the official account.
import { realSeconds } from '../clock.ts';
import { readChoice, readCount, readText } from '../control-body.ts';
import type { Body } from '../control-body.ts';
import { ControlError, paramError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import { lowerFirst } from '../official/xml.ts';
import type { XmlFields } from '../official/xml.ts';
import type { Person } from '../people.ts';
import type { Actions } from './action.ts';

const messageTypes = ['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link'] as const;

export const chatActions: Actions = {
  message: async ({ push }, person, body) => {
    assertFollows(person);
    const type = readChoice(body, 'msgType', messageTypes) ?? 'text';
    const fields: XmlFields = body.msgType === undefined ? { Content: readText(body, 'text') } : readFields(body);
    person.chat.push({ from: 'person', type, ...lowerFirst(fields) });
    return { push: await push.message(person, type, fields) };
  },
  'menu-click': async ({ push }, person, body) => {
    assertFollows(person);
    const key = readText(body, 'key');
    person.chat.push({ from: 'person', type: 'menu-click', key });
    return { push: await push.event(person, 'CLICK', { EventKey: key }) };
  },
  unfollow: async ({ push }, person) => {
    assertFollows(person);
    person.follow = null;
    return { push: await push.event(person, 'unsubscribe', { EventKey: '' }) };
  },
  /** Any other event, whoever caused it; the fields may replace those that all events have. */
  event: async ({ push }, person, body) => {
    const event = readText(body, 'event');
    const fields = readFields(body);
    if (event === 'subscribe') person.follow = { since: realSeconds() };
    if (event === 'unsubscribe') person.follow = null;
    return { push: await push.event(person, event, fields) };
  },
  /** The newest pushes once more, as when WeChat heard no answer. */
  resend: async ({ push }, person, body) => ({ push: await push.resend(person, readCount(body, 'last')) }),
};

function assertFollows({ id, follow }: Person): void {
  if (!follow)
    throw new ControlError(409, 'NOT_FOLLOWING', `${id} does not follow the official account: scan its QR code first`);
}

function readFields({ fields = {} }: Body): XmlFields {
  if (isXmlFields(fields)) return fields;
  throw paramError('fields must hold text, numbers, lists and objects, under names that are fit for XML');
}

function isXmlFields(value: unknown): value is XmlFields {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(
    ([name, child]) => /^[A-Za-z_][\w.-]*$/.test(name) && (Array.isArray(child) ? child : [child]).every(isXmlContent),
  );
}

function isXmlContent(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || isXmlFields(value);
}
