/**
 * In which order variables are listed.
 *
 * Pure: knows neither VS Code nor the server.
 */

import type { Variable } from "../protocol";

export type VariableOrder = "kind" | "name" | "type";

/** The server lists data first, then functions and classes, then modules: that is the order by kind. */
export function sorted(variables: Variable[], order: VariableOrder): Variable[] {
  if (order === "kind") return variables;
  const byName = (one: Variable, other: Variable) => one.name.localeCompare(other.name);
  if (order === "name") return [...variables].sort(byName);
  return [...variables].sort((one, other) => one.type.localeCompare(other.type) || byName(one, other));
}
