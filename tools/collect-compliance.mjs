// `npm run compliance`: writes docs/compliance/ from the RFC citations in the sources.

import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { complianceDocuments } from "./compliance/documents.mjs";

const TOP = fileURLToPath(new URL("..", import.meta.url));
const FOLDER = join(TOP, "docs/compliance");

const documents = complianceDocuments(TOP);
mkdirSync(FOLDER, { recursive: true });
for (const name of readdirSync(FOLDER))
	if (!documents.has(name)) rmSync(join(FOLDER, name));
for (const [name, text] of documents) writeFileSync(join(FOLDER, name), text);
console.log(`docs/compliance: ${documents.size} files`);
