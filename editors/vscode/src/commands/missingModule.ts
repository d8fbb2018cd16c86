/** Which module a program did not find, and how to install it. Pure. */

import type { StatementResult } from "../protocol";

/** The module whose import ended a run; undefined where it was not an import that did. */
export function missingModule(results: StatementResult[]): string | undefined {
  for (const output of results.flatMap((result) => result.output)) {
    if (output.type === "error" && output.name === "ModuleNotFoundError") {
      return /^No module named '([\w]+)/.exec(output.value)?.[1];
    }
  }
  return undefined;
}

/** For a shell. The package may have another name than the module, so this is a proposal. */
export function installCommand(python: string, module: string): string {
  const program = /^[\w./+-]+$/.test(python) ? python : `'${python.replaceAll("'", "'\\''")}'`;
  return `${program} -m pip install ${module}`;
}
