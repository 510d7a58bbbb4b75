import { createHash } from 'node:crypto';
import type { Call } from '../../http.ts';
import { isRecord, parseJson } from '../../http.ts';
import { isPicture } from '../../picture-type.ts';
import { PayError } from '../error.ts';
import { findProblem } from '../rule.ts';
import type { PayWorld } from '../world.ts';
import { imageMetaRule } from './complaint-fields.ts';
import { readForm } from './multipart.ts';
import { invalidFieldError } from './route.ts';
import type { V3Route } from './route.ts';

/**
 * The upload and the download of pictures of complaints. The signature of an upload covers the field `meta` in place of the
 * body.
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_10.shtml
 */
export function imageRoutes({ feedbackImages }: PayWorld): V3Route[] {
  return [
    {
      method: 'POST',
      path: /^\/v3\/merchant-service\/images\/upload$/,
      signedBody: (call) => readForm(call).get('meta') ?? Buffer.alloc(0),
      handler: (call) => ({ media_id: feedbackImages.add(readImage(call)) }),
    },
    {
      method: 'GET',
      path: /^\/v3\/merchant-service\/images\/([^/]+)$/,
      handler: (_, mediaId) => feedbackImages.read(mediaId),
    },
  ];
}

function readImage(call: Call): Buffer {
  const form = readForm(call);
  const meta = parseJson(form.get('meta') ?? Buffer.alloc(0));
  const file = form.get('file');
  if (!isRecord(meta) || !file) throw new PayError(400, 'PARAM_ERROR', '请求缺少file或meta');
  const problem = findProblem(imageMetaRule, meta);
  if (problem) throw invalidFieldError('body', problem);
  if (createHash('sha256').update(file).digest('hex') !== String(meta.sha256).toLowerCase())
    throw invalidFieldError('body', { field: '/sha256', value: meta.sha256, issue: '与文件内容不一致' });
  if (!isPicture(file)) throw new PayError(400, 'PARAM_ERROR', '媒体图片只支持JPG、BMP、PNG格式');
  return file;
}
