// Fields as a line of CSV (RFC 4180).

export type CsvField = string | number;

export function csvLine(fields: readonly CsvField[], delimiter = ','): string {
  return `${fields.map((field) => csvField(String(field), delimiter)).join(delimiter)}\n`;
}

/** Quotes where a reader would otherwise see another field, trim, or take the row for an empty line. */
function csvField(text: string, delimiter: string): string {
  const plain = text !== '' && !text.includes(delimiter) && !/["\r\n]|^\s|\s$/.test(text);
  return plain ? text : `"${text.replaceAll('"', '""')}"`;
}
