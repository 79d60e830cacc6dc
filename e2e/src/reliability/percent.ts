// Shares as people read them on the scoreboard: "90.03 %".

export function percent(share: number): string {
	return `${(share * 100).toFixed(2)} %`;
}
