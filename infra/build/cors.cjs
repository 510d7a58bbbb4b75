// CORS of the HTTP API. The gateway answers preflights by itself and drops the CORS headers of functions, so the
// origins are fixed when the service is packaged. Without ALLOWED_ORIGINS no page of another origin may call the API.
module.exports = async ({ resolveVariable }) => {
  const allowed = await resolveVariable("env:ALLOWED_ORIGINS, ''");
  const allowedOrigins = allowed
    .split(',')
    .map((origin) => origin.trim().replace(/\/+$/, ''))
    .filter(Boolean);
  if (allowedOrigins.length === 0) return false;
  return {
    allowedOrigins,
    allowedMethods: ['GET', 'POST', 'PUT', 'DELETE'],
    allowedHeaders: ['Authorization', 'Content-Type', 'X-Poll-Token', 'Idempotency-Key'],
    exposedResponseHeaders: ['Retry-After'],
    allowCredentials: true,
    maxAge: 600,
  };
};
