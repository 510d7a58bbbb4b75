import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';

/** Maximum size of an uploaded file. */
export const MAX_FILE_BYTES = 1024 * 1024;

const PICTURE_TYPES = ['image/jpeg', 'image/png', 'image/gif'] as const;
const YEAR_S = 365 * 24 * 3_600;

export const createUpload = endpoint({
  method: 'POST',
  path: '/uploads',
  summary: 'Upload one picture of at most 1 MB: JPEG, PNG or GIF by its content',
  auth: 'session',
  request: { multipart: true },
  status: 201,
  answer: v.object({
    uploadId: v.string(),
    url: v.string(),
    /** `checking` until WeChat has checked the picture. */
    status: v.picklist(['checking', 'passed']),
  }),
  errors: ['UNAUTHENTICATED', 'ORIGIN_NOT_ALLOWED', 'CONTENT_REFUSED', 'RATE_LIMITED', 'NOT_CONFIGURED'],
});

export const getUpload = endpoint({
  method: 'GET',
  path: '/uploads/{key}',
  summary: 'Get an uploaded picture',
  auth: 'none',
  request: { path: v.object({ key: v.string() }) },
  status: 200,
  fileTypes: PICTURE_TYPES,
  cacheS: YEAR_S,
  errors: ['NOT_FOUND', 'NOT_CONFIGURED'],
});
