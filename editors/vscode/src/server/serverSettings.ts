/**
 * The settings that the server reads, as the user set them.
 *
 * Only what somebody set is sent: the server lets the editor win over `[tool.rdit]` in a project's
 * pyproject.toml, so a default sent from here would undo what the project says. Pure.
 */

import { type Settings, settingKeys } from "../protocol";

/** Whatever the user has set them to: the server checks it. */
export interface ServerSettings extends Partial<Record<keyof Settings, unknown>> {
  /** No setting of the user's: another extension completes Python, too. */
  otherServer?: true;
}

/** What VS Code's `WorkspaceConfiguration.inspect` says of one key. */
export interface Inspected {
  globalValue?: unknown;
  workspaceValue?: unknown;
  workspaceFolderValue?: unknown;
}

/**
 * @param inspect What is known of a key.
 * @param chosenPython The interpreter chosen in the Python extension, for want of a setting.
 * @param hasOther Whether another extension completes Python.
 */
export function serverSettings(
  inspect: (key: string) => Inspected | undefined,
  chosenPython: string | undefined,
  hasOther = false,
): ServerSettings {
  const settings: ServerSettings = hasOther ? { otherServer: true } : {};
  for (const key of settingKeys) {
    const found = inspect(key);
    const value = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    if (value !== undefined && value !== null && value !== "") settings[key] = value;
  }
  // As a list, so that a path with spaces in it cannot be taken for a command line.
  if (settings.python === undefined && chosenPython !== undefined) settings.python = [chosenPython];
  return settings;
}

/** Extensions with a Python language server of their own that needs no setting. */
const others = [
  "anysphere.cursorpyright",
  "astral-sh.ty",
  "detachhead.basedpyright",
  "meta.pyrefly",
  "ms-pyright.pyright",
  "codeium.windsurfpyright",
];

/**
 * Whether another extension completes Python.
 *
 * @param isThere Whether an extension is installed and enabled.
 * @param languageServer The setting `python.languageServer`, which chooses among those of Microsoft's.
 */
export function hasOtherServer(isThere: (id: string) => boolean, languageServer: string | undefined): boolean {
  if (others.some(isThere)) return true;
  if (languageServer === "None") return false;
  if (languageServer === "Jedi") return isThere("ms-python.python");
  return isThere("ms-python.vscode-pylance");
}
