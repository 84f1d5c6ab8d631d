/** The tokens of a vocabulary that are one digit. */
export function digitsOf(vocabulary: readonly string[]): readonly number[] {
  return vocabulary.flatMap((word, token) => (/^[0-9]$/.test(word) ? [token] : []));
}
