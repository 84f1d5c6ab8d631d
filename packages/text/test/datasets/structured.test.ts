import { describe, expect, test } from "vitest";
import {
  joinDatasets,
  readChats,
  readConversations,
  readJsonTexts,
  readLabeledJson,
  readParallel,
  readSquad,
  textSource,
} from "../../src/index.js";
import { all, problems, skip } from "./reading.js";

describe("JSON lines", () => {
  test("texts and labels", async () => {
    const source = textSource('{"text": "a", "label": 1}\n{"text": "b", "label": ["x", "y"]}\n');
    expect((await all(readLabeledJson(source))).map(({ text, labels }) => [text, labels])).toEqual([
      ["a", ["1"]],
      ["b", ["x", "y"]],
    ]);
  });

  test("what is wrong is told with its line", async () => {
    const source = textSource('{"text": "a"}\n{"text": 3}\n[1]\n{"txt": "b"}\nnope\n', "w.jsonl");
    expect(await problems(readJsonTexts(source, skip))).toEqual([
      '2: "text" must be a text, got 3',
      "3: a line must be a JSON object, got [1]",
      '4: must have a field "text", got txt',
      "5: a line must be a JSON object, got nope",
    ]);
  });

  test("conversations in their usual forms", async () => {
    const messages = [
      { role: "user", content: "Hello" },
      { role: "assistant", content: "Hi!" },
    ];
    const forms = [
      { messages },
      messages,
      {
        conversations: [
          { from: "human", value: "Hello" },
          { from: "gpt", value: "Hi!" },
        ],
      },
    ];
    const source = textSource(forms.map((form) => JSON.stringify(form)).join("\n"));
    for (const record of await all(readChats(source))) expect(record.messages).toEqual(messages);
    expect(
      await problems(
        readChats(textSource('{"messages": [{"role": 1}]}\n{"messages": [{"role": "user", "content": "a"}]}'), skip),
      ),
    ).toEqual(['1: "messages" must be a list of messages with role and content, got [{"role":1}]']);
  });
});

describe("parallel text", () => {
  test("pairs of lines; blank ones on both sides are left out", async () => {
    const dataset = readParallel(textSource("a\n\nc", "x.en"), textSource("b\n\nd", "x.de"));
    expect(await all(dataset)).toEqual([
      { file: "x.en", line: 1, source: "a", target: "b" },
      { file: "x.en", line: 3, source: "c", target: "d" },
    ]);
  });

  test("a missing line is an error", async () => {
    await expect(all(readParallel(textSource("a\nb", "x.en"), textSource("c", "x.de")))).rejects.toThrow(
      "[readParallel] x.en:2: x.en must have as many lines as x.de, got more",
    );
    const blank = readParallel(textSource("a\nb", "x.en"), textSource("\nd", "x.de"), skip);
    expect(await problems(blank)).toEqual(["1: a line must not be blank where its translation is not"]);
  });
});

describe("SQuAD", () => {
  const file = (answers: readonly object[], more: object = {}) =>
    textSource(
      JSON.stringify(
        {
          data: [
            {
              title: "T",
              paragraphs: [
                { context: "🙂 The river rises.", qas: [{ id: "q1", question: "What?", answers, ...more }] },
              ],
            },
          ],
        },
        undefined,
        1,
      ),
      "q.json",
    );

  test("answers begin where they say, counted in characters", async () => {
    const [record] = await all(readSquad(file([{ text: "river", answer_start: 6 }])));
    expect(record).toMatchObject({
      id: "q1",
      title: "T",
      question: "What?",
      line: 10,
      answers: [{ text: "river", start: 7 }],
    });
    expect(record?.context.slice(7, 12)).toBe("river");
  });

  test("answers that do not are errors, left out where that is asked for", async () => {
    const answers = [
      { text: "river", answer_start: 5 },
      { text: "rises", answer_start: 12 },
    ];
    await expect(all(readSquad(file(answers)))).rejects.toThrow(
      '[readSquad] q.json:10: answer "river" of q1 must begin at 5, got " rive"',
    );
    const dataset = readSquad(file(answers), skip);
    expect((await all(dataset))[0]?.answers).toEqual([{ text: "rises", start: 13 }]);
    expect(dataset.report()).toMatchObject({ records: 1, skipped: 1 });
    await expect(all(readSquad(file(answers.slice(0, 1)), skip))).rejects.toThrow(
      "must hold at least one record, got 1 that are wrong",
    );
  });

  test("questions without an answer", async () => {
    expect((await all(readSquad(file([], { is_impossible: true }))))[0]?.answers).toEqual([]);
  });

  test("what is no SQuAD is an error", async () => {
    await expect(all(readSquad(textSource("{", "q.json")))).rejects.toThrow("[readSquad] q.json:1: must be JSON");
    await expect(all(readSquad(textSource("{}", "q.json")))).rejects.toThrow(
      'q.json must have "data" with "paragraphs"',
    );
  });
});

describe("conversations in YAML", () => {
  const yaml = `categories:
- greetings
conversations:
- - Hello
  - Hi
- - How much?
  - 42
  - "Really?"
  - 'no: "never", it''s
    said'
- - alone
- - key: value
  - x
`;

  test("by turns of user and assistant, numbers as what is said", async () => {
    const dataset = readConversations(textSource(yaml, "talk.yml"), skip);
    expect(await all(dataset)).toEqual([
      {
        file: "talk.yml",
        line: 4,
        messages: [
          { role: "user", content: "Hello" },
          { role: "assistant", content: "Hi" },
        ],
      },
      {
        file: "talk.yml",
        line: 6,
        messages: [
          { role: "user", content: "How much?" },
          { role: "assistant", content: "42" },
          { role: "user", content: "Really?" },
          { role: "assistant", content: 'no: "never", it\'s said' },
        ],
      },
    ]);
    expect(dataset.report()).toMatchObject({ records: 2, skipped: 2, problems: [{ line: 11 }, { line: 12 }] });
  });

  test("what is wrong is told with its line", async () => {
    await expect(all(readConversations(textSource(yaml, "talk.yml")))).rejects.toThrow(
      "talk.yml:11: a conversation must be a list of at least two texts",
    );
    await expect(all(readConversations(textSource("a: [1\nb: 2", "b.yml")))).rejects.toThrow(
      /b\.yml:\d: must be YAML: /,
    );
    await expect(all(readConversations(textSource("a: 1", "c.yml")))).rejects.toThrow(
      'c.yml:1: must have a list "conversations"',
    );
  });

  test("of several files, one after another", async () => {
    const file = (name: string) => readConversations(textSource(yaml, name), skip);
    const joined = joinDatasets("both", [file("a.yml"), file("b.yml")]);
    expect((await all(joined)).map(({ file, line }) => `${file}:${line}`)).toEqual([
      "a.yml:4",
      "a.yml:6",
      "b.yml:4",
      "b.yml:6",
    ]);
    expect(joined.report()).toMatchObject({ records: 4, skipped: 4 });
  });
});
