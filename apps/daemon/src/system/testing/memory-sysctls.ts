// Kernel settings in memory, with the one side effect that matters here: conf/all/forwarding sets every interface.

import type { SysctlFiles } from "../sysctl-files.js";

export interface MemorySysctls extends SysctlFiles {
	readonly values: Map<string, string>;
	/** Every write, in order, as "key=value". */
	readonly writes: string[];
}

export function createMemorySysctls(
	initial: Readonly<Record<string, string>>,
): MemorySysctls {
	const values = new Map(Object.entries(initial));
	const writes: string[] = [];
	return {
		values,
		writes,
		read: (key) => values.get(key) ?? null,
		write(key, value) {
			if (!values.has(key)) return false;
			writes.push(`${key}=${value}`);
			values.set(key, value);
			const family = /^net\/(ipv[46])\/conf\/all\/forwarding$/.exec(key)?.[1];
			if (family === undefined) return true;
			const isOfFamily = new RegExp(`^net/${family}/conf/[^/]+/forwarding$`);
			for (const other of values.keys())
				if (isOfFamily.test(other)) values.set(other, value);
			return true;
		},
		list(folder) {
			const names = [...values.keys()].flatMap((key) =>
				key.startsWith(`${folder}/`)
					? [key.slice(folder.length + 1).split("/")[0] ?? ""]
					: [],
			);
			return [...new Set(names)];
		},
	};
}
