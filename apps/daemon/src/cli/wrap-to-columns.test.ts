import { expect, it } from "vitest";
import { wrapToColumns } from "./wrap-to-columns.js";

it("breaks between words, and a longer word stays whole", () => {
	expect(wrapToColumns("one two three", 7)).toEqual(["one two", "three"]);
	expect(wrapToColumns("one two three", 8)).toEqual(["one two", "three"]);
	expect(wrapToColumns("a 1234567890 b", 5)).toEqual(["a", "1234567890", "b"]);
	expect(wrapToColumns("", 5)).toEqual([]);
});

it("breaks between Chinese characters, each two columns wide, and begins no line with a closing mark", () => {
	expect(wrapToColumns("数据包已损坏", 6)).toEqual(["数据包", "已损坏"]);
	expect(wrapToColumns("数据包，已损坏。", 6)).toEqual([
		"数据包，",
		"已损坏。",
	]);
	expect(wrapToColumns("运行 `ip -s link` 查看", 10)).toEqual([
		"运行 `ip",
		"-s link`",
		"查看",
	]);
});
