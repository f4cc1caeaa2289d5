import type { StoredDocument } from '../stored-document';

/** The document with one bit of each stored value wrong that holds the text; undefined where none does. */
export function flipBits(document: StoredDocument, text: string): StoredDocument | undefined {
  const spoilt: Record<string, unknown> = {};
  for (const [field, value] of Object.entries<unknown>(document)) {
    if (field === '_id') continue;
    const wrong = field === '_chunks' ? flipChunks(value, text) : flip(value, text);
    if (wrong !== undefined) spoilt[field] = wrong;
  }
  return Object.keys(spoilt).length > 0 ? { ...document, ...spoilt } : undefined;
}

function flipChunks(chunks: unknown, text: string): unknown {
  const spoilt = Object.entries(chunks ?? {}).flatMap(([number, chunk]) => {
    const wrong = flip(chunk, text);
    return wrong === undefined ? [] : [[number, wrong] as const];
  });
  return spoilt.length > 0 ? { ...(chunks as object), ...Object.fromEntries(spoilt) } : undefined;
}

function flip(value: unknown, text: string): unknown {
  if (value instanceof Uint8Array) {
    const copy = Buffer.from(value);
    const place = copy.indexOf(text);
    if (place < 0) return undefined;
    copy.writeUInt8(copy.readUInt8(place) ^ 0x10, place);
    return copy;
  }
  if (typeof value !== 'string' || !value.includes(text)) return undefined;
  return value.replace(text, String.fromCharCode(text.charCodeAt(0) ^ 0x10) + text.slice(1));
}
