import { type LanguageModel, Session } from "@relpos/pipelines";

/** A session out of the pool, and how many tokens of the prompt it knows. */
export interface Taken {
  readonly session: Session;
  readonly known: number;
}

/** Sessions that stay open between requests, so that a conversation that goes on is not computed from its beginning. */
export class SessionPool {
  readonly #model: LanguageModel;
  readonly #most: number;
  /** Sessions that nobody uses, the one that was used last at the end. */
  #idle: readonly Session[] = [];
  #count = 0;
  #disposed = false;

  /** At most so many sessions, those in use among them. */
  constructor(model: LanguageModel, most: number) {
    this.#model = model;
    this.#most = most;
  }

  /** A session that knows the prompt's beginning, if there is one that holds little else; otherwise a new one, or the one unused for longest. */
  take(prompt: readonly number[]): Taken {
    const known = (session: Session): number => commonLength(tokensOf(session), prompt.slice(0, -1));
    const goesOn = (session: Session): boolean => 2 * known(session) > tokensOf(session).length;
    const best = this.#idle.filter(goesOn).reduce<Session | undefined>((best, session) => {
      return best && known(best) >= known(session) ? best : session;
    }, undefined);
    const session = best ?? (this.#count < this.#most ? this.#create() : (this.#idle[0] as Session));
    this.#idle = this.#idle.filter((other) => other !== session);
    return { session, known: known(session) };
  }

  /** Gives a session back. */
  give(session: Session): void {
    if (this.#disposed) session.dispose();
    else this.#idle = [...this.#idle, session];
  }

  /** Frees the sessions that nobody uses, and the others when they come back. */
  dispose(): void {
    this.#disposed = true;
    for (const session of this.#idle) session.dispose();
    this.#idle = [];
  }

  #create(): Session {
    this.#count++;
    return new Session(this.#model);
  }
}

const tokensOf = (session: Session): readonly number[] => session.rows[0] as readonly number[];

function commonLength(a: readonly number[], b: readonly number[]): number {
  const differs = a.findIndex((token, index) => token !== b[index]);
  return differs < 0 ? a.length : differs;
}
