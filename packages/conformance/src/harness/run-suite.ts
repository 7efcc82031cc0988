// SPDX-License-Identifier: Apache-2.0
import type { CaseResult, ConformanceSuite } from './suite.ts'

/** What a run is told of the implementation under test; it never guesses from a name. @public */
export interface RunSuiteOptions {
  /** What the implementation claims to support; cases that require more are skipped. */
  capabilities?: readonly string[]
  /** Only cases whose name has this text. */
  filter?: string
  /** Milliseconds a case may take; 30,000 by default. A case that takes longer has failed. */
  timeoutMs?: number
  /** Told of each result as it comes. */
  onResult?(result: CaseResult): void
}

/**
 * Runs a suite's cases one after the other. A case that fails does not stop the run, and nothing is thrown for it.
 *
 * @public
 */
export async function runSuite<Context>(
  suite: ConformanceSuite<Context>,
  context: Context,
  options: RunSuiteOptions = {},
): Promise<CaseResult[]> {
  const results: CaseResult[] = []
  for (const { name, requires = [], run } of suite.cases) {
    if (options.filter && !name.includes(options.filter)) continue
    const missing = requires.filter((need) => !options.capabilities?.includes(need))
    const result: CaseResult =
      missing.length > 0
        ? { name, outcome: 'skipped', reason: `needs ${missing.join(', ')}`, duration: 0 }
        : await runCase(name, () => run(context), options.timeoutMs ?? 30_000)
    results.push(result)
    options.onResult?.(result)
  }
  return results
}

async function runCase(name: string, run: () => Promise<void>, timeoutMs: number): Promise<CaseResult> {
  const start = performance.now()
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => reject(new Error(`no end after ${timeoutMs} ms`)), timeoutMs)
  try {
    await Promise.race([run(), late])
    return { name, outcome: 'passed', duration: performance.now() - start }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return { name, outcome: 'failed', reason, duration: performance.now() - start }
  } finally {
    clearTimeout(timer)
  }
}
