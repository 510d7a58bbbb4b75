// Source maps of the bundles for AWS. They stay out of the zip of a function, because reading a map costs a cold start
// a fifth of its import time. `npm run trace` reads them from the package folder.
const { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '../..');

/** In the folder of a package, with `functions/<name>.cjs.map` in it. */
const FOLDER = 'source-maps';

/**
 * Returns the options of esbuild that build each map beside its bundle and then move it into `packageFolder`. The bundle
 * is the same to the byte as without a map.
 */
exports.separateSourceMaps = (packageFolder) => ({
  sourcemap: 'external',
  plugins: [
    {
      name: 'separate-source-maps',
      setup({ initialOptions: { entryPoints, outdir, outExtension }, onEnd }) {
        onEnd(({ errors }) => {
          if (errors.length > 0) return;
          for (const entry of entryPoints) {
            const { dir, name } = path.parse(entry);
            const bundle = `${name}${outExtension['.js']}`;
            moveMap(path.join(outdir, bundle), path.join(packageFolder, FOLDER, dir));
          }
        });
      },
    },
  ],
});

function moveMap(bundle, folder) {
  const from = `${bundle}.map`;
  const map = JSON.parse(readFileSync(from, 'utf8'));
  const sources = map.sources.map((source) => nameFromRoot(path.resolve(path.dirname(from), source)));
  // The text of our own modules names the functions of a stack. The text of packages would make a map six times as large.
  const sourcesContent = sources.map((source, at) => (isPackage(source) ? null : map.sourcesContent[at]));
  // A position beyond the end of a line shows that a stack is from another build.
  const lineLengths = readFileSync(bundle, 'utf8')
    .split('\n')
    .map(({ length }) => length);
  mkdirSync(folder, { recursive: true });
  const moved = { ...map, sources, sourcesContent, x_lineLengths: lineLengths };
  writeFileSync(path.join(folder, path.basename(from)), JSON.stringify(moved));
  rmSync(from);
}

/** The path of a module from the root of the repository: the same wherever the package is built. */
function nameFromRoot(file) {
  return path.relative(realpathSync(ROOT), file).split(path.sep).join('/');
}

function isPackage(source) {
  return source.includes('node_modules/');
}
