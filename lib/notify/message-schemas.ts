import * as v from 'valibot';
import { userId } from '../identity/user-id.ts';
import { MAX_TEXT_BYTES } from '../wechat/chat-text.ts';

// The messages that an operator can send, with WeChat's names of the fields.

const filled = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const address = v.pipe(v.string(), v.regex(/^https?:\/\/\S+$/, 'must be an http or https address'));
const data = v.pipe(
  v.record(filled, v.strictObject({ value: filled })),
  v.check((values) => Object.keys(values).length > 0, 'must have a key of the template, such as thing1'),
);

const text = {
  kind: v.literal('text'),
  content: v.pipe(
    filled,
    v.maxBytes(MAX_TEXT_BYTES, ({ received }) => {
      return `has ${received} bytes of UTF-8, at most ${MAX_TEXT_BYTES} are allowed; a Chinese character has three`;
    }),
  ),
};
const image = { kind: v.literal('image'), media_id: filled };
const link = { kind: v.literal('link'), title: filled, description: filled, url: address, thumb_url: address };
const card = { kind: v.literal('miniprogram'), title: filled, pagepath: filled, thumb_media_id: filled };
const template = {
  kind: v.literal('template'),
  template_id: filled,
  data,
  url: v.optional(address),
  miniprogram: v.optional(v.strictObject({ appid: filled, pagepath: filled })),
  client_msg_id: v.optional(v.pipe(filled, v.maxLength(50, 'must have at most 50 characters'))),
};
const subscribe = { kind: v.literal('subscribe'), template_id: filled, data, page: v.optional(filled) };

const miniapp = { userId, app: v.literal('mini-program') };
const official = { userId, app: v.literal('official-account') };

/** A message, by the app that sends it. A card of the official account names its mini-program. */
export const messageSchema = v.variant('app', [
  v.variant('kind', [
    v.strictObject({ ...miniapp, ...text }),
    v.strictObject({ ...miniapp, ...image }),
    v.strictObject({ ...miniapp, ...link }),
    v.strictObject({ ...miniapp, ...card }),
    v.strictObject({ ...miniapp, ...subscribe }),
  ]),
  v.variant('kind', [
    v.strictObject({ ...official, ...text }),
    v.strictObject({ ...official, ...image }),
    v.strictObject({ ...official, ...link }),
    v.strictObject({ ...official, ...card, appid: filled }),
    v.strictObject({ ...official, ...template }),
  ]),
]);

export type OperatorMessage = v.InferOutput<typeof messageSchema>;
