// The parameters of each code, from the two numbers that the engine gives and what is known beside them.

import { headersBytes } from "@tunscope/fake-tcp";
import type {
	ANOMALIES,
	AnomalyCode,
	AnomalyParameters,
	AnomalyParameterValues,
} from "@tunscope/shared/lean";

export interface AnomalyFacts {
	readonly value: number;
	readonly other: number;
	readonly text: string | null;
	readonly family: 4 | 6;
	/** Who sent the packet; of an ICMP error the router that reports. */
	readonly source: string | null;
}

/** Codes that tell more than their name. */
type TellingCode = {
	[Code in AnomalyCode]: keyof (typeof ANOMALIES)[Code]["parameters"] extends never
		? never
		: Code;
}[AnomalyCode];

type Makers = {
	readonly [Code in TellingCode]: (
		facts: AnomalyFacts,
	) => AnomalyParameters<Code>;
};

/** Type, receiver, counter and tag of WireGuard's data message (whitepaper §5.4.6). */
const WIREGUARD_BYTES = 32;

/** The MTU inside WireGuard whose datagrams fit a path MTU: diagnosis.md, "MTU arithmetic". */
function wireguardMtu(pathMtu: number, family: 4 | 6): number {
	return Math.max(0, pathMtu - headersBytes(family) - WIREGUARD_BYTES);
}

function icmp({ value, other, source }: AnomalyFacts) {
	return { type: value, code: other, reporter: source };
}

function attempts({ value }: AnomalyFacts) {
	return { attempts: value };
}

function silence({ value }: AnomalyFacts) {
	return { silentMs: value };
}

const MAKERS: Makers = {
	"oversize-datagram": ({ value, other }) => ({
		datagramOctets: value,
		limitOctets: other,
		wireguardMtu: Math.max(0, other - WIREGUARD_BYTES),
	}),
	"fragments-reassembled": ({ value, other, family }) => ({
		largestOctets: value,
		pieces: other,
		wireguardMtu: wireguardMtu(value, family),
	}),
	"mss-by-middlebox": ({ value }) => ({ mss: value }),
	"link-mtu-differs": ({ value, other, family }) => ({
		oursOctets: value,
		peersOctets: other,
		wireguardMtu: wireguardMtu(Math.min(value, other), family),
	}),
	"path-mtu-lowered": ({ value, other, family, source }) => ({
		pathMtu: value,
		limitBefore: other,
		wireguardMtu: wireguardMtu(value, family),
		reporter: source,
	}),
	"path-mtu-restored": ({ value }) => ({ pathMtu: value }),
	"icmp-unreachable": icmp,
	"icmp-prohibited": icmp,
	"icmp-time-exceeded": icmp,
	"icmp-other": icmp,
	"reset-challenged": ({ value }) => ({ distance: value }),
	"odd-control-bits": ({ value }) => ({ bits: value }),
	"peer-silent": silence,
	"peer-back": silence,
	"flow-renewed": silence,
	"handshake-unanswered": attempts,
	"handshake-refused": attempts,
	"outage-skipped": ({ value }) => ({ skippedOctets: value }),
	"loss-inbound": ({ value, other }) => ({
		lostPerMille: value,
		segments: other,
	}),
	"reordering-inbound": ({ value, other }) => ({
		reorderedPerMille: value,
		segments: other,
	}),
	"syn-flood": ({ value }) => ({ halfOpen: value }),
	"syn-flood-over": ({ value }) => ({ answered: value }),
	"tun-lost": ({ text }) => ({ cause: text }),
	"tun-renamed": ({ text }) => {
		const [from = null, to = null] = text?.split(" ") ?? [];
		return { from, to };
	},
	"socket-unavailable": ({ text }) => ({ error: text }),
	"worker-restarted": ({ value }) => ({ pauseMs: value }),
};

export function parametersOf(
	code: AnomalyCode,
	facts: AnomalyFacts,
): AnomalyParameterValues {
	return isTelling(code) ? MAKERS[code](facts) : {};
}

function isTelling(code: AnomalyCode): code is TellingCode {
	return Object.hasOwn(MAKERS, code);
}
