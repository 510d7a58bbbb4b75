import { XMLParser } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRules, findProblem } from '../../../infra/local/wechat/pay-fields.ts';
import type { Simulator } from '../../../infra/local/wechat/simulator.ts';
import { call, newPerson, start, startReceiver, usePhone } from './support.ts';
import type { Person, Receiver } from './support.ts';

let simulator: Simulator;
let receiver: Receiver;
let person: Person;
beforeAll(async () => {
  simulator = await start();
  receiver = await startReceiver(simulator);
  simulator.setOfficialCallbackUrl(receiver.url);
  person = await newPerson(simulator);
  await usePhone(simulator, person, 'scan', { content: (await call(simulator, 'GET', '/')).json.accountQr });
});
afterAll(async () => {
  await simulator.close();
  receiver.close();
});

test('any text survives the XML of a push', async () => {
  const parser = new XMLParser({ parseTagValue: false, trimValues: false });
  // Control characters and a bare CR are no XML characters at all, whoever escapes them.
  const text = fc.string({ minLength: 1, unit: 'grapheme' }).map((value) => `<&]]>${value}]]>`);
  await fc.assert(
    fc.asyncProperty(text, async (sent) => {
      await usePhone(simulator, person, 'message', { text: sent });
      expect(parser.parse(receiver.received.at(-1)?.body ?? '').xml.Content).toBe(sent);
    }),
    { numRuns: 50 },
  );
});

test('no JSON value makes the field rules throw or pass by accident', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('JSAPI', 'NATIVE', 'MWEB'), (value, tradeType) => {
      expect(findProblem(createRules[tradeType], value)).toMatchObject({ issue: expect.any(String) });
    }),
  );
});

test('no JSON body makes a control call fail with 500', async () => {
  const path = fc.constantFrom(
    '/_faults',
    '/_clock',
    '/_phone/users',
    '/_phone/users/user-1/pay',
    '/_phone/users/x/scan',
  );
  await fc.assert(
    fc.asyncProperty(path, fc.json(), async (target, body) => {
      expect((await call(simulator, 'POST', target, body)).status).toBeLessThan(500);
    }),
    { numRuns: 50 },
  );
});
