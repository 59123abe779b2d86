/**
 * Sorting of rows by an integer key without a comparator, which is what makes it quick.
 *
 * Key and row are packed into one double; where they do not fit, a comparator does it.
 */

/** Below it a quotient of packed keys is never rounded up to the next integer. */
const packedMax = Number.MAX_SAFE_INTEGER / 8;

/** The rows 0..n-1 sorted by their integer keys; equal keys keep their order. */
export function rowsSortedBy(keys: Float64Array | Int32Array): Uint32Array {
  const count = keys.length;
  const rows = new Uint32Array(count);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const key of keys) {
    if (key < low) low = key;
    if (key > high) high = key;
  }
  if ((high - low + 1) * count > packedMax) return sortWithComparator(keys, rows);
  const packed = new Float64Array(count);
  for (let row = 0; row < count; row += 1) packed[row] = ((keys[row] ?? 0) - low) * count + row;
  packed.sort();
  for (let at = 0; at < count; at += 1) {
    const both = packed[at] ?? 0;
    // Far quicker than the remainder of two doubles.
    rows[at] = both - Math.floor(both / count) * count;
  }
  return rows;
}

function sortWithComparator(keys: Float64Array | Int32Array, rows: Uint32Array): Uint32Array {
  for (let row = 0; row < rows.length; row += 1) rows[row] = row;
  return rows.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
}
