// Runs the end-to-end test: install what it needs, package the extension, drive a real VS Code.
import { execFileSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

const extension = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const root = path.resolve(extension, "../..");
const run = (command, ...args) => execFileSync(command, args, { cwd: extension, stdio: "inherit" });
const bin = (name) => path.join(extension, "node_modules", ".bin", name);

try {
  run(path.join(root, "scripts/vscode/install"));
  run("npm", "run", "--silent", "package");
  run(
    bin("esbuild"),
    ...["e2e/scenario.test.ts", "e2e/cannedServer.ts", "e2e/screenshot.ts", "--bundle", "--platform=node", "--target=node20", "--format=cjs"],
    ...["--external:playwright-core", "--outdir=dist/e2e", "--log-level=warning"],
  );
  run(process.execPath, ...(process.argv.length > 2 ? process.argv.slice(2) : ["--test", "dist/e2e/scenario.test.js"]));
} catch (error) {
  // What went wrong has been printed by the command that failed.
  process.exit(error.status ?? 1);
}
