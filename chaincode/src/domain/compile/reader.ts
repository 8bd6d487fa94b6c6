import type { Interval } from '../policy.js';
import type { Problem } from '../problem.js';
import type { Coding } from '../question.js';
import { isId, isLiteral, resourceTypeOf, withoutVersion } from '../references.js';
import { isObject } from '../shape.js';
import { parsePeriod } from '../time.js';
import { CONSENT_ELEMENTS, type ElementRule, type FhirVersion } from './elements.js';
import { ACKNOWLEDGES, OWN_EXTENSIONS, SUPERSEDES } from './systems.js';

export type Json = Readonly<Record<string, unknown>>;

/** A JSON value and the FHIRPath where it stands. */
export interface At<T> {
  readonly value: T;
  readonly path: string;
}

export interface Target {
  readonly reference: string;
  /** The resource type, from the reference or its `type`; undefined if neither says it. */
  readonly type: string | undefined;
}

const NAMED = `${SUPERSEDES} and ${ACKNOWLEDGES}`;

const CODING: ReadonlySet<string> = new Set(['id', 'system', 'version', 'code', 'display', 'userSelected']);
const CONCEPT: ReadonlySet<string> = new Set(['id', 'coding', 'text']);
const REFERENCE: ReadonlySet<string> = new Set(['id', 'reference', 'type', 'identifier', 'display']);
const PERIOD: ReadonlySet<string> = new Set(['id', 'start', 'end']);

/** More of one thing, or longer, than any consent needs; what is filed keeps to it too. */
const MAX_ENTRIES = 1024;
const MAX_TEXT = 1024;

/**
 * Reads the elements of one consent and collects everything that is wrong with it. A method that cannot read
 * its element reports that and returns undefined (or leaves the entry out): what it returned is used only if
 * no problem was found at all.
 */
export class Reader {
  readonly problems: Problem[] = [];

  constructor(private readonly version: FhirVersion) {}

  refuse(path: string, message: string, readings?: readonly [string, string]): void {
    this.problems.push({ path, message, ...(readings === undefined ? {} : { readings }) });
  }

  /** An element with children of its own: refuses what is not an element there, and every modifier. */
  backbone(value: unknown, path: string, element: string): Json | undefined {
    const json = this.#object(value, path);
    if (json === undefined) return undefined;
    const rules = CONSENT_ELEMENTS[this.version][element] ?? {};
    for (const key of Object.keys(json)) {
      const rule = ruleOf(rules, key);
      const at = `${path}.${key}`;
      if (rule === undefined) this.#refuseUnknown(element, key, at);
      else if (rule.treatment === 'refused') this.refuse(at, refusal(key));
      else if (key.startsWith('_')) this.#primitiveExtension(json, key, rule, at);
      else if (Array.isArray(json[key]) !== rule.repeats) {
        this.refuse(at, rule.repeats ? 'must be a list' : 'must not be a list');
      }
    }
    for (const [key, rule] of Object.entries(rules)) {
      const nested = `${element}.${key}`;
      if (rule.treatment !== 'carried' || !Object.hasOwn(json, key)) continue;
      if (nested in CONSENT_ELEMENTS[this.version]) {
        for (const item of this.entries(json, path, key)) this.backbone(item.value, item.path, nested);
      } else if (key !== 'contained') this.carried(json[key], `${path}.${key}`);
    }
    return json;
  }

  /** The entries of a repeating (or the one of a single) element; none if it is absent. */
  entries(json: Json, path: string, key: string): readonly At<unknown>[] {
    if (!Object.hasOwn(json, key)) return [];
    const value = json[key];
    const at = `${path}.${key}`;
    if (!Array.isArray(value)) return [{ value, path: at }];
    if (value.length > MAX_ENTRIES) {
      this.#refuseTooMany(at);
      return [];
    }
    return value.map((entry: unknown, index) => ({ value: entry, path: `${at}[${index}]` }));
  }

  /** The entries of an element that constrains; an empty list can be read two ways. */
  constraints(json: Json, path: string, key: string): readonly At<unknown>[] {
    const entries = this.entries(json, path, key);
    if (Array.isArray(json[key]) && json[key].length === 0) {
      this.refuse(`${path}.${key}`, 'is an empty list', [
        'it constrains nothing, as if it were left out',
        'it matches nothing',
      ]);
    }
    return entries;
  }

  /** A code of a required binding. */
  code<T extends string>(value: unknown, path: string, allowed: readonly T[]): T | undefined {
    const found = allowed.find((code) => code === value);
    if (found === undefined) this.refuse(path, `must be one of ${allowed.join(', ')}`);
    return found;
  }

  /** The id of the consent: others name it by that, as `Consent/[id]`. */
  id(value: unknown, path: string): string | undefined {
    if (typeof value === 'string' && isId(value)) return value;
    this.refuse(path, 'must be a FHIR id: 1 to 64 of A-Z, a-z, 0-9, - and .');
    return undefined;
  }

  coding(value: unknown, path: string): Coding | undefined {
    const json = this.#dataType(value, path, CODING);
    if (json === undefined) return undefined;
    const { system, code } = json;
    if (typeof system !== 'string' || system === '' || typeof code !== 'string' || code === '') {
      this.refuse(path, 'must have a system and a code: without both it cannot be compared');
      return undefined;
    }
    // A purpose is compared as `system|code`, which is one text.
    if (system.length + code.length >= MAX_TEXT) {
      this.#refuseTooLong(path);
      return undefined;
    }
    return { system, code };
  }

  /** The codings of a CodeableConcept: one or more. */
  concept(value: unknown, path: string): readonly At<Coding>[] {
    const json = this.#dataType(value, path, CONCEPT);
    if (json === undefined) return [];
    if (!Object.hasOwn(json, 'coding')) {
      this.refuse(path, 'must be coded: text alone cannot be compared');
      return [];
    }
    return this.#codings(json, path);
  }

  /** The codings of a list of CodeableConcepts that constrains. */
  concepts(json: Json, path: string, key: string): readonly At<Coding>[] {
    const codings = this.constraints(json, path, key).flatMap((entry) =>
      this.concept(entry.value, entry.path),
    );
    if (codings.length > MAX_ENTRIES) this.#refuseTooMany(`${path}.${key}`);
    return codings;
  }

  /**
   * The codings of a CodeableConcept that is carried unless one of them is understood: it may be of any system, or text
   * alone, but none may be half a coding, which could be one that is.
   */
  codingsIfAny(value: unknown, path: string): readonly At<Coding>[] {
    this.carried(value, path);
    const json = this.#object(value, path);
    return json === undefined || !Object.hasOwn(json, 'coding') ? [] : this.#codings(json, path);
  }

  #codings(json: Json, path: string): readonly At<Coding>[] {
    if (!Array.isArray(json['coding'])) {
      this.refuse(`${path}.coding`, 'must be a list');
      return [];
    }
    return this.constraints(json, path, 'coding').flatMap((entry) => {
      const coding = this.coding(entry.value, entry.path);
      return coding === undefined ? [] : [{ value: coding, path: entry.path }];
    });
  }

  /** A literal reference, less its version; logical ones and those to contained resources are refused. */
  reference(value: unknown, path: string): Target | undefined {
    const json = this.#dataType(value, path, REFERENCE);
    if (json === undefined) return undefined;
    const { reference, type } = json;
    if (typeof reference !== 'string' || reference === '') {
      this.refuse(path, 'must have a reference: an identifier or a display cannot be compared');
      return undefined;
    }
    if (reference.startsWith('#')) {
      this.refuse(`${path}.reference`, 'points to a contained resource, which is not evaluated');
      return undefined;
    }
    if (reference.length > MAX_TEXT) {
      this.#refuseTooLong(`${path}.reference`);
      return undefined;
    }
    if (!isLiteral(reference)) {
      this.refuse(
        `${path}.reference`,
        'names no resource, and so could never match: [type]/[id], or a URI without ? and #',
      );
      return undefined;
    }
    const named = resourceTypeOf(reference);
    if (type !== undefined && typeof type !== 'string') {
      this.refuse(`${path}.type`, 'must be text');
      return undefined;
    }
    if (type !== undefined && named !== undefined && type !== named) {
      this.refuse(path, 'its type and its reference name two types of resource', [`a ${type}`, `a ${named}`]);
      return undefined;
    }
    return { reference: withoutVersion(reference), type: named ?? type };
  }

  period(value: unknown, path: string): Interval | undefined {
    const json = this.#dataType(value, path, PERIOD);
    if (json === undefined) return undefined;
    const { start, end } = json;
    if (start !== undefined && typeof start !== 'string') {
      this.#noDate(`${path}.start`);
      return undefined;
    }
    if (end !== undefined && typeof end !== 'string') {
      this.#noDate(`${path}.end`);
      return undefined;
    }
    const parsed = parsePeriod(start, end);
    if ('interval' in parsed) return parsed.interval;
    if (parsed.wrong === 'order') {
      this.refuse(path, 'ends before it starts');
      return undefined;
    }
    this.#noDate(`${path}.${parsed.wrong}`);
    return undefined;
  }

  /** What is carried may not hold a modifier, nor an extension of this ledger, which means something at the root or nothing. */
  carried(root: unknown, path: string): void {
    const open: At<unknown>[] = [{ value: root, path }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { value, path: at } = next;
      if (Array.isArray(value)) {
        value.forEach((entry: unknown, index) => open.push({ value: entry, path: `${at}[${index}]` }));
      } else if (isObject(value)) {
        const { url } = value;
        if (typeof url === 'string' && url.toLowerCase().startsWith(OWN_EXTENSIONS)) {
          this.refuse(at, `is no extension that is known here: ${NAMED} have a meaning at the root alone`);
        }
        for (const [key, entry] of Object.entries(value)) {
          if (key === 'modifierExtension') this.refuse(`${at}.${key}`, refusal(key));
          else open.push({ value: entry, path: `${at}.${key}` });
        }
      }
    }
  }

  /** A data type with these elements, extensions apart. */
  #dataType(value: unknown, path: string, keys: ReadonlySet<string>): Json | undefined {
    const json = this.#object(value, path);
    if (json === undefined) return undefined;
    for (const key of Object.keys(json)) {
      const at = `${path}.${key}`;
      if (key === 'extension') this.carried(json[key], at);
      else if (key.startsWith('_') && keys.has(key.slice(1))) {
        this.#primitiveExtension(json, key, { treatment: 'evaluated', repeats: false }, at);
      } else if (!keys.has(key)) this.refuse(at, 'is not an element of this data type');
    }
    return json;
  }

  #object(value: unknown, path: string): Json | undefined {
    if (isObject(value)) return value;
    this.refuse(path, 'must be an object');
    return undefined;
  }

  /** Extensions of a primitive are carried, but never in place of a value that is evaluated. */
  #primitiveExtension(json: Json, key: string, rule: ElementRule, at: string): void {
    if (rule.treatment === 'evaluated' && !Object.hasOwn(json, key.slice(1))) {
      this.refuse(at, 'stands in place of a value, which is then not known');
    } else this.carried(json[key], at);
  }

  #refuseUnknown(element: string, key: string, at: string): void {
    const other = this.version === 'r4' ? 'r5' : 'r4';
    const name = { r4: 'R4', r5: 'R5' };
    if (ruleOf(CONSENT_ELEMENTS[other][element] ?? {}, key) === undefined) {
      this.refuse(at, `is not an element of ${element} in FHIR ${name[this.version]}`);
    } else {
      this.refuse(at, 'bears the marks of two FHIR versions at once', [
        `a FHIR ${name[this.version]} consent, as its other elements say`,
        `a FHIR ${name[other]} consent, as this element says`,
      ]);
    }
  }

  #refuseTooMany(path: string): void {
    this.refuse(path, `has more than ${MAX_ENTRIES} entries`);
  }

  #refuseTooLong(path: string): void {
    this.refuse(path, `is longer than ${MAX_TEXT} characters`);
  }

  #noDate(path: string): void {
    this.refuse(path, 'is no FHIR date: year, month, day, or date and time with its zone');
  }
}

function ruleOf(rules: Readonly<Record<string, ElementRule>>, key: string): ElementRule | undefined {
  const name = key.startsWith('_') ? key.slice(1) : key;
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}

function refusal(key: string): string {
  if (key === 'modifierExtension') return 'changes the meaning in a way that is not understood';
  if (key === 'implicitRules') return 'puts the consent under rules that are not these';
  return 'is not evaluated, and would be ignored';
}
