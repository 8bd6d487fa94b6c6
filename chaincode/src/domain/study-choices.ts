/**
 * What a participant decides on, each by itself: the study; optional samples; genetic data; being asked again; research after
 * the study; sharing with the third parties that the study names.
 */
export const STUDY_CHOICES = ['main', 'samples', 'genetic', 'recontact', 'future', 'sharing'] as const;
export type StudyChoice = (typeof STUDY_CHOICES)[number];

/** What can become of what was collected before a choice was withdrawn. */
export const DISPOSITIONS = ['keep', 'destroy', 'anonymise'] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

/** What shall become of what was collected under one choice. */
export interface Collected {
  readonly choice: StudyChoice;
  readonly disposition: Disposition;
}

/** The choices in their one order, each once. */
export function orderedChoices(choices: readonly StudyChoice[]): StudyChoice[] {
  return STUDY_CHOICES.filter((choice) => choices.includes(choice));
}
