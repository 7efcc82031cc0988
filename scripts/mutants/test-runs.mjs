// SPDX-License-Identifier: Apache-2.0
// Runs of single test files in the copy of the tree, each in a process tree that its deadline ends whole.
import { spawn } from 'node:child_process'
import path from 'node:path'

const defaultDeadline = 120

export class TestRuns {
  #tree
  #green = new Map()
  #running

  constructor(tree) {
    this.#tree = tree
  }

  /** The first of an entry's test files that is not green while the guard is there; each is run once for all entries. */
  async brokenBefore(guard) {
    for (const file of guard.tests) {
      const key = `${file} ${guard.only ?? ''}`
      let outcome = this.#green.get(key)
      if (!outcome) {
        outcome = await this.#run(file, guard)
        this.#green.set(key, outcome)
      }
      if (outcome.state !== 'green') return { why: `${file}: ${outcome.why}`, details: outcome.details }
    }
    return undefined
  }

  /** The outcome of each of an entry's test files. */
  async outcomes(guard) {
    const outcomes = []
    for (const file of guard.tests) outcomes.push(await this.#run(file, guard))
    return outcomes
  }

  /** Ends what is running. */
  stop() {
    this.#running?.kill('SIGKILL')
  }

  async #run(file, { only, deadline = defaultDeadline }) {
    const argv = [
      ...['--conditions=teu-source', '--test', `--test-reporter=${path.join(import.meta.dirname, 'reporter.mjs')}`],
      ...(only ? [`--test-name-pattern=${only}`] : []),
      file,
    ]
    const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
    const child = spawn(...inOwnNamespaces(process.execPath, argv), {
      cwd: this.#tree.folder,
      env: { ...inherited, TMPDIR: this.#tree.temporary, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#running = child
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, deadline * 1000)
    const [lines, words] = [[], []]
    child.stdout.on('data', (chunk) => lines.push(chunk))
    child.stderr.on('data', (chunk) => words.push(chunk))
    await new Promise((resolve) => child.once('close', resolve))
    clearTimeout(timer)
    if (isLate) return { file, state: 'red', why: `no end within ${deadline} s`, details: '' }
    return judged(file, Buffer.concat(lines).toString(), Buffer.concat(words).toString())
  }
}

/**
 * As root, tests run in a process and a mount namespace of their own: what a broken test leaves running or mounted is
 * gone with the first process, which ends with the program that starts it.
 */
function inOwnNamespaces(program, argv) {
  if (process.getuid() !== 0) return [program, argv]
  return ['unshare', ['--pid', '--fork', '--kill-child', '--mount-proc', program, ...argv]]
}

/** Red if a test failed; not loaded if only the file itself did; not green either if nothing ran. */
function judged(file, output, words) {
  const ended = output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  const tests = ended.filter(({ isFile }) => !isFile)
  const failed = tests.filter((test) => test.failed)
  const details = ended
    .filter((test) => test.failed)
    .map(({ name, message }) => `       ${name}: ${message.split('\n').join('\n       ')}\n`)
    .join('')
  if (failed.length > 0) return { file, state: 'red', why: `${failed.length} red, "${failed[0].name}"`, details }
  if (ended.some((test) => test.failed)) {
    const state = tests.length > 0 ? 'red' : 'not loaded'
    return { file, state, why: 'the file failed outside of its tests', details: `${details}${words}` }
  }
  const ran = tests.filter(({ skipped }) => !skipped)
  if (ran.length === 0)
    return { file, state: 'nothing', why: `no test of it ran, ${tests.length} skipped`, details: words }
  return { file, state: 'green', why: `${ran.length} green`, details: '' }
}
