import { textOf } from './document.ts';
import type { Elements } from './document.ts';

/** The push that a reply answers. */
export interface Question {
  /** The openid of the user who receives the reply. */
  openId: string;
  originalId: string;
  /** Whether the push is a message; all other pushes are events. */
  isMessage: boolean;
}

/** Checks the fields that every reply has. @returns the type of the reply @throws Error with the reason if one is invalid */
export function readReplyHead(elements: Elements, { openId, originalId }: Question): string {
  if (elements.ToUserName !== openId) throw new Error('ToUserName is not the openid of the person');
  if (elements.FromUserName !== originalId) throw new Error('FromUserName is not the gh_ id of the account');
  if (!/^\d+$/.test(textOf(elements, 'CreateTime'))) throw new Error('CreateTime is not a number');
  return textOf(elements, 'MsgType');
}
