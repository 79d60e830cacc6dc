// Traffic for the lab: generator, echo and verifier, and the joined verdict of a run.

export {
	joinOutcome,
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
	type EndpointProgress,
	type EndpointReport,
	type FlowVerdict,
	joinReports,
	type Verdict,
} from "./traffic-report.js";
