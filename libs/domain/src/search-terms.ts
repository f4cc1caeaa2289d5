/** Bounds of a searchable text. */
const MAX_TERM_CHARS = 40;
const MAX_INDEXED_TERMS = 64;
const MAX_QUERY_TERMS = 8;
const MAX_SORT_CHARS = 80;

const WORD = /[\p{L}\p{N}]+/gu;
/** Scripts that set no spaces between words: a term may begin at each of their signs. */
const UNSPACED = /^[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Mymr}ー]/u;

/**
 * One form for what people take for the same text: without case, accents and compatibility forms. By way of the upper
 * case, which knows that ß is SS; the two small sigmas are one.
 */
function fold(text: string): string {
  return text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .replace(/ς/g, 'σ')
    .normalize('NFC');
}

function words(text: string): string[] {
  return [...fold(text).matchAll(WORD)].map(([word]) => word);
}

function cut(word: string): string {
  return Array.from(word).slice(0, MAX_TERM_CHARS).join('');
}

/** The word, and where its script sets no spaces, the rest of it from every sign on: so a search finds what stands within. */
function* startsIn(word: string): Iterable<string> {
  if (!UNSPACED.test(word)) {
    yield cut(word);
    return;
  }
  const signs = Array.from(word);
  for (let from = 0; from < signs.length; from += 1) yield cut(signs.slice(from).join(''));
}

/** The terms under which something with these texts is found, the most important text first; at most 64, each once. */
export function indexTerms(texts: readonly string[]): string[] {
  const terms = new Set<string>();
  for (const text of texts) {
    for (const word of words(text)) {
      for (const term of startsIn(word)) {
        if (terms.size === MAX_INDEXED_TERMS) return [...terms];
        terms.add(term);
      }
    }
  }
  return [...terms];
}

/** What a search asks for: each of these has to begin a term. Empty when the text holds neither letter nor digit. */
export function queryTerms(text: string): string[] {
  return [...new Set(words(text).map(cut))].slice(0, MAX_QUERY_TERMS);
}

/** Whether something with these terms is what the search asks for. */
export function matchesTerms(terms: readonly string[], wanted: readonly string[]): boolean {
  return wanted.every((prefix) => terms.some((term) => term.startsWith(prefix)));
}

/** By which names are put in order: without case and accents. */
export function nameOrder(name: string): string {
  return Array.from(fold(name).trim()).slice(0, MAX_SORT_CHARS).join('');
}
