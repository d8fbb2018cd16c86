/** Which of the server's code lenses are shown. Pure. */

export type LensSetting = "off" | "statement" | "cell";

interface Lens {
  command?: { arguments?: unknown[] } | undefined;
}

/** A lens that runs a cell is a cell's; every other one stands above a statement. */
export function shownLenses<L extends Lens>(lenses: L[], setting: LensSetting): L[] {
  if (setting === "off") return [];
  return lenses.filter((lens) => isCellLens(lens) === (setting === "cell"));
}

function isCellLens(lens: Lens): boolean {
  const [argument] = lens.command?.arguments ?? [];
  return typeof argument === "object" && argument !== null && "scope" in argument && argument.scope === "cell";
}
