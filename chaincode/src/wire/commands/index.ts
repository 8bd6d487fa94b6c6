import type { CustodyCommand } from './custody.js';
import type { RegistryCommand } from './registry.js';
import type { StudyCommand } from './studies.js';
import type { WithdrawalCommand } from './withdrawal.js';

export * from './agreements.js';
export * from './amendments.js';
export * from './custody.js';
export * from './erasure.js';
export * from './evidence.js';
export * from './journal.js';
export * from './registry.js';
export * from './studies.js';
export * from './subject-bases.js';
export * from './withdrawal.js';

export type Command = RegistryCommand | CustodyCommand | WithdrawalCommand | StudyCommand;
export type CommandName = Command['command'];

/** The command of that name, as its schema gives it. */
export type CommandOf<Name extends CommandName> = Extract<Command, { command: Name }>;
