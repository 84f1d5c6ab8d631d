import { classify } from "./classify.js";
import { dialogue } from "./dialogue.js";
import type { LanguageTask } from "./language-task.js";
import { lm } from "./lm.js";
import { mlm } from "./mlm.js";
import type { LanguageTaskName } from "./model-settings.js";
import { qa } from "./qa.js";
import { translate } from "./translate.js";

/** Every language task by its name. What records a task takes, its own type tells. */
export const languageTasks = { lm, classify, qa, translate, dialogue, mlm } as const satisfies Readonly<
  Record<LanguageTaskName, LanguageTask<never>>
>;
