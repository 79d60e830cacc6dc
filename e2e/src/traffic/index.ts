// Traffic for the lab: generator, echo and verifier, and the joined verdict of a run.

export {
	readReport,
	runTraffic,
	type StreamPlan,
	startAnswerer,
	startOpener,
	type TrafficOutcome,
	type TrafficRun,
	type UdpPlace,
} from "./run-traffic.js";
export { datagramsPerRound, type SizePlan } from "./size-plan.js";
export {
	describeVerdict,
	type EndpointLine,
	type EndpointReport,
	type FlowVerdict,
	joinReports,
	type Verdict,
} from "./traffic-report.js";
