/** The version of the rules that `decide` follows; every decision names it. */
export const RULES_VERSION = '1';
