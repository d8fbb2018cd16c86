// Puts the Python server and the packages it needs into bundled/libs, where launch.py finds them.
//
// Pure Python wheels only, for the oldest Python the server runs on: one .vsix serves every
// platform and every Python from 3.10 on.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const project = path.resolve(extension, "../..");
const libs = path.join(extension, "bundled", "libs");
const python = process.env.PYTHON ?? "python3";
const wheels = mkdtempSync(path.join(os.tmpdir(), "rdit-wheel-"));

function pip(...args) {
  execFileSync(python, ["-m", "pip", "--quiet", "--disable-pip-version-check", ...args], { stdio: "inherit" });
}

try {
  // The server as it is released: with the metadata that it reads its own version from.
  pip("wheel", "--no-deps", "--wheel-dir", wheels, project);
  const [wheel] = readdirSync(wheels);
  rmSync(libs, { recursive: true, force: true });
  // requirements.txt lists all there is to install: pip would resolve dependencies for the Python
  // that runs it, not for the one asked for.
  pip(
    ...["install", "--no-compile", "--no-deps", "--target", libs],
    ...["--only-binary", ":all:", "--platform", "any", "--implementation", "py", "--abi", "none", "--python-version", "3.10"],
    ...["--requirement", path.join(extension, "bundled", "requirements.txt"), path.join(wheels, wheel)],
  );
} catch (error) {
  // pip has said what is wrong.
  console.error("The server could not be bundled.");
  process.exit(error.status ?? 1);
} finally {
  rmSync(wheels, { recursive: true, force: true });
}
// Scripts with this machine's Python in their first line.
rmSync(path.join(libs, "bin"), { recursive: true, force: true });

const native = readdirSync(libs, { recursive: true }).filter((name) => /\.(so|pyd|dylib)$/.test(name));
if (native.length > 0) {
  console.error(`These would tie the extension to one platform: ${native.join(", ")}`);
  process.exit(1);
}
