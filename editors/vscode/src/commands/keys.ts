/** The keys of commands, as people write them. Pure. */

export interface Keybinding {
  command: string;
  key: string;
  mac?: string;
}

const names: Record<string, string> = { alt: "Alt", cmd: "Cmd", ctrl: "Ctrl", enter: "Enter", shift: "Shift" };

/** The keys that the extension gives a command: VS Code tells no one of others that a user has chosen. */
export function keysOf(command: string, bindings: Keybinding[], isMac: boolean): string | undefined {
  const found = bindings.find((binding) => binding.command === command);
  if (!found) return undefined;
  const keys = isMac ? (found.mac ?? found.key) : found.key;
  return keys.split(" ").map((chord) => written(chord, isMac)).join(" ");
}

function written(chord: string, isMac: boolean): string {
  const ownNames: Record<string, string> = isMac ? { ...names, alt: "Option" } : names;
  return chord.split("+").map((key) => ownNames[key] ?? key.toUpperCase()).join("+");
}
