/** The query parameter with which a failed login returns to the page that asked for the login. */
const LOGIN_ERROR = 'login_error';

/**
 * Returns the address with `login_error=<code>` as the last parameter of its query, in place of an older one. All other
 * text of the address stays as it is.
 */
export function withLoginError(address: string, code: string): string {
  const { path, parameters, fragment } = split(address);
  return `${path}?${[...parameters, `${LOGIN_ERROR}=${code}`].join('&')}${fragment}`;
}

/** Returns the address without the error of an earlier login. All other text of the address stays as it is. */
export function withoutLoginError(address: string): string {
  const { path, parameters, fragment, isChanged } = split(address);
  if (!isChanged) return address;
  return `${path}${parameters.length > 0 ? '?' : ''}${parameters.join('&')}${fragment}`;
}

/** Splits an address into its parts; `parameters` leaves out the errors of earlier logins. */
function split(address: string) {
  const [, path = '', query = '', fragment = ''] = /^([^?#]*)(?:\?([^#]*))?(.*)$/s.exec(address) ?? [];
  const all = query === '' ? [] : query.split('&');
  // The parser of the page decides which name a parameter has. The `&` keeps a leading `?` part of the name.
  const parameters = all.filter((parameter) => !new URLSearchParams(`&${parameter}`).has(LOGIN_ERROR));
  return { path, parameters, fragment, isChanged: parameters.length < all.length };
}
