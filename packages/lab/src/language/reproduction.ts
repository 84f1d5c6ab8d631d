import type { ChatMessage, ChatRecord } from "@relpos/text";

/** Whether an answer is one that the conversations give to the same words: all of them are right. */
export function reproduction(
  records: readonly ChatRecord[],
): (record: Pick<ChatRecord, "messages">, answer: string) => boolean {
  const answers = new Map<string, Set<string>>();
  for (const { messages } of records) {
    const prompt = promptOf(messages);
    const own = answers.get(prompt) ?? new Set();
    answers.set(prompt, own.add(messages[lastAnswer(messages)]?.content.trim() ?? ""));
  }
  return ({ messages }, answer) => answers.get(promptOf(messages))?.has(answer.trim()) ?? false;
}

/** What is said before the last answer. */
const promptOf = (messages: readonly ChatMessage[]): string => JSON.stringify(messages.slice(0, lastAnswer(messages)));

const lastAnswer = (messages: readonly ChatMessage[]): number =>
  messages.findLastIndex(({ role }) => role === "assistant");

/** So many entries, spread evenly. */
export function spread<Entry>(entries: readonly Entry[], count: number): readonly Entry[] {
  const size = Math.min(count, entries.length);
  return Array.from({ length: size }, (_, index) => entries[Math.floor((index * entries.length) / size)]!);
}
