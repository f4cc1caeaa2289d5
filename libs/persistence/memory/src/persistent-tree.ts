/** Nodes are never changed after they were made: a root is a snapshot for as long as somebody holds it. */
interface Leaf<V> {
  readonly keys: readonly string[];
  readonly values: readonly V[];
}

interface Branch<V> {
  /** The least key of each child but the first; `keys[i]` separates `children[i]` and `children[i + 1]`. */
  readonly keys: readonly string[];
  readonly children: readonly Tree<V>[];
}

/** A sorted map by B-tree with path copying; every operation touches O(log n) nodes. */
export type Tree<V> = Leaf<V> | Branch<V>;

const MAX_WIDTH = 32;
const MIN_WIDTH = 8;

export function emptyTree<V>(): Tree<V> {
  return { keys: [], values: [] };
}

function isBranch<V>(node: Tree<V>): node is Branch<V> {
  return 'children' in node;
}

/** Place of the first key ≥ the given one. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Place of the child that holds, or would hold, the key. */
function childPlace(keys: readonly string[], key: string): number {
  const place = lowerBound(keys, key);
  return keys[place] === key ? place + 1 : place;
}

export function treeGet<V>(tree: Tree<V>, key: string): V | undefined {
  let node = tree;
  while (isBranch(node)) node = childAt(node, childPlace(node.keys, key));
  const place = lowerBound(node.keys, key);
  return node.keys[place] === key ? node.values[place] : undefined;
}

function childAt<V>(branch: Branch<V>, place: number): Tree<V> {
  const child = branch.children[place];
  if (!child) throw new RangeError('a branch has one child more than keys');
  return child;
}

/** A node that became too wide is two, with the least key of the second between them. */
interface Grown<V> {
  readonly left: Tree<V>;
  readonly right?: { readonly least: string; readonly tree: Tree<V> };
}

export function treeSet<V>(tree: Tree<V>, key: string, value: V): Tree<V> {
  const { left, right } = insert(tree, key, value);
  return right ? { keys: [right.least], children: [left, right.tree] } : left;
}

function insert<V>(node: Tree<V>, key: string, value: V): Grown<V> {
  if (isBranch(node)) {
    const place = childPlace(node.keys, key);
    const { left, right } = insert(childAt(node, place), key, value);
    if (!right) return { left: { keys: node.keys, children: node.children.with(place, left) } };
    return split({
      keys: node.keys.toSpliced(place, 0, right.least),
      children: node.children.toSpliced(place, 1, left, right.tree),
    });
  }
  const place = lowerBound(node.keys, key);
  if (node.keys[place] === key) return { left: { keys: node.keys, values: node.values.with(place, value) } };
  return split({ keys: node.keys.toSpliced(place, 0, key), values: node.values.toSpliced(place, 0, value) });
}

function split<V>(node: Tree<V>): Grown<V> {
  if (node.keys.length <= MAX_WIDTH) return { left: node };
  const middle = node.keys.length >>> 1;
  const least = node.keys[middle] ?? '';
  if (isBranch(node)) {
    return {
      left: { keys: node.keys.slice(0, middle), children: node.children.slice(0, middle + 1) },
      right: {
        least,
        tree: { keys: node.keys.slice(middle + 1), children: node.children.slice(middle + 1) },
      },
    };
  }
  return {
    left: { keys: node.keys.slice(0, middle), values: node.values.slice(0, middle) },
    right: { least, tree: { keys: node.keys.slice(middle), values: node.values.slice(middle) } },
  };
}

export function treeDelete<V>(tree: Tree<V>, key: string): Tree<V> {
  const node = remove(tree, key);
  return isBranch(node) && node.keys.length === 0 ? childAt(node, 0) : node;
}

function remove<V>(node: Tree<V>, key: string): Tree<V> {
  if (!isBranch(node)) {
    const place = lowerBound(node.keys, key);
    if (node.keys[place] !== key) return node;
    return { keys: node.keys.toSpliced(place, 1), values: node.values.toSpliced(place, 1) };
  }
  const place = childPlace(node.keys, key);
  const old = childAt(node, place);
  const child = remove(old, key);
  if (child === old) return node;
  const changed: Branch<V> = { keys: node.keys, children: node.children.with(place, child) };
  return child.keys.length < MIN_WIDTH ? joinNeighbours(changed, Math.max(0, place - 1)) : changed;
}

/** Joins the children at `place` and after it, and parts them again where the two together are too wide for one. */
function joinNeighbours<V>(branch: Branch<V>, place: number): Branch<V> {
  const [left, right] = [childAt(branch, place), childAt(branch, place + 1)];
  const separator = branch.keys[place] ?? '';
  const joined = split(join(left, separator, right));
  if (!joined.right) {
    return {
      keys: branch.keys.toSpliced(place, 1),
      children: branch.children.toSpliced(place, 2, joined.left),
    };
  }
  return {
    keys: branch.keys.with(place, joined.right.least),
    children: branch.children.toSpliced(place, 2, joined.left, joined.right.tree),
  };
}

function join<V>(left: Tree<V>, separator: string, right: Tree<V>): Tree<V> {
  if (isBranch(left) && isBranch(right)) {
    return {
      keys: [...left.keys, separator, ...right.keys],
      children: [...left.children, ...right.children],
    };
  }
  if (isBranch(left) || isBranch(right)) throw new RangeError('all leaves are equally deep');
  return { keys: [...left.keys, ...right.keys], values: [...left.values, ...right.values] };
}

/** Calls back for start ≤ key < end, in order or backward, until it answers false. */
export function treeWalk<V>(
  tree: Tree<V>,
  range: { readonly start: string; readonly end: string; readonly reverse: boolean },
  visit: (key: string, value: V) => boolean,
): boolean {
  const { start, end, reverse } = range;
  if (isBranch(tree)) {
    const first = childPlace(tree.keys, start);
    const last = lowerBound(tree.keys, end);
    for (let step = 0; step <= last - first; step += 1) {
      if (!treeWalk(childAt(tree, reverse ? last - step : first + step), range, visit)) return false;
    }
    return true;
  }
  const first = lowerBound(tree.keys, start);
  const past = lowerBound(tree.keys, end);
  for (let step = 0; step < past - first; step += 1) {
    const place = reverse ? past - 1 - step : first + step;
    if (!visit(tree.keys[place] ?? '', tree.values[place] as V)) return false;
  }
  return true;
}
