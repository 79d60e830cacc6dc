// docs/anomalies.md and its Chinese twin are what the catalogue says, so that none can disagree with the program.

import { describe, expect, test } from "vitest";
import {
	ANOMALY_CATALOGUE,
	type AnomalyLanguage,
} from "../packages/shared/src/anomaly/anomaly-catalogue.js";
import {
	ANOMALIES,
	ANOMALY_CODES,
	ANOMALY_GROUPS,
	type AnomalyCode,
	type AnomalyGroup,
	NOT_ANOMALIES,
} from "../packages/shared/src/anomaly/anomaly-codes.js";

interface Words {
	readonly head: string;
	readonly groups: Readonly<Record<AnomalyGroup, string>>;
	readonly severity: Readonly<Record<string, string>>;
	readonly direction: Readonly<Record<string, string>>;
	readonly parameters: string;
	readonly colon: string;
	readonly comma: string;
	readonly happened: string;
	readonly means: string;
	readonly whatToDo: string;
	readonly notAnomalies: string;
	readonly notAnomalyReasons: Readonly<Record<string, string>>;
}

const ENGLISH: Words = {
	head: `# Anomalies

What Tunscope saw on the wire or on its host that should not be there, or that an operator may want to know.
\`tunscope client … --anomalies\` prints each as one JSON object per line ([command-line.md](command-line.md#anomalies));
warnings and errors are said in the log too, once a minute for each code. In Chinese: [anomalies.zh-CN.md](anomalies.zh-CN.md).

An event says \`code\`, \`severity\` (info, note, warn, error), \`group\`, \`tunnel\`, \`flow\` (or null), \`direction\`, how often
(\`count\`) between which moments (\`firstSeen\`, \`lastSeen\`), the first packet (\`packet\`: its first 256 bytes, the bytes at fault,
the decoded header) and the \`parameters\` of its code. Nothing is told packet by packet: the first of a code and flow is told
within 300 ms; while it goes on, a second later, 5 seconds later, and then every 10 seconds. Of a flood some 200 packets a second
of each code are looked at; of the others nothing but their number is kept, and that is said (\`notKept\`): \`count\` and
\`notKept\` of all events add up to the [drop counter](drop-reasons.md) of the same name. The latest 4096 events of a tunnel are kept.

The schema is \`anomalyEventSchema\` in \`packages/shared/src/anomaly/anomaly-event.ts\`. Made from
\`packages/shared/src/anomaly/\` by \`npx vitest run --project tools -u\`; in braces: the event's parameters.
`,
	groups: {
		mtu: "MTU",
		fragment: "Fragments",
		checksum: "Damaged and malformed packets (group checksum)",
		sequence: "Sequence numbers",
		handshake: "Handshakes",
		rst: "Resets",
		icmp: "ICMP",
		nat: "Addresses and silence (group nat)",
		resource: "Resources",
	},
	severity: { info: "info", note: "note", warn: "warn", error: "error" },
	direction: { inbound: "inbound", outbound: "outbound", both: "both ways" },
	parameters: "parameters",
	colon: ": ",
	comma: ", ",
	happened: "What happened",
	means: "What it means",
	whatToDo: "What to do",
	notAnomalies: "Not anomalies",
	notAnomalyReasons: NOT_ANOMALIES,
};

const CHINESE: Words = {
	head: `# 异常

Tunscope 在线路上或本机上看到的、不应出现或值得运维人员了解的情况。
\`tunscope client … --anomalies\` 会把每个异常输出为一行 JSON（见 [command-line.md](command-line.md#anomalies)）；
环境变量 \`LANG\` 以 \`zh\` 开头时，其中的说明文字为中文。警告和错误也会写入日志，每种代码每分钟一次。英文版：[anomalies.md](anomalies.md)。

每个事件包含 \`code\`（代码）、\`severity\`（严重程度：info、note、warn、error）、\`group\`（分组）、\`tunnel\`（隧道）、\`flow\`（流，或 null）、
\`direction\`（方向）、发生次数 \`count\` 及起止时刻（\`firstSeen\`、\`lastSeen\`）、第一个数据包（\`packet\`：前 256 字节、出错的字节范围、
解码后的首部）以及该代码的 \`parameters\`（参数）。不会逐包报告：同一代码、同一流的第一次在 300 毫秒内报告；若持续发生，则在 1 秒、5 秒之后各报告一次，
此后每 10 秒一次。遇到洪泛时，每种代码每秒只细看约 200 个数据包，其余的只保留数量，并如实写在 \`notKept\` 中：
所有事件的 \`count\` 与 \`notKept\` 之和等于同名的[丢弃计数](drop-reasons.md)。每条隧道保留最近 4096 个事件。

本文件由 \`packages/shared/src/anomaly/\` 生成；花括号中是事件的参数。
`,
	groups: {
		mtu: "MTU",
		fragment: "分片（fragment）",
		checksum: "损坏或畸形的数据包（checksum）",
		sequence: "序列号（sequence）",
		handshake: "握手（handshake）",
		rst: "复位（rst）",
		icmp: "ICMP",
		nat: "地址变化与静默（nat）",
		resource: "资源（resource）",
	},
	severity: { info: "信息", note: "提示", warn: "警告", error: "错误" },
	direction: { inbound: "入方向", outbound: "出方向", both: "双向" },
	parameters: "参数",
	colon: "：",
	comma: "，",
	happened: "现象",
	means: "含义",
	whatToDo: "处理",
	notAnomalies: "不算异常的情况",
	notAnomalyReasons: {
		"link-local-chatter":
			"内核会在每个新设备上自行发送路由器请求、邻居发现和组播报告。",
		"empty-datagram": "应用用空数据报保活；Phantun 的线路格式无法承载它们。",
		"rst-challenged": "以 `reset-challenged` 报告，并附上与期望序列号的距离。",
		"keepalive-octet": "空闲对端的保活段是正常现象。",
		"tunnel-stopping": "隧道停止过程中到达的数据。",
	},
};

function documentIn(language: AnomalyLanguage, words: Words): string {
	const groups = ANOMALY_GROUPS.map((group) => {
		const codes = ANOMALY_CODES.filter(
			(code) => ANOMALIES[code].group === group,
		);
		const entries = codes.map((code) => entryOf(language, code, words));
		return `## ${words.groups[group]}\n\n${entries.join("\n")}`;
	});
	const others = Object.keys(NOT_ANOMALIES).map(
		(name) => `- \`${name}\`${words.colon}${words.notAnomalyReasons[name]}\n`,
	);
	return `${words.head}\n${groups.join("\n")}\n## ${words.notAnomalies}\n\n${others.join("")}`;
}

function entryOf(
	language: AnomalyLanguage,
	code: AnomalyCode,
	words: Words,
): string {
	const { severity, direction, parameters } = ANOMALIES[code];
	const units = Object.entries(parameters).map(
		([name, unit]) => `\`${name}\` (${unit})`,
	);
	const facts = [
		words.severity[severity],
		words.direction[direction],
		...(units.length === 0
			? []
			: [`${words.parameters} ${units.join(words.comma)}`]),
	].join(words.comma);
	const { happened, means, whatToDo } = ANOMALY_CATALOGUE[language][code];
	return `### \`${code}\`

${facts}

- **${words.happened}**${words.colon}${happened}
- **${words.means}**${words.colon}${means}
- **${words.whatToDo}**${words.colon}${whatToDo}
`;
}

describe("docs/anomalies", () => {
	test("say in English what the catalogue says (npx vitest run --project tools -u writes it)", async () => {
		await expect(documentIn("en", ENGLISH)).toMatchFileSnapshot(
			"../docs/anomalies.md",
		);
	});

	test("say the same in Chinese", async () => {
		await expect(documentIn("zh-CN", CHINESE)).toMatchFileSnapshot(
			"../docs/anomalies.zh-CN.md",
		);
	});

	test("give the reason for everything that is no anomaly, in both languages", () => {
		expect(Object.keys(CHINESE.notAnomalyReasons)).toEqual(
			Object.keys(NOT_ANOMALIES),
		);
	});
});
