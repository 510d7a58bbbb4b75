// Loaded by the emulator's `node` before each function: what Lambda has and the emulator has not.

// Lambda's runtime finds a handler in a `.cjs` file.
require.extensions['.cjs'] = require.extensions['.js'];

// The function's own door to AWS (iam/doors.ts). In AWS it would know the real address by itself.
process.env.AWS_ENDPOINT_URL = JSON.parse(process.env.REHEARSAL_DOORS)[process.env.AWS_LAMBDA_FUNCTION_NAME];
delete process.env.REHEARSAL_DOORS;
