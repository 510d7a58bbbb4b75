// The emulator's `node` loads this file before each function. It adds behaviour of Lambda that the emulator lacks.

// Lambda's runtime also loads handlers from `.cjs` files.
require.extensions['.cjs'] = require.extensions['.js'];

// The IAM proxy of this function (iam/proxies.ts). In AWS, the SDK uses the real endpoints.
process.env.AWS_ENDPOINT_URL = JSON.parse(process.env.REHEARSAL_PROXIES)[process.env.AWS_LAMBDA_FUNCTION_NAME];
delete process.env.REHEARSAL_PROXIES;
