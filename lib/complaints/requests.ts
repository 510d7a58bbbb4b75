import * as v from 'valibot';
import { COMPLAINT_ID } from '../core/ids.ts';
import { PLAIN_TEXT } from '../core/utf8.ts';

// The requests of operators. WeChat Pay counts characters in these fields.

const complaintId = v.pipe(
  v.string('complaintId is missing'),
  v.regex(COMPLAINT_ID, 'complaintId must be an id of WeChat Pay'),
);
const text = (name: string, max: number) =>
  v.pipe(
    v.string(`${name} is missing`),
    v.nonEmpty(`${name} must not be empty`),
    // WeChat Pay rejects characters of four bytes. See https://pay.weixin.qq.com/doc/v3/merchant/4012081709
    v.check(
      (value) => PLAIN_TEXT.test(value.replaceAll('\n', '')),
      `${name} must have no emoji and no control characters except line feeds`,
    ),
    v.maxLength(max, ({ received }) => `${name} must have at most ${max} characters; got ${received}`),
  );
const images = v.optional(
  v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^[\x21-\x7E]{1,512}$/, 'images must be ids of uploaded pictures'))),
    v.minLength(1, 'images must not be empty; leave it out'),
    v.maxLength(4, 'images must have at most 4 ids'),
  ),
);
const https = v.pipe(
  v.string(),
  v.regex(/^https:\/\/[^\s/]\S*$/, 'jumpUrl must be an https address'),
  v.maxLength(512, 'jumpUrl must have at most 512 characters'),
);

const reply = v.pipe(
  v.strictObject({
    action: v.literal('reply'),
    complaintId,
    content: text('content', 200),
    images,
    jumpUrl: v.optional(https),
    jumpUrlText: v.optional(text('jumpUrlText', 10)),
  }),
  v.check(
    ({ jumpUrl, jumpUrlText }) => (jumpUrl === undefined) === (jumpUrlText === undefined),
    'jumpUrl and jumpUrlText need each other',
  ),
);

const approval = v.strictObject({
  action: v.literal('approve-refund'),
  complaintId,
  outTradeNo: v.optional(v.string()),
  // The flow of refunds checks these fields.
  outRefundNo: v.string(),
  amountFen: v.number(),
  reason: v.optional(v.string()),
  fundsAccount: v.optional(v.string()),
  launchRefundDay: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(30))),
});

const rejection = v.strictObject({
  action: v.literal('reject-refund'),
  complaintId,
  reason: text('reason', 200),
  remark: v.optional(text('remark', 200)),
  images,
});

/** A request of an operator, by its action. */
export const complaintRequest = v.variant(
  'action',
  [
    v.strictObject({
      action: v.literal('list'),
      /** Days before today, the current day included. */
      days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(30)), 30),
      offset: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0),
    }),
    v.strictObject({ action: v.literal('show'), complaintId, phone: v.optional(v.boolean(), false) }),
    reply,
    v.strictObject({ action: v.literal('complete'), complaintId }),
    approval,
    rejection,
  ],
  'action must be list, show, reply, complete, approve-refund or reject-refund',
);

type ComplaintRequest = v.InferOutput<typeof complaintRequest>;
/** The request of one action. */
export type RequestOf<Action extends ComplaintRequest['action']> = Extract<ComplaintRequest, { action: Action }>;
