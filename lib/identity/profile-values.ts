import { AppError } from '../core/errors.ts';
import type { Profile } from '../store/accounts.ts';
import { displayName, MAX_NAME_BYTES, MAX_NAME_LENGTH } from './display-name.ts';

const MAX_AVATAR_URL = 1_024;

/**
 * The name that WeChat returns for every user, with a grey picture: `wx.getUserInfo` since 2021, `wx.getUserProfile`
 * since October 2022.
 * @see https://developers.weixin.qq.com/community/develop/doc/00022c683e8a80b29bed2142b56c01
 */
const PLACEHOLDER_NAME = '微信用户';
/** The ids in the addresses of the grey picture. Host and size of an address differ. */
const GREY_PICTURES = [
  'POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg',
  'icTdbqWNOwNRna42FI242Lcia07jQodd2FJGIYQfG0LAJGFxM4FbnQP6yfMxBgJ0F3YRqJCJ1aPAK2dQagdusBZg',
];
/** Addresses of the files of `chooseAvatar`: on a phone, in old base libraries, and in the developer tools. */
const TEMPORARY_FILE = /^(https?:\/\/(tmp|usr|store)\/|wxfile:|https?:\/\/(127\.0\.0\.1|localhost)(:\d+)?\/__\w+__\/)/i;

/**
 * Converts the values that the user entered. Leaves out the placeholders of WeChat, because mini-programs send WeChat's
 * values as input of the user.
 * @throws PARAM_ERROR
 */
export function typedProfile({ nickname, avatarUrl }: Profile): Profile {
  const name = nickname === undefined ? undefined : typedName(nickname);
  const picture = avatarUrl === undefined ? undefined : typedPicture(avatarUrl);
  return profileOf(name === PLACEHOLDER_NAME ? undefined : name, picture);
}

/**
 * Converts a profile from WeChat. Leaves out placeholders, and values that would be rejected as user input. A picture
 * that comes with the placeholder name is a placeholder too.
 */
export function wechatProfile({ nickname, avatarUrl }: { nickname: string; avatarUrl: string }): Profile {
  const name = displayName(nickname);
  return name === PLACEHOLDER_NAME ? {} : profileOf(name, pictureOf(avatarUrl.replace(/^http:/, 'https:')));
}

function profileOf(nickname: string | undefined, avatarUrl: string | undefined): Profile {
  const isGrey = GREY_PICTURES.some((id) => avatarUrl?.includes(id));
  return { ...(nickname !== undefined && { nickname }), ...(avatarUrl !== undefined && !isGrey && { avatarUrl }) };
}

function typedName(nickname: string): string {
  const name = displayName(nickname);
  if (name !== undefined) return name;
  const limits = `at most ${MAX_NAME_LENGTH} characters and ${MAX_NAME_BYTES} bytes`;
  throw invalidField('nickname', `must have a visible character, ${limits}, and at most 8 combining marks in a row`);
}

function typedPicture(avatarUrl: string): string {
  if (TEMPORARY_FILE.test(avatarUrl)) {
    throw invalidField(
      'avatarUrl',
      'is a temporary file of the phone; send it to POST /uploads, then send avatarUploadId',
    );
  }
  const picture = pictureOf(avatarUrl);
  if (picture !== undefined) return picture;
  throw invalidField('avatarUrl', `must be an https address of at most ${MAX_AVATAR_URL} characters`);
}

/** Returns the normalised address; undefined for a scheme other than https, a user, a password, or white space. */
function pictureOf(text: string): string | undefined {
  const isPlain = text.length <= MAX_AVATAR_URL && !/[\s\p{C}]/u.test(text) && URL.canParse(text);
  if (!isPlain) return undefined;
  const { protocol, username, password, href } = new URL(text);
  return protocol === 'https:' && username === '' && password === '' ? href : undefined;
}

/** Returns the error for a field of the body. */
export function invalidField(field: string, expected: string): AppError {
  return new AppError('PARAM_ERROR', `body.${field}: ${expected}`, { detail: { field: `body.${field}` } });
}
