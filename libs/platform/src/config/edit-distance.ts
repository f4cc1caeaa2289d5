/** Insertions, deletions, replacements and swaps of neighbours that make one text of the other. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= a.length; row += 1) {
    const line = [row];
    for (let column = 1; column <= b.length; column += 1) {
      line.push(cheapest(rows, line, a, b, row, column));
    }
    rows.push(line);
  }
  return rows[a.length]?.[b.length] ?? 0;
}

function cheapest(
  rows: readonly number[][],
  line: readonly number[],
  a: string,
  b: string,
  row: number,
  column: number,
): number {
  const at = (r: number, c: number): number => rows[r]?.[c] ?? Number.POSITIVE_INFINITY;
  const same = a[row - 1] === b[column - 1] ? 0 : 1;
  const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1] && row > 1 && column > 1;
  return Math.min(
    at(row - 1, column) + 1,
    (line[column - 1] ?? Number.POSITIVE_INFINITY) + 1,
    at(row - 1, column - 1) + same,
    swapped ? at(row - 2, column - 2) + 1 : Number.POSITIVE_INFINITY,
  );
}

/** Mistakes that still look like the name: short names resemble too much, so for them there is no guessing. */
const allowedMistakes = (name: string): number => (name.length <= 5 ? 0 : name.length <= 8 ? 1 : 2);

/** The known name that somebody who wrote this probably meant; undefined when it resembles none. */
export function resembles(written: string, known: readonly string[]): string | undefined {
  return known.find((name) => {
    const mistakes = allowedMistakes(name);
    if (mistakes === 0 || Math.abs(name.length - written.length) > mistakes) return false;
    const distance = editDistance(written, name);
    return distance > 0 && distance <= mistakes;
  });
}
