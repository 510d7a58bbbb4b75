import { strToU8, zipSync } from 'fflate';

export type Cell = string | number;

const XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SHEET_NAMESPACE = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
const RELATIONS = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const PACKAGE_RELATIONS = 'http://schemas.openxmlformats.org/package/2006/relationships';
const CONTENT = 'application/vnd.openxmlformats-officedocument.spreadsheetml';

const TYPES = `${XML}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="${CONTENT}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="${CONTENT}.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="${CONTENT}.sharedStrings+xml"/></Types>`;
const ROOT = `${XML}<Relationships xmlns="${PACKAGE_RELATIONS}"><Relationship Id="rId1" Type="${RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>`;
const WORKBOOK = `${XML}<workbook xmlns="${SHEET_NAMESPACE}" xmlns:r="${RELATIONS}"><sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>`;
const WORKBOOK_RELATIONS = `${XML}<Relationships xmlns="${PACKAGE_RELATIONS}"><Relationship Id="rId1" Type="${RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="${RELATIONS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>`;

/**
 * Writes a workbook of one sheet (ECMA-376). A number is a number of the sheet, and a text is a shared string.
 * @param areTexts whether every cell is text inside its cell, as other writers do
 */
export function writeWorkbook(rows: Cell[][], areTexts = false): Buffer {
  const shared: string[] = [];
  const writeCell = (cell: Cell, name: string): string => {
    if (areTexts) return `<c r="${name}" t="inlineStr"><is><t>${escape(String(cell))}</t></is></c>`;
    if (typeof cell === 'number') return `<c r="${name}"><v>${cell}</v></c>`;
    return `<c r="${name}" t="s"><v>${shared.push(cell) - 1}</v></c>`;
  };
  const lines = rows.map((cells, index) => {
    const written = cells.map((cell, column) => writeCell(cell, `${columnName(column)}${index + 1}`));
    return `<row r="${index + 1}">${written.join('')}</row>`;
  });
  const sheet = `${XML}<worksheet xmlns="${SHEET_NAMESPACE}"><sheetData>${lines.join('')}</sheetData></worksheet>`;
  const strings = shared.map((text) => `<si><t>${escape(text)}</t></si>`).join('');
  const files = {
    '[Content_Types].xml': TYPES,
    '_rels/.rels': ROOT,
    'xl/workbook.xml': WORKBOOK,
    'xl/_rels/workbook.xml.rels': WORKBOOK_RELATIONS,
    'xl/worksheets/sheet1.xml': sheet,
    'xl/sharedStrings.xml': `${XML}<sst xmlns="${SHEET_NAMESPACE}">${strings}</sst>`,
  };
  return Buffer.from(zipSync(Object.fromEntries(Object.entries(files).map(([name, text]) => [name, strToU8(text)]))));
}

/** The letter of one of the first 26 columns. */
function columnName(column: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + column);
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
