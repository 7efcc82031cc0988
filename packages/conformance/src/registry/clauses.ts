// SPDX-License-Identifier: Apache-2.0
import type { ConformanceCase } from '../harness/suite.ts'
import type { RegistryContext } from './context.ts'

/** A case of the registry's suite. */
export type RegistryCase = ConformanceCase<RegistryContext>

type Clause = (sentence: string, run: RegistryCase['run'], ...requires: string[]) => RegistryCase

/** What makes the cases of one section, named by section, endpoint, level and what the sentence demands. */
export interface Clauses {
  must: Clause
  should: Clause
  /** What is allowed and not demanded: either form of it is right, a mixture is wrong. */
  may: Clause
}

/**
 * The clauses of a section of distribution-spec 1.1, by its heading there and the endpoint. `requires` holds for all of
 * them: `push` where a case has to write.
 */
export function clausesOf(section: string, ...common: string[]): Clauses {
  const level =
    (word: string): Clause =>
    (sentence, run, ...requires) => ({
      name: `${section}: ${word} ${sentence}`,
      requires: [...common, ...requires],
      run,
    })
  return { must: level('MUST'), should: level('SHOULD'), may: level('MAY') }
}
