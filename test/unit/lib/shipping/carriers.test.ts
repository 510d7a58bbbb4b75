import { describe, expect, it } from 'vitest';
import { checkCarriers } from '../../../../lib/shipping/carriers.ts';

const CARRIERS = {
  YTO: '圆通速递',
  ZTO: '中通快递',
  STO: '申通快递',
  SF: '顺丰速运',
  SFKY: '顺丰快运',
  JD: '京东物流',
};
const check = (...codes: string[]) => checkCarriers({ readCarriers: async () => CARRIERS }, codes);
const messageOf = (...codes: string[]) =>
  check(...codes).then(
    () => '',
    ({ message }: Error) => message,
  );

describe('checkCarriers', () => {
  it('accepts codes of the list', async () => {
    await expect(check('YTO', 'SF')).resolves.toBeUndefined();
  });

  it.each([
    ['a code in small letters', 'yto', 'YTO (圆通速递)'],
    ['a Chinese name', '顺丰速运', 'SF (顺丰速运)'],
    ['a part of a name', '申通', 'STO (申通快递)'],
    ['another form of a name', '中通速递', 'ZTO (中通快递)'],
    ['a code with one wrong letter', 'YTP', 'YTO (圆通速递)'],
    ['a code with one letter too many', 'YTOO', 'YTO (圆通速递)'],
    ['the beginning of codes', 'S', 'SF (顺丰速运), STO (申通快递), SFKY (顺丰快运)'],
  ])('names similar carriers for %s', async (_, code, similar) => {
    expect(await messageOf(code)).toContain(`similar: ${similar}`);
  });

  it('throws PARAM_ERROR for a name of JavaScript objects', async () => {
    await expect(check('constructor')).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('gives the form of a code for a text that resembles no carrier', async () => {
    expect(await messageOf('XXXXXX')).toContain('such as YTO (圆通速递)');
  });

  it('accepts every code while WeChat never returned its list', async () => {
    await expect(checkCarriers({ readCarriers: async () => undefined }, ['XXXXXX'])).resolves.toBeUndefined();
  });

  it('does not ask for the list without a code', async () => {
    const readCarriers = () => Promise.reject(new Error('asked'));
    await expect(checkCarriers({ readCarriers }, [])).resolves.toBeUndefined();
  });
});
