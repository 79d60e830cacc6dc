// The version of what is said on the control socket; it changes whenever an older side would misunderstand a newer one.

export const CONTROL_VERSION = 2;
