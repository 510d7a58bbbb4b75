// Part of `npm run check`: fails when the HTTP API or the events break clients of the last release, unless the version
// number permits it.
import { compareContracts, currentContract, readReleased } from './contract.ts';

const [released, current] = [readReleased(), currentContract()];
const { breaking, allowed } = compareContracts(released, current);

for (const line of breaking) console.log(line);
if (!allowed) {
  console.error(
    `These changes break clients of ${released.version}. Make them compatible, or raise the version above ` +
      `${current.version}: the minor number while the major number is 0, otherwise the major number.`,
  );
  process.exitCode = 1;
}
