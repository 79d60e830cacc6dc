// The columns of the table: what carries the datagrams.

export const COLUMN_NAMES = [
	"ours",
	"stock",
	"plain",
	"ours-to-stock",
	"stock-to-ours",
] as const;
export type ColumnName = (typeof COLUMN_NAMES)[number];

export const COLUMN_TITLES: Readonly<Record<ColumnName, string>> = {
	ours: "ours",
	stock: "stock Phantun 0.8.1",
	plain: "plain UDP",
	"ours-to-stock": "our client → stock server",
	"stock-to-ours": "stock client → our server",
};
