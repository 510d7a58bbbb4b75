/** The version of this package, as in package.json. Importing package.json would put all of it into the bundle. */
export const VERSION = '0.8.0';
