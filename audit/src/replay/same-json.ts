/** Whether two values are the same in JSON, whatever the order of their properties; one that is undefined is not there. */
export function isSameJson(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false;
  if (Array.isArray(one) || Array.isArray(other)) {
    return (
      Array.isArray(one) &&
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((each, at) => isSameJson(each, other[at]))
    );
  }
  const [left, right] = [one as Record<string, unknown>, other as Record<string, unknown>];
  for (const name of Object.keys(left)) if (!isSameJson(left[name], right[name])) return false;
  for (const name of Object.keys(right))
    if (right[name] !== undefined && left[name] === undefined) return false;
  return true;
}
