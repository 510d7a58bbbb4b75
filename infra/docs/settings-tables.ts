import { DEFAULTS, SECRET_NAMES, type PlainName, type SettingName } from '../../lib/core/config.ts';
import { ENDPOINTS } from '../../lib/http/openapi/endpoints.ts';
import type { Endpoint } from '../../lib/http/endpoint.ts';
import { routesByFunction } from './functions.ts';
import { code, codeList, table } from './markdown.ts';
import { reachableCode, settingsIn } from './reachable-code.ts';
import { SETTING_GROUPS } from './setting-groups.ts';
import { SETTINGS, type DeploymentSetting } from './settings.ts';

type Name = SettingName | DeploymentSetting;

const HEAD = ['Name', 'Kind', 'Meaning and example', 'Default', 'Read by'];
/** A class of functions replaces its members in a list when it has at least this many. */
const MIN_CLASS_SIZE = 3;

/** Renders one table of settings for each group. */
export async function settingsTables(): Promise<string> {
  const routes = routesByFunction();
  const names = Object.keys(SETTINGS) as Name[];
  const readers = await readersOf(names, Object.keys(routes));
  const classes = functionClasses(routes);
  return Object.entries(SETTING_GROUPS)
    .map(([group, title]) => {
      const rows = names
        .filter((name) => SETTINGS[name].group === group)
        .map((name) => settingRow(name, summarise(readers.get(name) ?? [], classes)));
      return `### ${title}\n\n${table(HEAD, rows)}`;
    })
    .join('\n\n');
}

/** Returns the functions that may read each setting. */
async function readersOf(names: readonly Name[], functions: readonly string[]): Promise<Map<Name, string[]>> {
  const readers = new Map<Name, string[]>(names.map((name) => [name, []]));
  for (const name of functions) {
    const modules = await reachableCode(`functions/${name}.ts`);
    for (const setting of settingsIn(modules, names)) readers.get(setting)!.push(name);
  }
  return readers;
}

function settingRow(name: Name, readBy: string): string[] {
  const { meaning, example, reader = 'the deployment' } = SETTINGS[name];
  const kind = (SECRET_NAMES as readonly string[]).includes(name) ? 'secret' : 'variable';
  return [code(name), kind, `${meaning} Example: ${code(example)}`, defaultOf(name), readBy || reader];
}

/** The default of the deployment wins, because the template sets the variable. */
function defaultOf(name: Name): string {
  const inCode = DEFAULTS[name as PlainName];
  return SETTINGS[name].deployedDefault ?? (inCode ? code(inCode) : 'none');
}

/** Named sets of functions, the largest first. */
function functionClasses(routes: Record<string, string[]>): [text: string, members: string[]][] {
  const names = Object.keys(routes);
  const withSession = Object.values(ENDPOINTS)
    .flatMap((endpoints) => Object.values<Endpoint>(endpoints))
    .filter(({ auth }) => auth === 'session')
    .map(({ method, path }) => `${method} ${path}`);
  return [
    ['every function', names],
    ['every route', names.filter((name) => routes[name]!.length > 0)],
    ['every route with a session', names.filter((name) => routes[name]!.some((route) => withSession.includes(route)))],
    ['`pay-*`', names.filter((name) => name.startsWith('pay-'))],
  ];
}

/** Lists functions, with the name of a class in place of its members, or the exceptions where these are the shorter list. */
function summarise(found: string[], classes: [string, string[]][]): string {
  let rest = found;
  const texts: string[] = [];
  for (const [text, members] of classes) {
    const isCovered = members.length >= MIN_CLASS_SIZE && members.every((name) => found.includes(name));
    if (!isCovered || !members.some((name) => rest.includes(name))) continue;
    texts.push(text);
    rest = rest.filter((name) => !members.includes(name));
  }
  const included = [...texts, ...rest.map(code)];
  const [[everyFunction, all]] = classes as [[string, string[]]];
  const excluded = all.filter((name) => !found.includes(name));
  return excluded.length < included.length ? `${everyFunction} but ${codeList(excluded)}` : included.join(', ');
}
