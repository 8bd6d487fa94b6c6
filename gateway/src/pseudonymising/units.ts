/** UCUM (https://ucum.org, table of units): what laboratories, wards and pharmacies measure in. */
const ATOMS = [
  ...[
    '%',
    '[ppth]',
    '[ppm]',
    '[ppb]',
    '[pH]',
    '10*',
    '10^',
    'm',
    's',
    'g',
    'rad',
    'K',
    'C',
    'cd',
    'mol',
    'eq',
    'osm',
  ],
  ...[
    'Hz',
    'N',
    'Pa',
    'J',
    'W',
    'A',
    'V',
    'F',
    'Ohm',
    'S',
    'Wb',
    'Cel',
    '[degF]',
    'T',
    'H',
    'lm',
    'lx',
    'Bq',
    'Gy',
    'Sv',
  ],
  ...[
    'deg',
    'l',
    'L',
    'bar',
    'min',
    'h',
    'd',
    'wk',
    'mo',
    'a',
    'U',
    'kat',
    '[iU]',
    '[IU]',
    "[arb'U]",
    '[CFU]',
    '[PFU]',
  ],
  ...[
    'm[Hg]',
    'm[H2O]',
    'cal',
    '[Cal]',
    '[in_i]',
    '[ft_i]',
    '[lb_av]',
    '[oz_av]',
    '[drp]',
    'B',
    'bit',
    'By',
    'Ci',
    'dyn',
  ],
].map((atom) => atom.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
const PREFIXES = ['da', 'Y', 'Z', 'E', 'P', 'T', 'G', 'M', 'k', 'h', 'd', 'c', 'm', 'u', 'n', 'p', 'f', 'a'];
const COMPONENT = `(?:(?:${PREFIXES.join('|')})?(?:${ATOMS.join('|')})[+-]?[0-9]{0,2}|[0-9]{1,3})`;
const UNIT = new RegExp(`^(?:1|/?${COMPONENT}(?:[./]${COMPONENT}){0,4})$`, 'u');

export const UCUM = 'http://unitsofmeasure.org';

/** Whether a text is a unit of UCUM, without annotations: what stands in braces are words. */
export function isUnit(text: string): boolean {
  return text.length <= 32 && UNIT.test(text);
}
