/** Major, minor and patch of a version. @throws Error when `version` has another form */
function numbersOf(version: string): [number, number, number] {
  const [, major, minor, patch] = /^(\d+)\.(\d+)\.(\d+)$/.exec(version) ?? [];
  if (patch === undefined) throw new Error(`A version must be three numbers, such as 1.2.3; got "${version}".`);
  return [Number(major), Number(minor), Number(patch)];
}

/**
 * Whether `next` may break clients of `released`: its major number is higher, or its minor number while the major number
 * is 0.
 *
 * @see https://semver.org/#spec-item-4
 */
export function allowsBreaking(released: string, next: string): boolean {
  const [[major, minor], [nextMajor, nextMinor]] = [numbersOf(released), numbersOf(next)];
  return nextMajor > major || (major === 0 && nextMajor === 0 && nextMinor > minor);
}

/** Whether `next` comes before `released`. */
export function isOlder(next: string, released: string): boolean {
  const [a, b] = [numbersOf(next), numbersOf(released)];
  const index = a.findIndex((number, position) => number !== b[position]);
  return index !== -1 && a[index]! < b[index]!;
}
