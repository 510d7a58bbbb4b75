// The functions call no operation with an event stream. The SDK carries 19 KB for such operations, which every function
// would load at a cold start.
export function EventStreamSerde() {
  throw absent();
}

export function eventStreamSerdeProvider() {
  throw absent();
}

/** The constructor of the S3 client calls this function. */
export function resolveEventStreamSerdeConfig(config) {
  return config;
}

function absent() {
  return new Error('This bundle contains no event streams; remove their alias from serverless.yml');
}
