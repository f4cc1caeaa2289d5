import type { WireFormat } from '@state-server/protocol';

interface Range {
  readonly type: string;
  readonly q: number;
}

/**
 * The form of the answer for an Accept header (RFC 9110, 12.5.1); undefined when neither of ours is acceptable. Named
 * with equal weight, CBOR is preferred. Where the client leaves it open (no header, a wildcard) it gets what it sends,
 * and JSON when it sends nothing: then it is most likely a person with curl or a browser.
 */
export function negotiate(accept: string | undefined, sent: WireFormat | undefined): WireFormat | undefined {
  if (accept === 'application/json') return 'json';
  const ranges = parseAccept(accept ?? '*/*');
  const cbor = weight(ranges, 'application/cbor');
  const json = weight(ranges, 'application/json');
  if (cbor.q === 0 && json.q === 0) return undefined;
  if (cbor.q !== json.q) return cbor.q > json.q ? 'cbor' : 'json';
  if (cbor.named) return 'cbor';
  return json.named ? 'json' : (sent ?? 'json');
}

/** The form that a Content-Type names; undefined when it is neither, or its text is not UTF-8. */
export function formOfType(contentType: string | undefined): WireFormat | undefined {
  if (contentType === undefined) return undefined;
  const [essence = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))?.slice('charset='.length);
  if (charset !== undefined && !/^"?utf-?8"?$/.test(charset)) return undefined;
  if (essence === 'application/cbor') return 'cbor';
  return essence === 'application/json' ? 'json' : undefined;
}

function parseAccept(accept: string): Range[] {
  return accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((piece) => piece.trim().toLowerCase());
    const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
    const q = given === undefined ? 1 : Number(given);
    return { type: type === '' ? '*/*' : type, q: q >= 0 && q <= 1 ? q : 0 };
  });
}

/** The most specific range that fits decides. */
function weight(ranges: readonly Range[], type: string): { readonly q: number; readonly named: boolean } {
  const exact = ranges.find((range) => range.type === type);
  if (exact) return { q: exact.q, named: true };
  const family = ranges.find((range) => range.type === 'application/*');
  const any = family ?? ranges.find((range) => range.type === '*/*');
  return { q: any?.q ?? 0, named: false };
}
