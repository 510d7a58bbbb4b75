// Checks of the links to WeChat's documentation. Each finding is one line that names the file and the rule.

/** A text file by its path in the repository. */
export interface TextFile {
  path: string;
  text: string;
}

/** One row of the index: a page of WeChat's documentation. */
export interface OfficialPage {
  title: string;
  url: string;
}

/** The file with the index. */
export const INDEX = 'lib/README.md';

const ROW = /^\| *([^|]+?) *\| *(https:\/\/[^\s|]+) *\|/gm;
const URL_OF_WECHAT = /https?:\/\/(?:[\w-]+\.)*(?:weixin\.qq\.com|wechatpay\.cn)[^\s"'`()<>[\]{}|\\，。；、（）]*/g;
/** `developers` also has the console and the forum; the other hosts also have APIs and web pages. */
const DOCUMENTATION =
  /^https?:\/\/(?:developers\.weixin\.qq\.com\/(?!platform\b|console\b)|pay\.(?:weixin\.qq\.com|wechatpay\.cn)\/(?:docs?|wiki)\b|mp\.weixin\.qq\.com\/(?:debug|wiki)\b|(?:kf|open)\.weixin\.qq\.com\/(?:docs?|wiki)\b)/;
/** A line break of a comment may stand between the word and the number. */
const SECTION_NUMBER = /\b(?:platform|pay)(?:\s|\n\s*(?:\*|\/\/|#))+(?:section\s+)?\d+(?:\.\d+)?/gi;

/** Reads the rows of the index. */
export function readIndex(markdown: string): OfficialPage[] {
  return [...markdown.matchAll(ROW)].map(([, title = '', url = '']) => ({ title, url }));
}

/** Pages with two rows in the index. */
export function duplicateFindings(pages: OfficialPage[]): string[] {
  const twice = pages.filter(({ url }, at) => pages.findIndex((page) => page.url === url) !== at);
  return twice.map(({ url }) => `${INDEX}: ${url} has two rows`);
}

/** Links to documentation pages that the index does not have. */
export function unknownPageFindings(files: TextFile[], pages: OfficialPage[]): string[] {
  const known = new Set(pages.map(({ url }) => url));
  return files.flatMap((file) =>
    citationsIn(file)
      .filter(({ url }) => !known.has(url))
      .map(({ line, url }) => `${file.path}:${line}: ${url} is not in the index of ${INDEX}`),
  );
}

/** Rows of the index that no other file cites. */
export function unusedPageFindings(files: TextFile[], pages: OfficialPage[]): string[] {
  const others = files.filter(({ path }) => path !== INDEX);
  const cited = new Set(others.flatMap((file) => citationsIn(file).map(({ url }) => url)));
  return pages
    .filter(({ url }) => !cited.has(url))
    .map(({ title, url }) => `${INDEX}: no file cites ${url} (${title})`);
}

/** Citations by a section number, which names no page. */
export function sectionNumberFindings({ path, text }: TextFile): string[] {
  return [...text.matchAll(SECTION_NUMBER)].map(({ 0: match, index }) => {
    const words = match.replaceAll(/\s+(?:\*|\/\/|#)?\s*/g, ' ');
    return `${path}:${lineOf(text, index)}: "${words}" is no citation; cite the URL of the page`;
  });
}

function citationsIn({ text }: TextFile): { line: number; url: string }[] {
  return [...text.matchAll(URL_OF_WECHAT)]
    .filter(([url]) => DOCUMENTATION.test(url))
    .map(({ 0: url, index }) => ({ line: lineOf(text, index), url: withoutEnd(url) }));
}

/** Removes a fragment and the punctuation of the sentence. */
function withoutEnd(url: string): string {
  return url.replace(/#.*$/, '').replace(/[.,;:!?*]+$/, '');
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}
