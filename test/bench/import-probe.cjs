// Prints how many milliseconds it takes to load the bundle that is named on the command line.
// JavaScript, because stripping types would load and warm up half of Node before the clock starts.

// The Lambda runtime has loaded this, and all that it needs, before it comes to a function's code.
process.getBuiltinModule('node:http');

const start = performance.now();
require(process.argv[2]);
process.stdout.write(String(performance.now() - start));
