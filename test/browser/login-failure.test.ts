// The failure page of the H5 login in a real browser of the width of a phone. The browser manages the cookies.
import { beforeEach, describe, expect, it } from 'vitest';
import { playPage } from './played-page.ts';

const WIDTH = 390;
const play = playPage();

const target = () => `${play.stack.simulator}/_web/h5.html?from=menu#top`;
const link = () => play.page.getByRole('link', { name: '返回' });
const errorCode = () => play.page.locator('footer code').first();

beforeEach(() => play.page.setViewportSize({ width: WIDTH, height: 844 }));

/** Opens the consent page, agrees, and returns with the options of the simulator's `open`. */
async function logIn(how: object, redirect = target()): Promise<void> {
  await play.page.goto(`${play.stack.http}/oauth/authorize?${new URLSearchParams({ redirect })}`);
  expect(new URL(play.page.url()).pathname).toBe('/connect/oauth2/authorize');
  const { id } = (await play.control('/_phone/users', {})) as { id: string };
  const { location } = (await play.control(`/_phone/users/${id}/open`, { url: play.page.url(), ...how })) as {
    location: string;
  };
  await play.page.goto(location);
}

describe('the failure page of a login', () => {
  it('appears when the browser lost its cookie, and leads to the first page of the site', async () => {
    await logIn({ lostCookie: true });
    await play.page.getByRole('heading', { name: '登录没有完成' }).waitFor();
    await play.page.getByRole('heading', { name: 'Login not completed' }).waitFor();
    expect(await errorCode().textContent()).toBe('FORBIDDEN');
    expect(await play.page.context().cookies()).not.toContainEqual(expect.objectContaining({ name: 'session' }));
    await link().click();
    await play.page.locator('#web-page img').waitFor();
    expect(play.page.url()).toBe(`${play.stack.simulator}/`);
    expect(play.browserErrors(403)).toEqual([]);
  });

  it('leads to the page of the login when the browser altered the state, and that login can be started again', async () => {
    await logIn({ alteredState: true });
    expect(await errorCode().textContent()).toBe('FORBIDDEN');
    await link().click();
    await play.page.getByText('UNAUTHENTICATED').waitFor();
    expect(play.page.url()).toBe(target());
    await logIn({});
    await play.page.getByText('Hello, ').waitFor();
    expect(play.browserErrors(403, 401)).toEqual([]);
  });

  it('appears for an address that may not start a login', async () => {
    await play.page.goto(`${play.stack.http}/oauth/authorize?redirect=https://evil.example/`);
    await play.page.getByRole('heading', { name: 'Invalid login link' }).waitFor();
    expect(await errorCode().textContent()).toBe('PARAM_ERROR');
    expect(play.browserErrors(400)).toEqual([]);
  });

  it.each(['light', 'dark'] as const)(
    'is readable on a phone in %s mode, and applies its style',
    async (colorScheme) => {
      await play.page.emulateMedia({ colorScheme });
      await logIn({ lostCookie: true });
      expect(await play.page.evaluate('document.documentElement.scrollWidth')).toBe(WIDTH);
      const box = (await link().boundingBox())!;
      expect(box.height).toBeGreaterThanOrEqual(44);
      expect(box.width).toBeGreaterThan(WIDTH / 2);
      const colourOf = (selector: string, property: 'color' | 'backgroundColor') =>
        play.page.evaluate(`getComputedStyle(document.querySelector('${selector}')).${property}`) as Promise<string>;
      const ground = await colourOf('body', 'backgroundColor');
      expect(luminance(ground) > 0.5).toBe(colorScheme === 'light');
      const pairs = [
        [await colourOf('h1', 'color'), await colourOf('main', 'backgroundColor')],
        [await colourOf('section', 'color'), await colourOf('main', 'backgroundColor')],
        [await colourOf('a', 'color'), await colourOf('a', 'backgroundColor')],
        [await colourOf('footer', 'color'), ground],
      ] as const;
      for (const [text, behind] of pairs) expect(contrast(text, behind), `${text} on ${behind}`).toBeGreaterThan(4.5);
      expect(play.browserErrors(403)).toEqual([]);
    },
  );

  it('is shown in no frame of another page', async () => {
    await play.page.goto(play.stack.simulator);
    const address = `${play.stack.http}/oauth/callback?code=x&state=y`;
    await play.page.evaluate(
      `document.body.append(Object.assign(document.createElement('iframe'), { src: '${address}' }))`,
    );
    await expect.poll(() => play.browserErrors().join()).toContain('frame-ancestors');
  });
});

/** Contrast of two colours by WCAG 2. */
function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

function luminance(colour: string): number {
  const [r, g, b] = colour.match(/\d+/g)!.map((text) => {
    const part = Number(text) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
