import { Outage } from '#services/runtime/outage';

/** The first source's answer that is not null; a source that fails is passed over, and its Outage thrown only if none answers. */
export async function firstAnswer<Source, Answer>(
  sources: readonly Source[],
  ask: (source: Source) => Promise<Answer | null>,
): Promise<Answer | null> {
  let failed: Outage | null = null;
  for (const source of sources) {
    try {
      const answer = await ask(source);
      if (answer !== null) return answer;
    } catch (error) {
      if (!(error instanceof Outage)) throw error;
      failed ??= error;
    }
  }
  if (failed !== null) throw failed;
  return null;
}
