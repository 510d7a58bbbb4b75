import type { Call } from '../../http.ts';
import { beijingDay } from '../../beijing-time.ts';
import { readDay } from '../bill-files.ts';
import type { Complaint } from '../complaint-log.ts';
import { PayError } from '../error.ts';
import { charactersOf } from '../rule.ts';
import type { PayWorld } from '../world.ts';
import { completeRule, historyQueryRule, listQueryRule, refundProgressRule, responseRule } from './complaint-fields.ts';
import { renderComplaint, renderHistory } from './render-complaint.ts';
import { invalidFieldError, readBody, readQuery } from './route.ts';
import type { V3Route } from './route.ts';

const longestListDays = 30;
const one = '/v3/merchant-service/complaints-v2/([^/]+)';

/**
 * The calls that list, query and handle complaints.
 * @see https://pay.weixin.qq.com/docs/merchant/products/consumer-complaint/apilist.html
 */
export function complaintRoutes(world: PayWorld): V3Route[] {
  const { complaints, settings, merchantKey } = world;
  const merchant = { mchId: settings.mchId, merchantKey };
  const act = (action: string, handle: (complaint: Complaint, call: Call) => void): V3Route => ({
    method: 'POST',
    path: new RegExp(`^${one}/${action}$`),
    handler: (call, complaintId) => handle(complaints.find(complaintId), call) as undefined,
  });
  return [
    {
      method: 'GET',
      path: /^\/v3\/merchant-service\/complaints-v2$/,
      handler: (call) => listComplaints(world, call),
    },
    {
      method: 'GET',
      path: new RegExp(`^${one}$`),
      handler: (_, complaintId) => renderComplaint(complaints.find(complaintId), merchant),
    },
    {
      method: 'GET',
      path: new RegExp(`^${one}/negotiation-historys$`),
      handler: (call, complaintId) => {
        const query = readQuery<PageQuery>(call, historyQueryRule);
        const images = `http://${call.headers.host}/v3/merchant-service/images/`;
        return page(renderHistory(complaints.find(complaintId), images), query, { default: 100, most: 300 });
      },
    },
    act('response', (complaint, call) => respond(world, complaint, call)),
    act('complete', (complaint, call) => {
      assertComplaintedMchId(readBody<{ complainted_mchid: string }>(call, completeRule).complainted_mchid, world);
      complaints.complete(complaint);
    }),
    act('update-refund-progress', (complaint, call) => decideRefund(world, complaint, call)),
  ];
}

interface PageQuery {
  limit?: string;
  offset?: string;
}

interface ListQuery extends PageQuery {
  begin_date: string;
  end_date: string;
  complainted_mchid?: string;
}

function listComplaints({ complaints, settings, merchantKey }: PayWorld, call: Call): object {
  const query = readQuery<ListQuery>(call, listQueryRule);
  const { complainted_mchid: mchId = settings.mchId } = query;
  assertComplaintedMchId(mchId, { settings });
  const [first, last] = [dayOf(query, 'begin_date'), dayOf(query, 'end_date')];
  if (last < first || last - first >= longestListDays)
    throw invalidFieldError('query', { field: '/end_date', value: query.end_date, issue: '查询日期跨度不超过30天' });
  const found = complaints.all().filter(({ createdAt }) => {
    const day = beijingDay(createdAt);
    return first <= day && day <= last;
  });
  const rendered = found.toReversed().map((complaint) => renderComplaint(complaint, { mchId, merchantKey }));
  return page(rendered, query, { default: 10, most: 50 });
}

function dayOf(query: ListQuery, name: 'begin_date' | 'end_date'): number {
  const day = readDay(query[name]);
  if (day === undefined)
    throw invalidFieldError('query', { field: `/${name}`, value: query[name], issue: '不是合法的日期' });
  return day;
}

/** Returns one page; only the first page has the total. */
function page(rows: object[], query: PageQuery, limits: { default: number; most: number }): object {
  const limit = Number(query.limit ?? limits.default);
  const offset = Number(query.offset ?? 0);
  if (limit < 1 || limit > limits.most)
    throw invalidFieldError('query', { field: '/limit', value: query.limit, issue: `取值范围为1到${limits.most}` });
  const data = rows.slice(offset, offset + limit);
  return { data, limit, offset, ...(offset === 0 && { total_count: rows.length }) };
}

interface ResponseRequest {
  complainted_mchid: string;
  response_content: string;
  response_images?: string[];
  jump_url?: string;
  jump_url_text?: string;
}

/** @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_14.shtml */
function respond(world: PayWorld, complaint: Complaint, call: Call): void {
  const request = readBody<ResponseRequest>(call, responseRule, charactersOf);
  assertComplaintedMchId(request.complainted_mchid, world);
  if ((request.jump_url === undefined) !== (request.jump_url_text === undefined))
    throw invalidFieldError('body', { field: '/jump_url_text', issue: '与jump_url必须同时传入' });
  const { response_content: text, response_images: images = [] } = request;
  assertImages(images, 'response_images', world);
  world.complaints.respond(complaint, { text, images });
}

interface RefundProgressRequest {
  action: 'APPROVE' | 'REJECT';
  launch_refund_day?: number;
  reject_reason?: string;
  reject_media_list?: string[];
}

/**
 * A rejection with `launch_refund_day` is declined (developers.weixin.qq.com, community post
 * 000c42954683506f18401c7c168c00).
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_19.shtml
 */
function decideRefund(world: PayWorld, complaint: Complaint, call: Call): void {
  const request = readBody<RefundProgressRequest>(call, refundProgressRule, charactersOf);
  if (request.action === 'APPROVE') {
    world.complaints.approveRefund(complaint);
    return;
  }
  if (request.launch_refund_day !== undefined)
    throw invalidFieldError('body', { field: '/launch_refund_day', issue: '拒绝退款时不能传入' });
  const { reject_reason: text, reject_media_list: images = [] } = request;
  if (text === undefined) throw invalidFieldError('body', { field: '/reject_reason', issue: '拒绝退款时必填' });
  assertImages(images, 'reject_media_list', world);
  world.complaints.rejectRefund(complaint, { text, images });
}

function assertImages(images: string[], name: string, { feedbackImages }: PayWorld): void {
  const issue = images.length > 4 ? '最多上传4张图片' : '图片不存在';
  if (images.length > 4 || !images.every((id) => feedbackImages.has(id)))
    throw invalidFieldError('body', { field: `/${name}`, value: images, issue });
}

function assertComplaintedMchId(mchId: string, { settings }: Pick<PayWorld, 'settings'>): void {
  if (mchId !== settings.mchId) throw new PayError(403, 'NO_AUTH', '商户信息不合法');
}
