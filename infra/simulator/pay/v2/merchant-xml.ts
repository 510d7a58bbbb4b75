import { parseXml } from '../../xml.ts';
import type { XmlNode } from '../../xml.ts';

/** All of API v2 is UTF-8, so the declaration may name no other encoding. */
const declaration =
  /^\s*<\?xml version=(["'])1\.[01]\1(?: encoding=(["'])utf-8\2)?(?: standalone=(["'])(?:yes|no)\3)?\s*\?>/i;

/**
 * Parses the XML of a merchant, with or without an XML declaration. The documentation shows no declaration; clients that
 * write XML with xml2js send one: befinal/node-tenpay.
 * @returns the elements under `<xml>`; undefined if the document has another form
 */
export function parseMerchantXml(text: string): Record<string, XmlNode> | undefined {
  return parseXml(text.replace(declaration, ''));
}
