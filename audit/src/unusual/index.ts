/* What the arithmetic of unusual access is made of, for those who want to hold it against their own. */
export { corrected, Histogram, sumTails, termTails } from './combine.js';
export { countTail, surprise } from './tails.js';
export { steppedUp } from './rank.js';
export { WorkFile } from './work-file.js';
