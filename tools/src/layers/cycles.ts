/**
 * The import cycles of a graph, one per strongly connected component, each as a closed walk that starts at its smallest name.
 * Tarjan's algorithm; edges to files outside the graph are ignored.
 */
export function findCycles(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const path: string[] = [];
  const onPath = new Set<string>();
  const components: string[][] = [];

  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.get(node) as number);
    path.push(node);
    onPath.add(node);
    for (const next of edges.get(node) ?? []) {
      if (!edges.has(next)) continue;
      if (!index.has(next)) {
        visit(next);
        low.set(node, Math.min(low.get(node) as number, low.get(next) as number));
      } else if (onPath.has(next)) low.set(node, Math.min(low.get(node) as number, index.get(next) as number));
    }
    if (low.get(node) !== index.get(node)) return;
    const component = path.splice(path.indexOf(node));
    for (const member of component) onPath.delete(member);
    if (component.length > 1 || edges.get(node)?.includes(node) === true) components.push(component);
  };
  for (const node of edges.keys()) if (!index.has(node)) visit(node);
  return components
    .map((component) => shortestWalk(component, edges))
    .sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

/** The shortest way from the smallest member back to itself, inside its component. */
function shortestWalk(component: readonly string[], edges: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const start = [...component].sort()[0] as string;
  const members = new Set(component);
  const queue: (readonly string[])[] = [[start]];
  const seen = new Set<string>();
  for (let walk = queue.shift(); walk !== undefined; walk = queue.shift()) {
    for (const next of edges.get(walk.at(-1) as string) ?? []) {
      if (next === start) return walk;
      if (!members.has(next) || seen.has(next)) continue;
      seen.add(next);
      queue.push([...walk, next]);
    }
  }
  return [start];
}
