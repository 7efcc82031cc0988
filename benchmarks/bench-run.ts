// SPDX-License-Identifier: Apache-2.0
import { heading, judge, line, type Row } from './measure.ts'

/** The parts of a row beyond its name. */
export type Measured = Omit<Row, 'name'>

/** Where the lines of a run go. */
export interface BenchOutput {
  /** A line of the table. */
  table(line: string): void
  /** The work that is measured. */
  note(line: string): void
}

/**
 * One run of the benchmarks: rows are printed as soon as they are measured, a row that cannot be measured says why, and
 * the others go on. `words` select rows by a part of their names; none selects all.
 */
export class BenchRun {
  readonly #words: readonly string[]
  readonly #output: BenchOutput
  readonly #said = new Set<string>()
  #kept = 0
  #missed = 0
  #failed = 0

  constructor(words: readonly string[], output: BenchOutput) {
    this.#words = words
    this.#output = output
    output.table(heading())
  }

  /** Whether a row was asked for. */
  wants(name: string): boolean {
    return this.#words.length === 0 || this.#words.some((word) => name.includes(word))
  }

  /** Measures a row when it was asked for, and prints it. What `measure` throws is the row's failure. */
  async row(name: string, measure: () => Promise<Measured>): Promise<void> {
    if (!this.wants(name)) return
    this.#output.note(`${name} …`)
    try {
      this.#add({ name, ...(await measure()) })
    } catch (error) {
      this.#fail(name, error)
    }
  }

  /**
   * Does what several rows need together, when one of them was asked for. If it throws, those that were not printed by
   * then fail for that reason.
   */
  async together(names: readonly string[], work: () => Promise<void>): Promise<void> {
    const wanted = names.filter((name) => this.wants(name))
    if (wanted.length === 0) return
    try {
      await work()
    } catch (error) {
      const unsaid = wanted.filter((name) => !this.#said.has(name))
      // When every row was printed, what failed came after them, and is a failure all the same.
      for (const name of unsaid.length > 0 ? unsaid : [`after ${wanted.at(-1)}`]) this.#fail(name, error)
    }
  }

  /** Says that a row cannot be measured on this machine; that is no failure. */
  leaveOut(name: string, why: string): void {
    if (!this.wants(name)) return
    this.#said.add(name)
    this.#output.table(`${name}  left out: ${why}`)
  }

  /** Prints how the run went; answers whether every row was measured and kept its budget. */
  finish(): boolean {
    const all = this.#kept + this.#missed + this.#failed
    this.#output.table(`${all} rows: ${this.#missed} missed their budgets, ${this.#failed} failed`)
    return all > 0 && this.#missed === 0 && this.#failed === 0
  }

  #add(row: Row): void {
    this.#said.add(row.name)
    this.#output.table(line(row))
    if (judge(row).within) this.#kept += 1
    else this.#missed += 1
  }

  #fail(name: string, error: unknown): void {
    this.#said.add(name)
    this.#failed += 1
    const reason = error instanceof Error ? error.message : String(error)
    this.#output.table(`${name}  FAILED: ${reason.trim().replaceAll('\n', '\n  ')}`)
  }
}
