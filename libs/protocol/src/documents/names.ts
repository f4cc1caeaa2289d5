/** `brane.update_me` → `BraneUpdateMe`. */
export function pascalCase(id: string): string {
  return id
    .split(/[._]/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join('');
}
