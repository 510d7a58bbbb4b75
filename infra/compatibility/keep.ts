// `npm run keep-contract`: part of a release. Keeps the HTTP API and the events of this version as the released ones, which
// later changes are compared with.
import { compareContracts, currentContract, readReleased, writeReleased } from './contract.ts';

const [released, current] = [readReleased(), currentContract()];
const { breaking, allowed } = compareContracts(released, current);

if (allowed) {
  writeReleased(current);
  console.log(`Kept the contract of ${current.version}; the one before was ${released.version}.`);
} else {
  for (const line of breaking) console.log(line);
  console.error(`The version ${current.version} does not permit these changes: raise it first.`);
  process.exitCode = 1;
}
