/** Languages that there are stop words for, by ISO 639-1. */
export type StopWordLanguage = "en" | "zh";

/** Function words of English: pronouns, articles, prepositions, conjunctions, auxiliaries and their contractions. */
const english = `
a an the this that these those such same other another each every either neither both all any some no none few many much more
most several own enough i me my mine myself you your yours yourself yourselves he him his himself she her hers herself it its
itself we us our ours ourselves they them their theirs themselves who whom whose which what whatever whoever one ones
someone anyone everyone somebody anybody everybody something anything everything nothing nobody
am is are was were be been being do does did doing done have has had having can could may might must shall should will would
ought cannot i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll
he'll she'll we'll they'll isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't can't couldn't won't wouldn't
shan't shouldn't mustn't mightn't needn't let's that's who's what's here's there's when's where's why's how's
about above across after against along among around as at because before behind below beneath beside between beyond but by
despite down during except for from if in inside into like near nor of off on once onto or out outside over per since so than
then though although through throughout till to toward towards under until unless up upon via when whenever where wherever
whereas whether while with within without and not only also again ever further here there how just now too very why yet`;

/** Function words of Chinese: pronouns, particles, prepositions, conjunctions, adverbs and auxiliaries. */
const chinese = `
的 地 得 了 着 过 吗 呢 吧 啊 呀 哦 嘛 啦 么 之 其 所 者 而 且 我 你 您 他 她 它 我们 你们 他们 她们 它们 咱们 自己 大家 人家
这 那 哪 这个 那个 哪个 这些 那些 哪些 这里 那里 哪里 这儿 那儿 哪儿 这样 那样 怎样 怎么 什么 谁 多少 几 为什么 如何 是 有 在
和 与 及 以及 或 或者 跟 同 把 被 让 给 对 对于 关于 由 由于 从 自 自从 向 往 到 于 以 为 为了 按 按照 根据 通过 随着 除了
因 因为 因此 所以 如果 假如 要是 虽然 但 但是 可是 不过 然而 而且 并 并且 不但 不仅 还是 只要 只有 除非 即使 尽管 无论 不管
于是 否则 那么 然后 不 没 没有 别 无 非 也 都 还 又 再 就 才 只 便 却 很 更 最 太 非常 十分 已 已经 曾 曾经 正 正在 将 将要
会 能 能够 可以 可能 应该 应当 必须 要 想 得以 来 去 上 下 里 中 内 外 个 些 一个 一些 一样 每 每个 各 各个 某 某个 另 另外 其他
其中 此 此外 等 等等 比如 例如 即 则 若 吧 呗 哈 嗯`;

const lists: Readonly<Record<StopWordLanguage, string>> = { en: english, zh: chinese };

/** The words of a language that say little of what a text is about, in lower case. */
export function stopWords(language: StopWordLanguage): ReadonlySet<string> {
  return new Set(lists[language].trim().split(/\s+/));
}
