// A closed table of our own, because the text is shown to the user who is asked to confirm a login. Libraries such as
// bowser and ua-parser-js return parts of the header for an unknown browser, which an attacker could fill with any text.
// The first match wins: most browsers also name Chrome or Safari.

const BROWSERS: [name: string, pattern: RegExp][] = [
  ['WeChat', /MicroMessenger\//],
  ['QQ Browser', /QQBrowser\//],
  ['UC Browser', /UC?Browser\//],
  ['Quark', /Quark\//],
  ['Huawei Browser', /HuaweiBrowser\//],
  ['Mi Browser', /MiuiBrowser\//],
  ['OPPO Browser', /HeyTapBrowser\//],
  ['vivo Browser', /VivoBrowser\//],
  ['Samsung Internet', /SamsungBrowser\//],
  ['Edge', /Edg(e|A|iOS)?\//],
  ['Opera', /OPR\//],
  ['Firefox', /(Firefox|FxiOS)\//],
  ['Chrome', /(Chrome|CriOS)\//],
  ['Safari', /Safari\//],
];

const SYSTEMS: [name: string, pattern: RegExp][] = [
  ['HarmonyOS', /HarmonyOS/],
  ['Android', /Android/],
  ['iOS', /iPhone|iPad|iPod/],
  ['Windows', /Windows NT/],
  ['macOS', /Macintosh/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
];

/**
 * Describes the browser of a `User-Agent` header, such as `Chrome · Windows`. The result contains only names of the
 * tables above.
 * @returns null if the header names none of them
 */
export function describeBrowser(userAgent: string): string | null {
  const names = [BROWSERS, SYSTEMS].map((table) => table.find(([, pattern]) => pattern.test(userAgent))?.[0]);
  return names.filter(Boolean).join(' · ') || null;
}
