export * from "./tunnel-config.js";
