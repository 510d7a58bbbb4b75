// The rules for the bodies and the queries of the complaint calls.
import { notifyUrlPattern } from '../patterns.ts';
import { integer, object, required, text } from '../rule.ts';
import type { Rule } from '../rule.ts';

const number = text(10, /^\d+$/);
const date = text(10, /^\d{4}-\d\d-\d\d$/);
const page = { limit: number, offset: number };
const mchId = required(text(64));
const images: Rule = { kind: 'array', item: text(512) };

export const listQueryRule = object({
  ...page,
  begin_date: required(date),
  end_date: required(date),
  complainted_mchid: text(64),
});

export const historyQueryRule = object(page);

/** The address of the notifications. */
export const callbackRule = object({ url: required(text(255, notifyUrlPattern)) });

export const responseRule = object({
  complainted_mchid: mchId,
  response_content: required(text(200)),
  response_images: images,
  jump_url: text(512, /^https:\/\/[^\s/]+(\/\S*)?$/),
  jump_url_text: text(10),
  mini_program_jump_info: object({ appid: required(text(64)), path: required(text(512)), text: required(text(10)) }),
});

export const completeRule = object({ complainted_mchid: mchId });

export const refundProgressRule = object({
  action: required(text(16, /^(APPROVE|REJECT)$/)),
  launch_refund_day: integer(0),
  reject_reason: text(200),
  reject_media_list: images,
  remark: text(200),
});

/** The field `meta` of an upload. */
export const imageMetaRule = object({
  filename: required(text(128, /\.(jpg|jpeg|bmp|png)$/i)),
  sha256: required(text(64, /^[\da-f]{64}$/i)),
});
