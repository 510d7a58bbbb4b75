/** The first bytes of the picture types that WeChat accepts. */
const signatures = ['ffd8ff', '89504e470d0a1a0a', '474946383761', '474946383961', '424d'];

/** Whether a file is a JPEG, PNG, GIF or BMP picture by its first bytes. */
export function isPicture(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 8).toString('hex');
  return signatures.some((signature) => start.startsWith(signature));
}
