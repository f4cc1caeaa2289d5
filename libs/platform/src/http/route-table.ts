import { ROUTES, type Route } from '@state-server/protocol';
import type { RouteOptions } from 'fastify';

/** `/brane/{id}` as Fastify writes it: `/brane/:id`. */
export const toPattern = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const BY_PLACE: ReadonlyMap<string, Route> = new Map(
  Object.values<Route>(ROUTES).map((route) => [`${route.method} ${toPattern(route.path)}`, route]),
);

/** The row of the route table at a method and a pattern of Fastify; HEAD is as GET. Undefined for pages and the like. */
export function routeAt(method: string, pattern: string): Route | undefined {
  return BY_PLACE.get(`${method === 'HEAD' ? 'GET' : method} ${pattern}`);
}

/** Which methods stand at which paths, for the difference between 404 and 405. */
export class KnownPaths {
  private readonly methods = new Map<string, Set<string>>();

  add({ method, url }: Pick<RouteOptions, 'method' | 'url'>): void {
    const known = this.methods.get(url) ?? new Set();
    for (const name of [method].flat()) known.add(name);
    this.methods.set(url, known);
  }

  /** The methods that the path would take, sorted; empty when there is no such path. */
  methodsAt(path: string): string[] {
    const found = new Set<string>();
    for (const [pattern, methods] of this.methods) {
      if (matches(pattern, path)) for (const method of methods) found.add(method);
    }
    return [...found].sort();
  }
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split('/');
  const parts = path.split('/');
  for (const [index, part] of expected.entries()) {
    if (part === '*') return true;
    const given = parts[index];
    if (given === undefined || (part.startsWith(':') ? given === '' : part !== given)) return false;
  }
  return parts.length === expected.length;
}
