// An obstacle as a sentence for the operator: which chain, what it does to which packets, how sure that is, and the command that ends it.

import type { Decider } from "./evaluate.js";
import type { FirewallBrand } from "./firewall-brand.js";
import type { Obstacle } from "./obstacles.js";
import { type Remedy, remedyCommands } from "./remedy.js";
import type { TunnelPlace } from "./tunnel-packet.js";

export interface NoticeParts {
	readonly obstacle: Obstacle;
	readonly remedy: Remedy;
	readonly brand: FirewallBrand | null;
	readonly place: TunnelPlace;
	/** Packets that the deciding rules' counters have grown by since the tunnel began to send; null where none counts. */
	readonly provenPackets: number | null;
}

/** The chain as a person would look for it. */
export function chainName({ base }: Pick<Obstacle, "base">): string {
	const { owner, family, table, name } = base;
	const world = owner === "nft" ? "nftables" : owner;
	return `chain ${name} of table ${family} ${table} (${world})`;
}

export function describeObstacle(parts: NoticeParts): string {
	return parts.obstacle.kind === "port-taken"
		? describeTakenPort(parts)
		: describeFilter(parts);
}

function describeFilter(parts: NoticeParts): string {
	const { obstacle, brand, place } = parts;
	const who = brand === null ? "Another firewall" : brand.name;
	const stops = obstacle.isCertain ? "stops" : "may stop";
	const verb = obstacle.kind === "redirected" ? "sends elsewhere" : "drops";
	const does = obstacle.isCertain ? verb : `perhaps ${verb}`;
	const fix = commandsText(parts);
	return [
		`${who} ${stops} the tunnel: ${chainName(obstacle)} ${does} ${whatIsStopped(obstacle, place)}, ${byWhat(obstacle)}.`,
		proof(parts),
		`Let it through: ${fix}`,
		...(brand?.lastingCommand
			? [`To keep it: ${quoted(brand.lastingCommand)}`]
			: []),
		"(or start tunscope with --allow-foreign-firewall)",
	].join(" ");
}

function describeTakenPort(parts: NoticeParts): string {
	const { obstacle, brand, place } = parts;
	const port = place.endpoint.role === "server" ? place.endpoint.port : 0;
	const takes = obstacle.isCertain ? "takes" : "perhaps takes";
	const who = brand === null ? "Somebody else's" : `${brand.name}'s`;
	return [
		`${who} ${chainName(obstacle)} ${takes} TCP port ${port} before the tunnel gets it, ${byWhat(obstacle)}: clients reach something else.`,
		`Give tunscope another --local port, or give it this one: ${commandsText(parts)}`,
	].join(" ");
}

function commandsText({ remedy }: NoticeParts): string {
	return quoted(remedyCommands(remedy).join(" && "));
}

function quoted(command: string): string {
	return `\`${command}\``;
}

function whatIsStopped(
	{ packets }: Obstacle,
	{ tunName }: TunnelPlace,
): string {
	const isOutgoing = packets.some(({ direction }) => direction === "outgoing");
	const isIncoming = packets.some(({ direction }) => direction === "incoming");
	const words =
		isOutgoing && isIncoming
			? `what goes into and comes out of ${tunName}`
			: isOutgoing
				? `what comes out of ${tunName}`
				: `what goes into ${tunName}`;
	const families = new Set(packets.map(({ family }) => family));
	return families.size === 1 ? `${words} (IPv${[...families][0]})` : words;
}

function byWhat({ deciders }: Obstacle): string {
	return deciders.map(deciderText).join(" and ");
}

function deciderText({ chain, rule, verdict }: Decider): string {
	if (rule === null) return "by its policy drop";
	const handle = rule.handle === null ? "" : ` (handle ${rule.handle})`;
	const place = `by rule ${rule.position} of chain ${chain.name}${handle}`;
	if (verdict === "reject") return `${place}, which rejects`;
	return verdict === "unknown"
		? `${place}, which tunscope does not understand`
		: place;
}

function proof({ obstacle, provenPackets }: NoticeParts): string {
	if (provenPackets !== null && provenPackets > 0)
		return `Its counter proves it: ${provenPackets} more packets since the tunnel started.`;
	return obstacle.isCertain
		? "So say its rules."
		: "Its rules can be read either way.";
}
