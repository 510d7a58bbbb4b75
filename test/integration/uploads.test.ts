import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { handler as createHandler } from '../../functions/upload-create.ts';
import { handler as getHandler } from '../../functions/upload.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { startBucket, type Bucket } from '../support/bucket.ts';
import { filePart, multipart, PNG } from '../support/pictures.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let bucket: Bucket;
beforeAll(async () => {
  world = await createWorld();
  bucket = await startBucket();
});
afterAll(async () => {
  await bucket.stop();
  await world.simulator.close();
});

const login = async () => loginMiniapp(world.miniapp, await world.phone.loginCode(await world.phone.newPerson()));

describe('POST /uploads', () => {
  it('stores a picture, which GET /uploads/{key} serves', async () => {
    const { token } = await login();
    const { contentType, bytes } = multipart(filePart(PNG));
    const event = {
      headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
      requestContext: { http: { method: 'POST', sourceIp: '127.0.0.1' } },
      rawQueryString: '',
      isBase64Encoded: true,
      body: bytes.toString('base64'),
    } as unknown as APIGatewayProxyEventV2;
    const answer = (await createHandler(event, { awsRequestId: 'x' } as Context)) as { statusCode: number; body: string };
    console.log(answer);
    expect(answer.statusCode).toBe(201);
    const { url } = JSON.parse(answer.body) as { url: string };
    const got = await getHandler({ headers: {}, requestContext: { http: { method: 'GET', sourceIp: '1' } }, rawQueryString: '', pathParameters: { key: url.split('/').at(-1) } } as unknown as APIGatewayProxyEventV2, { awsRequestId: 'x' } as Context);
    console.log(got);
    console.log(bucket.requests, await bucket.keys(), await bucket.isTagged(url.split('/').at(-1)!));
  });
});
