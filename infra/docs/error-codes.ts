import type { ErrorCode } from '../../lib/core/errors.ts';

/** The description of an error code on the page, in Markdown. */
interface ErrorCodeDescription {
  cause: string;
  /** The reaction of the client. */
  client: string;
}

/** Every error code. A new code without an entry fails the type check. */
export const ERROR_CODES: Record<ErrorCode, ErrorCodeDescription> = {
  PARAM_ERROR: {
    cause:
      'The request does not match the schema of the route: a missing or malformed field, a repeated query parameter, a body that is not JSON, or a value outside its limits. `detail.field` names the field where one is known. `POST /miniapp/phone` also returns it for a number whose country code WeChat leaves unclear; the user binds another number.',
    client: 'Corrects the request. A retry of the same request fails again.',
  },
  CONTENT_REFUSED: {
    cause:
      'WeChat classifies the nickname or the picture as risky, or the account uploads a picture again that was refused. Only with `CONTENT_CHECK=on`.',
    client: 'Asks the user for another nickname or picture.',
  },
  UNAUTHENTICATED: {
    cause:
      'The request has no session token, or the token is invalid. The session has expired or was ended, or its account is closed. `POST /register` also returns it for an invalid or expired `registrationToken`, and when its login was ended.',
    client: 'Deletes its token and logs in.',
  },
  WECHAT_CODE_INVALID: {
    cause:
      'WeChat declined a code of `wx.login`, OAuth or the phone button: unknown, expired, used, or of another user. Of more than two requests with one code at the same time, the last ones may get this error.',
    client: 'Gets a new code from WeChat and sends the request once more.',
  },
  SESSION_EXPIRED: {
    cause:
      'The encrypted data of the mini-program do not open with this session: WeChat replaced the session key, the data are older than five minutes, or they belong to another user. The session itself stays valid.',
    client: 'Calls `wx.login`, logs in, then requests the data from WeChat once more.',
  },
  FORBIDDEN: {
    cause:
      'The caller may not do this. Examples: a session of another app or of a scan login on a route of the mini-program; an OAuth callback without the cookie of its login; a payment that WeChat Pay declines. Webhooks return it for a message with a wrong signature.',
    client: 'Shows the message. On `GET /oauth/callback` the browser shows a page with a link back.',
  },
  WECHAT_USER_BLOCKED: {
    cause: 'WeChat blocked this user as a risk (errcode 40226).',
    client: 'Shows the message and offers no retry.',
  },
  SNAPSHOT_USER: {
    cause: 'WeChat shows the page as a preview, in which it gives a made-up openid.',
    client: 'Asks the user to tap 使用完整服务 at the bottom of the page, then starts the login again.',
  },
  ORIGIN_NOT_ALLOWED: {
    cause:
      'A request with the session cookie that changes state, or a `POST /register?cookie=1`, has no `Origin` from `ALLOWED_ORIGINS`. `GET /jssdk/config` returns it for a page of another origin.',
    client:
      'Sends the request from an allowed page. The operator adds the origin to `ALLOWED_ORIGINS` if it is missing.',
  },
  FRESH_LOGIN_REQUIRED: {
    cause:
      'The request closes the account or replaces its phone number, and the login is older than 10 minutes. A token that replaced another token keeps the time of its login.',
    client: 'Logs in again and sends the request again. A phone code stays usable for 5 minutes.',
  },
  VIRTUAL_PAYMENT_REQUIRED: {
    cause:
      'The sku is a virtual good, and WeChat permits only virtual payment for virtual goods in a mini-program. The request has `tradeType: "JSAPI"`.',
    client:
      'Sends `tradeType: "VIRTUAL"` and opens the payment with `wx.requestVirtualPayment`. H5 and Native payments outside the mini-program are unaffected.',
  },
  NOT_FOUND: {
    cause:
      'No such order, sku or verification file. An order of another account returns the same error. An unknown path of several segments gets the 404 of the gateway instead.',
    client: 'Corrects the identifier. For a sku, the operator stores a price with `catalog-put`.',
  },
  PHONE_ALREADY_BOUND: {
    cause: 'Another account has this phone number. `detail.takeOver` is whether the number may move to this account.',
    client:
      'With `takeOver: true`, asks the user and sends the same code again with `takeOver: true` in the body. Otherwise asks the user to log in to the other account, or to bind another number.',
  },
  ORDER_STATE_CONFLICT: {
    cause:
      'The state of an order or refund does not allow the action. Examples: closing a paid order, closing an account with an open order or a positive balance, an `Idempotency-Key` of another or a settled purchase. Webhooks return it for a payment that does not match its order.',
    client:
      'Reads the order, shows its state, and uses a new `Idempotency-Key` for a new purchase. `detail` has the state.',
  },
  IDENTITY_CONFLICT: {
    cause: 'The unionid shows that two accounts belong to one user, and both have a phone number. Nothing was changed.',
    client: 'Asks the user to close one of the accounts (`DELETE /me`) and to log in again.',
  },
  TICKET_EXPIRED: {
    cause:
      'The ticket of a scan login is unknown, expired, cancelled, revoked or already collected, or the poll token is wrong. An end of all sessions also ends a confirmed login that is not collected yet. The cases are indistinguishable on purpose.',
    client: 'Stops polling and creates a new QR code.',
  },
  BODY_TOO_LARGE: {
    cause: 'The body has more than 64 KB (65,536 bytes).',
    client: 'Sends a smaller body.',
  },
  RATE_LIMITED: {
    cause:
      'A rate limit of the service, or a quota of WeChat, is exhausted, or another request with the same phone code is under way. `POST /pay/prepay` also returns it for an account with 20 open orders.',
    client:
      'Waits for the seconds in `Retry-After`, then retries. A paid or closed order makes room for a new order at once.',
  },
  INTERNAL: {
    cause:
      'An unexpected failure: a defect, an outage of DynamoDB, or a request that WeChat Pay rejects as malformed. The message is fixed. The log has the reason, with the sentence of WeChat Pay.',
    client: 'Retries with backoff. Reports the `requestId` if the error persists.',
  },
  WECHAT_UNAVAILABLE: {
    cause:
      'WeChat is unreachable, or returned an error or a response that the service cannot use. A call that changes something may have taken effect.',
    client:
      'Retries with backoff. A retry of `POST /pay/prepay` carries the same `Idempotency-Key`. A retry with the same WeChat code is safe.',
  },
  NOT_CONFIGURED: {
    cause: 'A setting is missing or unusable. `detail.setting` names it.',
    client:
      'Shows that the service is unavailable. The operator sets the setting ([settings](../../infra/README.md#settings)).',
  },
  WECHAT_CONFIG: {
    cause:
      'WeChat rejects the configuration: an AppSecret, a key, a certificate, an IP address that is not allowlisted, a missing permission. The message names the setting where it is known.',
    client: 'Shows that the service is unavailable. The operator follows the message and runs `npm run doctor`.',
  },
  WECHAT_TIMEOUT: {
    cause: 'WeChat did not respond within the time budget of the request. The call may have taken effect.',
    client: 'As for `WECHAT_UNAVAILABLE`.',
  },
};
