// SPDX-License-Identifier: Apache-2.0
// Runs test files, each in a process group of its own that has a deadline: a file that does not end is ended, and red.
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'

const running = new Set()

/** Ends what still runs; for who is told to stop. */
export function endTestFiles() {
  for (const child of running) endGroup(child)
}

/**
 * Runs each job, `concurrency` at a time, and writes the output of each as a whole when it has ended. Answers the name
 * of each that is red, and how many tests there were.
 */
export async function runTestFiles(jobs, { concurrency, deadlineMs, cwd, write }) {
  const red = []
  const counts = { tests: 0, pass: 0, fail: 0, cancelled: 0, skipped: 0 }
  const reasons = new Map()
  const queue = [...jobs]
  const worker = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const { output, failure, seconds } = await runOne(job, { deadlineMs, cwd })
      if (failure !== undefined) red.push(`${job.name}: ${failure}`)
      count(output, counts, reasons)
      write(`${failure === undefined ? '✔' : '✖'} ${job.name} (${seconds} s)\n`)
      write(output)
      if (failure !== undefined) write(`✖ ${job.name}: ${failure}\n`)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return { red, counts, reasons }
}

async function runOne({ argv, env: more }, { deadlineMs, cwd }) {
  const start = performance.now()
  // Without the runner's variable, so that no test takes this for its runner.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(process.execPath, argv, {
    cwd,
    env: { ...env, ...more },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const closed = new Promise((resolve) => child.once('close', resolve))
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    endGroup(child)
  }, deadlineMs)
  const [status, signal] = await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (...how) => resolve(how))
  })
  clearTimeout(timer)
  // A process that a test left running may hold the output open.
  await Promise.race([closed, delay(2000, undefined, { ref: false })])
  child.stdout.destroy()
  child.stderr.destroy()
  endGroup(child)
  running.delete(child)
  const seconds = ((performance.now() - start) / 1000).toFixed(1)
  return { output, failure: failureOf({ status, signal, isLate, deadlineMs }), seconds }
}

function failureOf({ status, signal, isLate, deadlineMs }) {
  if (isLate) return `did not end within ${deadlineMs / 1000} s, and was ended`
  if (signal !== null) return `was ended by ${signal}`
  return status === 0 ? undefined : `ended with ${status}`
}

function endGroup({ pid }) {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // The whole group has ended.
  }
}

/** Adds what the reporter says at the end of a file, and why tests were skipped. */
function count(output, counts, reasons) {
  for (const name of Object.keys(counts)) {
    const numbers = [...output.matchAll(new RegExp(`^ℹ ${name} (\\d+)$`, 'gm'))]
    counts[name] += Number(numbers.at(-1)?.[1] ?? 0)
  }
  for (const [, reason] of output.matchAll(/^\s*﹣ .* # (.+)$/gm)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
}
