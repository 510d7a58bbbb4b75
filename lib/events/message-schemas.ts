import * as v from 'valibot';

const anyText = v.string();
const present = v.pipe(v.string(), v.minLength(1));
/** WeChat's id of the message. Messages of several users can have one id. */
const messageId = v.optional(present);
const place = v.object({ x: anyText, y: anyText, scale: anyText, label: anyText });

const image = v.object({ messageId, kind: v.literal('image'), picUrl: anyText, mediaId: anyText });
const voice = v.object({
  messageId,
  kind: v.literal('voice'),
  mediaId: anyText,
  format: anyText,
  mediaId16K: v.optional(present),
});
const video = v.object({
  messageId,
  kind: v.picklist(['video', 'shortvideo']),
  mediaId: anyText,
  thumbMediaId: anyText,
});
const link = v.object({ messageId, kind: v.literal('link'), title: anyText, description: anyText, url: anyText });
const card = v.object({
  messageId,
  kind: v.literal('miniprogrampage'),
  title: anyText,
  appId: anyText,
  pagePath: anyText,
  thumbUrl: anyText,
  thumbMediaId: anyText,
});

/** A message that a user sent to the official account. */
export const officialMessage = v.union([
  v.object({ messageId, kind: v.literal('text'), text: anyText, menuId: v.optional(present) }),
  image,
  voice,
  video,
  v.object({ messageId, kind: v.literal('location'), place }),
  link,
]);

/** A message that a user sent to the customer service of the mini-program. */
export const miniappMessage = v.union([v.object({ messageId, kind: v.literal('text'), text: anyText }), image, card]);
