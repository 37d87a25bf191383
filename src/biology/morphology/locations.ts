// Places on a morphology as text: `apical[2](0.5)` is the middle of a section, `apical[2]` too.
import { unknownName } from '../../core/nearest.ts';
import { lengthOf, type Morphology } from './section.ts';

/** A section by its number, and how far along it, from 0 to 1. */
export interface Location {
  readonly section: number;
  readonly position: number;
}

/**
 * The place that a text names.
 * @throws RangeError for an unknown section or a position outside 0 to 1
 */
export function locate({ sections }: Morphology, text: string, what: string): Location {
  const [, name = text, given] = /^(.*?)(?:\(([^()]*)\))?$/.exec(text) ?? [];
  const section = sections.findIndex((each) => each.name === name);
  if (section < 0)
    throw unknownName(
      `section of ${what}`,
      name,
      sections.map((each) => each.name),
    );
  const position = given === undefined ? 0.5 : Number(given);
  if (given?.trim() === '' || !(position >= 0 && position <= 1))
    throw new RangeError(`${what}: expected a place such as ${name}(0.5), from 0 to 1, got ${text}`);
  return { section, position };
}

/** The path along the cables between two places, in µm. */
export function pathLength({ sections }: Morphology, a: Location, b: Location): number {
  const upwards = (from: Location) => {
    const stops = [from];
    for (let at = from; sections[at.section]!.parent >= 0;) {
      const { parent, position } = sections[at.section]!;
      stops.push((at = { section: parent, position }));
    }
    return stops;
  };
  const [ups, downs] = [upwards(a), upwards(b)];
  const common = ups.find(({ section }) => downs.some((each) => each.section === section))!;
  const along = (section: number, from: number, to: number) => Math.abs(to - from) * lengthOf(sections[section]!);
  /** From a place up to the common section, and where on it that arrives. */
  const climb = (stops: readonly Location[]): [length: number, position: number] => {
    let length = 0;
    for (const { section, position } of stops) {
      if (section === common.section) return [length, position];
      length += along(section, position, 0);
    }
    throw new Error('pathLength: no common section');
  };
  const [[lengthA, onA], [lengthB, onB]] = [climb(ups), climb(downs)];
  return lengthA + lengthB + along(common.section, onA, onB);
}
