// The network between the user's browser and a server of this machine. The loopback interface of Linux has the addresses
// 127.0.0.0/8, so each user, the carrier and the edge of CloudFront connect from an address of their own.
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { readChoice, readOptionalText, readText, type ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import { readLoopbackUrl } from '../loopback.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { PhoneActions } from './action.ts';

export const networkActions: PhoneActions = { visit: (_world, user, body) => visit(user, body) };

/**
 * The shared addresses: a carrier shows many users under one IPv4 address, and CloudFront shows its edge. Reports of rate
 * limits that counted such users as one: afeld/jsonp #124, Chanzhaoyu/chatgpt-web #893.
 */
const sharedAddress = { carrier: '127.0.0.2', cloudfront: '127.0.0.3' };
const deadlineMs = 30_000;

/** Sends a request of the user's browser through a network. Redirects are not followed. */
async function visit(user: WechatUser, body: ControlBody): Promise<object> {
  const url = readLoopbackUrl(readText(body, 'url'), 'url');
  const via = readChoice(body, 'via', ['carrier', 'cloudfront']);
  const content = typeof body.body === 'object' ? JSON.stringify(body.body) : readOptionalText(body, 'body');
  const direct = `127.1.${hostOf(user)}`;
  user.address = via === 'cloudfront' ? viewerOf(user) : via ? sharedAddress[via] : direct;
  const sent = { 'content-type': 'application/json', ...readHeaders(body.headers) };
  const outgoing = request(url, {
    method: readOptionalText(body, 'method', /^[A-Z]+$/) ?? (content === undefined ? 'GET' : 'POST'),
    headers: via === 'cloudfront' ? atOrigin(sent, user, readOptionalText(body, 'originSecret')) : sent,
    // The source addresses are IPv4.
    family: 4,
    localAddress: via ? sharedAddress[via] : direct,
    agent: false,
    signal: AbortSignal.timeout(deadlineMs),
  });
  outgoing.end(content);
  const [response] = (await once(outgoing, 'response').catch(reportUnreachable)) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

/**
 * Returns the headers that CloudFront sends to the origin. Its own headers replace those of the browser.
 * @see https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/adding-cloudfront-headers.html
 */
function atOrigin(sent: Record<string, string>, user: WechatUser, originSecret: string | undefined) {
  const kept = Object.entries(sent).filter(([name]) => !/^(cloudfront-|x-origin-secret$)/i.test(name));
  return {
    ...Object.fromEntries(kept),
    'CloudFront-Viewer-Address': `${viewerOf(user)}:46532`,
    'CloudFront-Viewer-City': 'Hangzhou',
    'CloudFront-Viewer-Country': 'CN',
    'CloudFront-Viewer-Country-Name': 'China',
    ...(originSecret !== undefined && { 'X-Origin-Secret': originSecret }),
  };
}

/** The address of the user that CloudFront sees. */
function viewerOf(user: WechatUser): string {
  return `198.18.${hostOf(user)}`;
}

/** The last two bytes of an address of the user. */
function hostOf({ id }: WechatUser): string {
  const number = Number(id.replace(/\D/g, ''));
  return `${(number >> 8) % 256}.${number % 256}`;
}

function readHeaders(headers: unknown = {}): Record<string, string> {
  if (isRecord(headers) && Object.values(headers).every((value) => typeof value === 'string')) {
    return headers as Record<string, string>;
  }
  throw controlParamError('headers must be an object of texts');
}

function reportUnreachable(error: unknown): never {
  const reason = error instanceof Error ? error.message : String(error);
  throw new ControlError(502, 'UNREACHABLE', `no answer: ${reason}`);
}
