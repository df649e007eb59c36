/** The lines that differ, as `- before` and `+ after` with their numbers; empty when the texts are equal. */
export function lineDifference(before: string, after: string): string {
  const left = before.split('\n')
  const right = after.split('\n')
  const lengths = commonLengths(left, right)
  const lines: string[] = []
  let i = 0
  let j = 0
  while (i < left.length || j < right.length) {
    if (i < left.length && j < right.length && left[i] === right[j]) {
      i++
      j++
    } else if (j >= right.length || (i < left.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      lines.push(`${String(i + 1).padStart(5)} - ${left[i]}`)
      i++
    } else {
      lines.push(`${String(j + 1).padStart(5)} + ${right[j]}`)
      j++
    }
  }
  return lines.join('\n')
}

// lengths[i][j] is the length of the longest common subsequence of left from i and right from j.
function commonLengths(left: readonly string[], right: readonly string[]): readonly Uint32Array[] {
  const lengths = Array.from({ length: left.length + 1 }, () => new Uint32Array(right.length + 1))
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      const row = lengths[i] as Uint32Array
      row[j] =
        left[i] === right[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1))
    }
  }
  return lengths
}

function at(lengths: readonly Uint32Array[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0
}
