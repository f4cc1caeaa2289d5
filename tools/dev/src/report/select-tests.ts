export interface SpecFile {
  /** Relative to the workspace. */
  readonly path: string;
  readonly project: string;
}

/** Which projects to test, and which of their tests. */
export interface Selection {
  readonly projects: readonly string[];
  /** Only spec files whose path matches. */
  readonly testFile?: string;
  /** Only tests whose full name matches. */
  readonly testName?: string;
}

/**
 * What a person means by a pattern: a project, if there is one of that name; else files, if the path of any
 * matches; else the name of a test (a rule id, say).
 */
export function selectTests(
  pattern: string | undefined,
  specs: readonly SpecFile[],
  testable: readonly string[],
): Selection {
  if (pattern === undefined) return { projects: testable };
  if (testable.includes(pattern)) return { projects: [pattern] };
  const matching = specs.filter((spec) => matches(pattern, spec.path) && testable.includes(spec.project));
  if (matching.length > 0)
    return { projects: [...new Set(matching.map((spec) => spec.project))], testFile: pattern };
  return { projects: testable, testName: pattern };
}

function matches(pattern: string, path: string): boolean {
  try {
    return new RegExp(pattern, 'i').test(path);
  } catch {
    return path.includes(pattern);
  }
}
