/**
 * The settings that the server reads, as the user set them.
 *
 * Only what somebody set is sent: the server lets the editor win over `[tool.rdit]` in a project's
 * pyproject.toml, so a default of ours would undo what the project says. Pure.
 */

export const serverKeys = ["python", "cwd", "args", "env", "runOn", "checkpoints", "figureFormat", "figureDpi"] as const;

export type ServerSettings = Partial<Record<(typeof serverKeys)[number], unknown>>;

/** What VS Code's `WorkspaceConfiguration.inspect` says of one key. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/**
 * @param inspect What is known of a key.
 * @param chosenPython The interpreter chosen in the Python extension, for want of a setting.
 */
export function serverSettings(
  inspect: (key: string) => Inspected | undefined,
  chosenPython: string | undefined,
): ServerSettings {
  const settings: ServerSettings = {};
  for (const key of serverKeys) {
    const found = inspect(key);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (value !== undefined && value !== null && value !== "") settings[key] = value;
  }
  // As a list, so that a path with spaces in it cannot be taken for a command line.
  if (settings.python === undefined && chosenPython !== undefined) settings.python = [chosenPython];
  return settings;
}
