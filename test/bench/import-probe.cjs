// Prints the import time (ms) of the bundle that is named on the command line.
// JavaScript, because type stripping would load and warm up much of Node before the clock starts.

// The Lambda runtime loads this and its dependencies before the code of a function.
process.getBuiltinModule('node:http');

const start = performance.now();
require(process.argv[2]);
process.stdout.write(String(performance.now() - start));
