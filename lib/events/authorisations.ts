/**
 * The names of the authorisations that a user can withdraw, by the number in `RevokeInfo`. Numbers from 201 belong to web
 * pages of the official account, numbers from 301 to websites and apps.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/event_push/platform/authorized_user_information_changes
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/authorization_change.html
 * @see https://developers.weixin.qq.com/doc/oplatform/Website_App/WeChat_Login/authorization_change.html
 */
const AUTHORISATIONS = {
  '1': 'license-plate',
  '2': 'address',
  '3': 'invoice',
  '4': 'bluetooth',
  '5': 'microphone',
  '6': 'nickname-and-avatar',
  '7': 'camera',
  '8': 'phone-number',
  '12': 'step-count',
  '13': 'location',
  '14': 'selected-pictures',
  '15': 'selected-files',
  '16': 'email',
  '18': 'selected-location',
  '19': 'keyboard-nickname',
  '20': 'selected-avatar',
  '201': 'h5-address',
  '202': 'h5-invoice',
  '203': 'h5-cards',
  '204': 'h5-microphone',
  '205': 'h5-nickname-and-avatar',
  '206': 'h5-location',
  '207': 'h5-selected-pictures',
  '301': 'everything',
} as const;

/** The name of an authorisation. */
export type Authorisation = (typeof AUTHORISATIONS)[keyof typeof AUTHORISATIONS];

/** Bounds the length of the list. WeChat documents fewer numbers. */
const MAX_NUMBERS = 64;

/**
 * Returns the names of the authorisations that a push withdraws. A number that WeChat does not document remains a
 * number. Other texts are left out. The list is read by the consumers, not by the webhooks, whose bundles stay small.
 * @param revokeInfo numbers with commas
 */
export function readAuthorisations(revokeInfo = ''): string[] {
  const numbers = revokeInfo.split(',').map((number) => number.trim());
  return [...new Set(numbers)]
    .filter((number) => /^\d{1,4}$/.test(number))
    .slice(0, MAX_NUMBERS)
    .map((number) => (Object.hasOwn(AUTHORISATIONS, number) ? AUTHORISATIONS[number as '1'] : number));
}
