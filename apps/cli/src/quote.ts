/** Words as one line for a POSIX shell. */
export function shellCommand(words: readonly string[]): string {
  return words.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(" ");
}

/** The command line as it was typed, with or without `--resume`. */
export function commandLine(args: readonly string[], resume: boolean): string {
  const plain = args.filter((word) => word !== "--resume");
  return shellCommand(["relpos", ...plain, ...(resume ? ["--resume"] : [])]);
}
