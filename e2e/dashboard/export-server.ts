// Serves the exported dashboard's files on a loopback port, as the daemon will: extensions added, 404 page, nothing else.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

const EXPORT_FOLDER = fileURLToPath(
	new URL("../../apps/web/out", import.meta.url),
);

const CONTENT_TYPES: Readonly<Record<string, string>> = {
	".css": "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js": "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
	".txt": "text/plain; charset=utf-8",
	".woff2": "font/woff2",
};

export interface ExportServer {
	readonly origin: string;
	readonly stop: () => Promise<void>;
}

/** Starts on a free port of 127.0.0.1. */
export async function startExportServer(): Promise<ExportServer> {
	const server = createServer(async (request, response) => {
		const path = new URL(request.url ?? "/", "http://localhost").pathname;
		const file = await readExported(path);
		const type = CONTENT_TYPES[file.extension] ?? "application/octet-stream";
		response.writeHead(file.status, { "content-type": type });
		response.end(request.method === "HEAD" ? undefined : file.bytes);
	});
	await new Promise<void>((resolve) => {
		server.listen(0, "127.0.0.1", resolve);
	});
	const address = server.address();
	if (address === null || typeof address === "string") {
		throw new Error("the export server has no port");
	}
	return {
		origin: `http://127.0.0.1:${address.port}`,
		stop: () =>
			new Promise((resolve) => {
				server.close(() => resolve());
				server.closeAllConnections();
			}),
	};
}

interface ExportedFile {
	readonly status: 200 | 404;
	readonly bytes: Buffer;
	readonly extension: string;
}

async function readExported(urlPath: string): Promise<ExportedFile> {
	// normalize() on an absolute path cannot climb above its root.
	const path = normalize(urlPath === "/" ? "/index.html" : urlPath);
	for (const candidate of [path, `${path}.html`]) {
		const bytes = await readOrNull(join(EXPORT_FOLDER, candidate));
		if (bytes !== null) {
			return { status: 200, bytes, extension: extname(candidate) };
		}
	}
	const bytes = await readFile(join(EXPORT_FOLDER, "404.html"));
	return { status: 404, bytes, extension: ".html" };
}

async function readOrNull(path: string): Promise<Buffer | null> {
	try {
		return await readFile(path);
	} catch {
		return null; // No such file, or a folder.
	}
}
